import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import type { Engine } from "../../cli/engine.ts";
import { UserError } from "../../cli/errors.ts";
import type { Stack } from "../../cli/stack.ts";
import { asThePlatform, checkTransitions } from "../../cli/transitions.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { writeKubeconfig } from "../support/kubeconfig.ts";
import { type LocalServer, serveHttp } from "../support/local-server.ts";

const claim = {
  metadata: { name: "data-kafka-0", namespace: "millrace", labels: { "app.kubernetes.io/name": "kafka" } },
  spec: { storageClassName: "slow", resources: { requests: { storage: "5Gi" } } },
  status: { capacity: { storage: "5Gi" } },
};
const answers: Record<string, object> = {
  "/api/v1/namespaces": { items: [{ metadata: { name: "millrace" } }] },
  "/apis/storage.k8s.io/v1/storageclasses": { items: [] },
  "/api/v1/namespaces/millrace/persistentvolumeclaims": { items: [claim] },
  "/apis/apps/v1/namespaces/millrace/statefulsets": { items: [] },
};

describe("an up of a config that would lose data of the platform that runs", () => {
  let server: LocalServer;
  let folder: string;
  let asked: string[];
  beforeEach(async () => {
    asked = [];
    folder = mkdtempSync(join(tmpdir(), "transitions-"));
    server = await serveHttp((request, _body, response) => {
      asked.push(request.method ?? "");
      const answer = answers[request.url ?? ""];
      response.writeHead(answer === undefined ? 404 : 200, { "content-type": "application/json" });
      response.end(JSON.stringify(answer ?? {}));
    });
    writeKubeconfig(folder, { ctx: server.url });
  });
  afterEach(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** A stack of its own, whose last `up` was in namespace `millrace`. */
  const stackOf = (cluster: object): Stack => {
    const config = loadConfig({
      "millrace:cluster": {
        target: "cloud",
        context: "ctx",
        kubeconfig: join(folder, "kubeconfig"),
        registry: { push: "registry.example" },
        ...cluster,
      },
    });
    return {
      name: "spec-of-transitions",
      config,
      profile: targetProfile(config.cluster),
      namesProfile: false,
      overrides: {},
    };
  };
  /** An engine whose state has recorded this server. */
  const engine = (server?: string): Pick<Engine, "outputs" | "recorded"> => ({
    outputs: () => Promise.resolve({ namespace: "millrace" }),
    recorded: (_options, type) =>
      Promise.resolve(server !== undefined && type === "millrace:index:ObjectStore" ? { server } : undefined),
  });
  const check = async (cluster: object): Promise<unknown> =>
    await checkTransitions(stackOf(cluster), engine()).then(
      () => undefined,
      (error: unknown) => error,
    );

  it("is refused with all problems before anything is done: the cluster is only asked", async () => {
    const error = await check({ namespace: "data", storageClass: "fast" });
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message)
      .to.match(/^this change would lose data of the running platform; nothing was changed:\n/)
      .and.contain('millrace:cluster.namespace: received "data", but the data is on claim data-kafka-0 (5Gi)')
      .and.contain('millrace:cluster.storageClass: received "fast", but claim data-kafka-0 (5Gi) is of class "slow"');
    expect(asked.length).to.be.greaterThan(3);
    expect([...new Set(asked)]).to.deep.equal(["GET"]);
  });

  it("goes on where the config keeps both", async () => {
    expect(await check({ namespace: "millrace", storageClass: "slow" })).to.equal(undefined);
    expect(asked.length).to.be.greaterThan(3);
  });

  describe("and leaves the S3 server to the data", () => {
    const labels = { "app.kubernetes.io/name": "object-store" };
    const written = (annotations: object) => ({
      metadata: { name: "data-object-store-0", namespace: "millrace", labels, annotations },
      spec: { resources: { requests: { storage: "10Gi" } } },
    });
    const claims = "/api/v1/namespaces/millrace/persistentvolumeclaims";
    const stack = () => stackOf({ namespace: "millrace", storageClass: "slow" });
    const serverOf = ({ config }: Stack): string => config.services.objectStore.server;
    let answer: object | undefined;
    beforeEach(() => {
      answer = answers[claims];
    });
    afterEach(() => {
      answers[claims] = answer ?? {};
    });

    it("goes on with that of the claim, whatever the state has recorded", async () => {
      answers[claims] = { items: [claim, written({ "millrace/data-of": "garage" })] };
      const { stack: found, answered } = await checkTransitions(stack(), engine("versity"));
      expect([serverOf(found), answered]).to.deep.equal(["garage", true]);
      expect(found.overrides).to.deep.equal({});
      expect(serverOf(await asThePlatform(stack(), engine()))).to.equal("garage");
      expect([...new Set(asked)]).to.deep.equal(["GET"]);
    });

    it("goes on with that of the state while the cluster is off, unless the state is to be forgotten", async () => {
      await server.stop();
      const { stack: found, answered } = await checkTransitions(stack(), engine("garage"));
      expect([serverOf(found), answered]).to.deep.equal(["garage", false]);
      expect(serverOf(await asThePlatform(stack(), engine("garage")))).to.equal("garage");
      const { stack: anew } = await checkTransitions(stack(), engine("garage"), { anew: true });
      expect(serverOf(anew)).to.equal("versity");
      expect(serverOf((await checkTransitions(stack(), engine())).stack)).to.equal("versity");
    });

    it("is refused where nothing says whose they are", async () => {
      answers[claims] = { items: [written({})] };
      const error: unknown = await checkTransitions(stack(), engine()).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(UserError);
      expect((error as Error).message).to.match(
        /^nothing decides what the stack's file leaves open; nothing was changed:\n {2}- millrace:services\.objectStore\.server: received "auto", but nothing says /,
      );
    });
  });
});
