import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { UserError } from "../../cli/errors.ts";
import type { Stack } from "../../cli/stack.ts";
import { checkTransitions } from "../../cli/transitions.ts";
import { targetProfile } from "../../clusters/targets.ts";
import { loadConfig } from "../../config/index.ts";
import { type LocalServer, serveHttp } from "../support/local-server.ts";

const claim = {
  metadata: { name: "data-kafka-0", namespace: "millrace", labels: { "app.kubernetes.io/name": "kafka" } },
  spec: { storageClassName: "slow", resources: { requests: { storage: "5Gi" } } },
  status: { capacity: { storage: "5Gi" } },
};
const answers: Readonly<Record<string, object>> = {
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
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: { server: server.url, "insecure-skip-tls-verify": true } }],
      users: [{ name: "u", user: {} }],
      contexts: [{ name: "ctx", context: { cluster: "c", user: "u" } }],
    };
    writeFileSync(join(folder, "kubeconfig"), JSON.stringify(config));
  });
  afterEach(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** A stack of its own, whose last `up` was in namespace `millrace`. */
  const check = async (cluster: object): Promise<unknown> => {
    const config = loadConfig({
      "millrace:cluster": {
        target: "cloud",
        context: "ctx",
        kubeconfig: join(folder, "kubeconfig"),
        registry: { push: "registry.example" },
        ...cluster,
      },
    });
    const stack: Stack = {
      name: "spec-of-transitions",
      config,
      profile: targetProfile(config.cluster),
      namesProfile: false,
      overrides: {},
    };
    const engine = { outputs: () => Promise.resolve({ namespace: "millrace" }) };
    return await checkTransitions(stack, engine).catch((error: unknown) => error);
  };

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
});
