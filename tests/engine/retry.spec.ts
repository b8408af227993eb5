import { expect } from "chai";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { up } from "../../engine/index.ts";
import { NoAnswerError } from "../../engine/provider.ts";
import { awaitReady, readiness } from "../../engine/providers/kubernetes-wait.ts";
import { isObject, type Json } from "./fake-apply.ts";
import type { FakeCluster } from "./fake-cluster.ts";
import { eachStack, ok, type Part, type TestStack, writesTo } from "./test-stack.ts";

const job = "/apis/batch/v1/namespaces/default/jobs/setup";
const web = "/apis/apps/v1/namespaces/default/deployments/web";

describe("what failed once, the next time", function () {
  this.timeout(120_000);
  let cluster: FakeCluster;
  let stack: TestStack;
  eachStack((made) => ({ cluster, stack } = made));
  const writes = () => writesTo(cluster);
  const setup = (more: Partial<Part> = {}): Part => ({
    kind: "Job",
    name: "setup",
    annotations: { "pulumi.com/replaceUnready": "true" },
    ...more,
  });
  const user: Part = { name: "user", after: ["setup"] };
  /** Every new Job ends at once, as the last call of this says. */
  const jobsEnd = (type: "Complete" | "Failed") => {
    cluster.controller = (path, object) => {
      const isNew = path === job && !isObject(object["status"]);
      return isNew ? { ...object, status: { conditions: [{ type, status: "True", reason: "Test" }] } } : object;
    };
  };

  it("runs a failed Job again by itself, though nothing in the program has changed", async () => {
    jobsEnd("Failed");
    const failed = await stack.up(setup(), user);
    expect(failed.errors).to.deep.equal(['Job "setup": the job failed (Test)']);
    const foreseen = await ok(stack.preview(setup(), user));
    expect(foreseen.changes).to.include({ replace: 1, create: 1 });
    jobsEnd("Complete");
    cluster.requests.length = 0;
    const result = await ok(stack.up(setup(), user));
    expect(result.changes).to.include({ replace: 1, create: 1, update: 0 });
    expect(writes().slice(0, 2)).to.deep.equal([`DELETE ${job}`, `PATCH ${job}`]);
    expect((await ok(stack.up(setup(), user))).changes).to.include({ replace: 0, create: 0, update: 0 });
  });

  it("runs a Job again that an older program made without the annotation", async () => {
    jobsEnd("Failed");
    const { errors } = await stack.up(setup({ annotations: {} }));
    expect(errors).to.deep.equal(['Job "setup": the job failed (Test)']);
    jobsEnd("Complete");
    expect((await ok(stack.up(setup()))).changes).to.include({ replace: 1 });
  });

  it("leaves a Job alone that succeeded, and one that failed and is not to be replaced", async () => {
    jobsEnd("Complete");
    await ok(stack.up(setup()));
    expect((await ok(stack.up(setup()))).changes).to.include({ replace: 0, update: 0 });
    jobsEnd("Failed");
    await stack.destroy();
    await stack.up(setup({ annotations: {} }));
    cluster.requests.length = 0;
    expect((await stack.up(setup({ annotations: {} }))).ok).to.equal(false);
    expect(writes()).to.deep.equal([`PATCH ${job}`]);
  });

  it("waits again for a Deployment that made no progress the last time", async () => {
    const part: Part = { kind: "Deployment", name: "web", annotations: {} };
    const stuck = (at: string): Json => ({
      conditions: [
        {
          type: "Progressing",
          status: "False",
          reason: "ProgressDeadlineExceeded",
          message: "late",
          lastUpdateTime: at,
        },
      ],
    });
    const status = (object: Json, values: Json): Json => ({
      ...object,
      status: { observedGeneration: (object["metadata"] as Json)["generation"], ...values },
    });
    cluster.controller = (path, object) => (path === web ? status(object, { replicas: 1 }) : object);
    let looks = 0;
    cluster.intercept = (method, path) => {
      if (method === "GET" && path === web && ++looks === 3) {
        cluster.objects.set(web, status(cluster.objects.get(web) ?? {}, stuck("2026-01-01T00:10:00Z")));
      }
      return undefined;
    };
    const failed = await stack.up(part);
    expect(failed.errors).to.deep.equal(['Deployment "web": the roll-out made no progress: late']);
    looks = 0;
    cluster.controller = (_path, object) => object;
    cluster.intercept = (method, path) => {
      if (method === "GET" && path === web && ++looks === 5) {
        const ready = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
        cluster.objects.set(
          web,
          status(cluster.objects.get(web) ?? {}, { ...stuck("2026-01-01T00:10:00Z"), ...ready }),
        );
      }
      return undefined;
    };
    await ok(stack.up(part));
    expect(looks).to.be.greaterThan(4);
  });

  it("holds none of the few slots while it waits for readiness", async () => {
    const deployments = ["web", "other"];
    const at = (name: string) => `/apis/apps/v1/namespaces/default/deployments/${name}`;
    // Each is ready only when both are there.
    cluster.intercept = () => {
      const found = deployments.map((name) => cluster.objects.get(at(name)));
      for (const [index, object] of found.entries()) {
        if (object !== undefined && !found.includes(undefined)) {
          const observedGeneration = (object["metadata"] as Json)["generation"];
          const status = { observedGeneration, replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
          cluster.objects.set(at(deployments[index] ?? ""), { ...object, status });
        }
      }
      return undefined;
    };
    const options = { customTimeouts: { create: "20s" } };
    const parts = deployments.map((name): Part => ({ kind: "Deployment", name, annotations: {}, options }));
    const result = await up({ ...stack.options(parts), parallel: 1 });
    expect(result.errors).to.deep.equal([]);
  });

  it("goes on with a wait when the API server is silent or busy in the middle of it", async () => {
    const pending = { kind: "Pod", metadata: { name: "p" }, status: { phase: "Pending" } };
    const done = { ...pending, status: { phase: "Succeeded" } };
    const answers: (() => object)[] = [
      () => {
        throw new NoAnswerError("can't be reached");
      },
      () => {
        throw new KubeError(503, "GET /p: HTTP 503");
      },
      () => pending,
      () => {
        throw new KubeError(429, "GET /p: HTTP 429");
      },
      () => done,
    ];
    const said: string[] = [];
    const away = () => Promise.reject(new NoAnswerError("can't be reached"));
    const api = { get: () => Promise.resolve().then(() => answers.shift()?.() as Json), list: away, log: away };
    const context = { progress: (message: string) => said.push(message), signal: new AbortController().signal };
    expect(await awaitReady(api, "/p", pending, 60, context)).to.deep.equal(done);
    expect(said).to.include("the pod is Pending (the API server does not answer)");
    const refuse = () => Promise.reject(new KubeError(403, "GET /p: forbidden"));
    const refused = await awaitReady({ ...api, get: refuse }, "/p", pending, 60, context).catch(String);
    expect(refused).to.contain("forbidden");
  });

  it("takes a Deployment whose pods are all ready for ready, whatever its conditions say", () => {
    const status = {
      observedGeneration: 1,
      replicas: 1,
      updatedReplicas: 1,
      availableReplicas: 1,
      conditions: [{ type: "Progressing", status: "False", reason: "ProgressDeadlineExceeded" }],
    };
    expect(readiness("Deployment", { metadata: { generation: 1 }, spec: {}, status })).to.deep.equal({ kind: "ready" });
  });
});
