import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { targetProfile } from "../clusters/targets.ts";
import { loadConfig, type PlatformConfig } from "../config/index.ts";
import { statePaths } from "../engine/state.ts";
import { guard } from "../guard.ts";
import { writeKubeconfig } from "./support/kubeconfig.ts";
import { type LocalServer, serveHttp } from "./support/local-server.ts";

const claim = (annotations: object) => ({
  metadata: {
    name: "data-object-store-0",
    namespace: "millrace",
    labels: { "app.kubernetes.io/name": "object-store" },
    annotations,
  },
  spec: { storageClassName: "slow", resources: { requests: { storage: "10Gi" } } },
});

describe("the program before it makes anything, whichever engine runs it", () => {
  let server: LocalServer;
  let folder: string;
  let items: object[];
  let asked: string[];
  let isUp: boolean;
  const backend = process.env["PULUMI_BACKEND_URL"];
  beforeEach(async () => {
    items = [];
    asked = [];
    isUp = true;
    folder = mkdtempSync(join(tmpdir(), "guard-"));
    server = await serveHttp((request, _body, response) => {
      asked.push(request.method ?? "");
      const lists: Readonly<Record<string, object>> = {
        "/api/v1/namespaces": { items: [{ metadata: { name: "millrace" } }] },
        "/apis/storage.k8s.io/v1/storageclasses": { items: [] },
        "/api/v1/namespaces/millrace/persistentvolumeclaims": { items },
        "/apis/apps/v1/namespaces/millrace/statefulsets": { items: [] },
      };
      response.writeHead(isUp ? 200 : 503, { "content-type": "application/json" });
      response.end(JSON.stringify(lists[request.url ?? ""] ?? {}));
    });
    writeKubeconfig(folder, { ctx: server.url });
    delete process.env["PULUMI_BACKEND_URL"];
  });
  afterEach(async () => {
    pulumi.runtime.resetOptions("", "", 1, "", "", false, "");
    if (backend !== undefined) process.env["PULUMI_BACKEND_URL"] = backend;
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const load = (objectStore: object = {}): PlatformConfig =>
    loadConfig({
      "millrace:cluster": {
        target: "cloud",
        context: "ctx",
        kubeconfig: join(folder, "kubeconfig"),
        registry: { push: "registry.example" },
        storageClass: "slow",
      },
      "millrace:services": { objectStore },
    });
  const write = (resources: readonly object[]): void => {
    const { checkpoint } = statePaths(folder, "millrace", "dev");
    mkdirSync(dirname(checkpoint), { recursive: true });
    writeFileSync(checkpoint, JSON.stringify({ version: 3, checkpoint: { latest: { resources } } }));
  };
  /** The server that the program makes, or why it makes none. */
  const serverIn = async (how: "up" | "preview", config = load()): Promise<string> => {
    pulumi.runtime.resetOptions("millrace", "dev", 1, "127.0.0.1:9", "", how === "preview", "organization");
    return await guard(config, targetProfile(config.cluster), folder).then(
      (guarded) => guarded.config.services.objectStore.server,
      (error: unknown) => (error as Error).message,
    );
  };
  const both = async (config?: PlatformConfig): Promise<string[]> => [
    await serverIn("preview", config),
    await serverIn("up", config),
  ];

  it("goes on with the S3 server whose data the claim has, in a preview too, and only asks", async () => {
    for (const name of ["garage", "versity"]) {
      items = [claim({ "millrace/data-of": name })];
      expect(await both()).to.deep.equal([name, name]);
    }
    expect([...new Set(asked)]).to.deep.equal(["GET"]);
  });

  it("takes Versity's gateway where there are no data, and while a first preview has no cluster", async () => {
    expect(await both()).to.deep.equal(["versity", "versity"]);
    isUp = false;
    expect(await both()).to.deep.equal(["versity", "versity"]);
  });

  it("goes on with that of the state while the cluster does not answer", async () => {
    write([{ urn: "a", type: "millrace:index:ObjectStore", inputs: { server: "garage" } }]);
    isUp = false;
    expect(await both()).to.deep.equal(["garage", "garage"]);
  });

  it("refuses to guess in an up of a platform that neither the cluster nor the state tells of", async () => {
    const words = "the cluster does not answer, and the state does not say which server's data the platform has";
    isUp = false;
    write([{ urn: "a", type: "pulumi:pulumi:Stack" }]);
    expect(await serverIn("up")).to.contain(words);
    rmSync(join(folder, ".pulumi"), { recursive: true });
    expect(await serverIn("up")).to.equal("versity");
    process.env["PULUMI_BACKEND_URL"] = "s3://states";
    expect(await serverIn("up")).to.contain(words);
    expect(await serverIn("up", load({ server: "garage" }))).to.equal("garage");
  });

  it("refuses another server than the one whose data are there", async () => {
    items = [claim({ "millrace/data-of": "garage" })];
    for (const words of await both(load({ server: "versity" }))) {
      expect(words).to.contain('received "versity", but claim data-object-store-0 (10Gi) has data of "garage"');
    }
  });
});
