import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import {
  destroy,
  type EngineEvent,
  type EngineResult,
  preview,
  recordedInputs,
  stackOutputs,
  up,
} from "../../engine/index.ts";
import { Crypter } from "../../engine/secrets.ts";
import { FakeCluster } from "./fake-cluster.ts";

const passphrase = "correct horse";
const configMap = "/api/v1/namespaces/box/configmaps/settings";

describe("the local engine", function () {
  this.timeout(60_000);
  let cluster: FakeCluster;
  let projectDir: string;
  let events: EngineEvent[] = [];

  before(async () => {
    cluster = new FakeCluster();
    await cluster.start();
    projectDir = mkdtempSync(join(tmpdir(), "engine-spec-"));
    cpSync(join(import.meta.dirname, "programs/small"), projectDir, { recursive: true });
    symlinkSync(join(import.meta.dirname, "../../node_modules"), join(projectDir, "node_modules"));
  });

  after(async () => {
    await cluster.stop();
    rmSync(projectDir, { recursive: true, force: true });
  });

  const options = (wanted: Readonly<Record<string, unknown>> = {}) => {
    events = [];
    return {
      projectDir,
      stack: "dev",
      passphrase,
      configOverrides: {
        "small:wanted": JSON.stringify({
          kubeconfig: cluster.kubeconfig,
          value: "1",
          extra: true,
          jobImage: "a:1",
          ...wanted,
        }),
      },
      onEvent: (event: EngineEvent) => {
        events.push(event);
      },
    };
  };
  const stateFile = () => join(projectDir, ".pulumi/stacks/small/dev.json");
  const expectOk = (result: EngineResult) => {
    expect(result.errors).to.deep.equal([]);
    expect(result.ok).to.equal(true);
  };

  it("previews every object without asking the cluster when there is no state", async () => {
    const result = await preview(options());
    expectOk(result);
    expect(result.changes.create).to.equal(9);
    expect(cluster.requests).to.deep.equal([]);
    expect(existsSync(join(projectDir, ".pulumi")), "a stack, an id, a salt").to.equal(false);
    expect(
      events.some((event) => event.kind === "resource" && event.status === "done" && event.inputs !== undefined),
    ).to.equal(true);
  });

  it("forgets a salt that seals nothing: a preview by an older Millrace wrote one and threw its passphrase away", async () => {
    const file = join(projectDir, "Pulumi.dev.yaml");
    writeFileSync(file, `encryptionsalt: ${(await Crypter.create("thrown away")).state}\nconfig: {}\n`);
    try {
      expectOk(await preview(options()));
    } finally {
      rmSync(file);
    }
  });

  it("refuses an object of the same name that it did not make, goes on with the rest, and takes up the failed one later", async () => {
    cluster.put(configMap, { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "settings", namespace: "box" } });
    const refused = await up(options());
    expect(refused.ok).to.equal(false);
    expect(refused.errors.join()).to.contain("ConfigMap box/settings already exists and was not made by this stack");
    expect(cluster.objects.has("/apis/batch/v1/namespaces/box/jobs/job")).to.equal(true);
    const state = { projectDir, stack: "dev", passphrase };
    const namespace = await recordedInputs(state, "kubernetes:core/v1:Namespace");
    expect(namespace?.["metadata"], "recorded although the deploy failed").to.deep.equal({ name: "box" });
    expect(await recordedInputs(state, "kubernetes:core/v1:Pod")).to.equal(undefined);
    expect(await recordedInputs({ ...state, stack: "new" }, "kubernetes:core/v1:Namespace")).to.equal(undefined);
    cluster.objects.delete(configMap);
    const result = await up(options());
    expectOk(result);
    expect(result.changes).to.include({ create: 1, same: 8 });
  });

  it("changes nothing the second time", async () => {
    cluster.requests.length = 0;
    const before = readFileSync(stateFile(), "utf8");
    const result = await up(options());
    expectOk(result);
    expect(result.changes).to.deep.equal({ create: 0, update: 0, replace: 0, delete: 0, same: 9, read: 0 });
    expect(cluster.requests.filter((request) => !request.startsWith("GET"))).to.deep.equal([]);
    const resources = (text: string) => {
      const { latest } = (JSON.parse(text) as { checkpoint: { latest: { resources: { urn: string }[] } } }).checkpoint;
      return latest.resources.sort((a, b) => a.urn.localeCompare(b.urn));
    };
    expect(resources(readFileSync(stateFile(), "utf8"))).to.deep.equal(resources(before));
  });

  it("tells of each resource what it waited for", () => {
    const started = events.flatMap((event) => (event.kind === "resource" && event.status === "start" ? [event] : []));
    const urnOf = (name: string) =>
      started.find((event) => event.name === name && event.dependencies !== undefined)?.urn;
    const job = started.find((event) => event.name === "job");
    expect(job?.dependencies).to.deep.equal([urnOf("box")]);
    const secret = started.find((event) => event.name === "box-secret");
    expect(secret?.dependencies).to.have.members([urnOf("box"), urnOf("box-password")]);
  });

  it("keeps secrets out of the state and the results, and gives them when asked", async () => {
    const outputs = await stackOutputs({ projectDir, stack: "dev", passphrase, showSecrets: true });
    expect(outputs["engine"], "what tells it from the official one").to.equal("local");
    const password = String(outputs["password"]);
    expect(password).to.match(/^[A-Za-z0-9]{24}$/);
    const state = readFileSync(stateFile(), "utf8");
    expect(state).not.to.contain(password);
    expect(state).not.to.contain(Buffer.from(password).toString("base64"));
    expect((await stackOutputs({ projectDir, stack: "dev", passphrase }))["password"]).to.equal("[secret]");
    const recorded = await recordedInputs({ projectDir, stack: "dev", passphrase }, "kubernetes:core/v1:Secret");
    expect(JSON.stringify(recorded)).to.contain("[secret]").and.not.contain(password);
  });

  it("refuses a wrong passphrase before it does anything", async () => {
    const result = await up({ ...options(), passphrase: "wrong" });
    expect(result.errors.join()).to.contain("wrong passphrase");
    expect(result.changes.same).to.equal(0);
  });

  it("updates, replaces and deletes what changed, and shows the same in a preview", async () => {
    const wanted = { value: "2", extra: false, jobImage: "a:2" };
    const foreseen = await preview(options(wanted));
    expect(foreseen.changes).to.include({ update: 1, replace: 1, delete: 1, create: 0 });
    const result = await up(options(wanted));
    expectOk(result);
    expect(result.changes).to.deep.equal(foreseen.changes);
    expect(cluster.objects.get(configMap)?.["data"]).to.deep.equal({ value: "2" });
    expect(cluster.objects.has("/api/v1/namespaces/box/configmaps/extra")).to.equal(false);
  });

  it("makes an object that was deleted by hand again, and only that", async () => {
    cluster.objects.delete(configMap);
    const result = await up(options({ value: "2", extra: false, jobImage: "a:2" }));
    expectOk(result);
    expect(result.changes).to.include({ create: 1, update: 0, replace: 0, delete: 0 });
  });

  it("makes an object again that is still being deleted, once it is gone", async () => {
    const going = cluster.objects.get(configMap) ?? {};
    const metadata = { ...(going["metadata"] as object), deletionTimestamp: "2026-01-01T00:00:00Z" };
    cluster.objects.set(configMap, { ...going, metadata });
    let looks = 0;
    cluster.intercept = (method, path) => {
      if (method === "GET" && path === configMap && ++looks === 2) {
        cluster.objects.delete(configMap);
      }
      return undefined;
    };
    const result = await up(options({ value: "2", extra: false, jobImage: "a:2" }));
    cluster.intercept = () => undefined;
    expectOk(result);
    expect(result.changes).to.include({ create: 1, update: 0, replace: 0, delete: 0 });
    expect(cluster.objects.get(configMap)?.["metadata"]).not.to.have.property("deletionTimestamp");
  });

  it("refuses a second run while one holds the lock, and takes over the lock of a dead one", async () => {
    const folder = join(projectDir, ".pulumi/locks/organization/small/dev");
    mkdirSync(folder, { recursive: true });
    const lock = (pid: number) => {
      const content = { pid, username: "ann", hostname: hostname(), timestamp: new Date().toISOString() };
      writeFileSync(join(folder, "other.json"), JSON.stringify(content));
    };
    lock(process.pid);
    const refused = await up(options({ value: "2", extra: false, jobImage: "a:2" }));
    expect(refused.errors.join()).to.contain(`locked by ann@${hostname()} (pid ${process.pid}`);
    lock(4_194_303);
    const result = await up(options({ value: "2", extra: false, jobImage: "a:2" }));
    expectOk(result);
    expect(
      events.some((event) => event.kind === "diagnostic" && event.message.includes("took over the lock")),
    ).to.equal(true);
  });

  it("refuses another cluster than the one that the stack was made on", async () => {
    const path = "/api/v1/namespaces/kube-system";
    const kept = cluster.objects.get(path) ?? {};
    cluster.put(path, { metadata: { name: "kube-system", uid: "another" } });
    const before = readFileSync(stateFile(), "utf8");
    const result = await destroy(options());
    cluster.objects.set(path, kept);
    expect(result.errors.join()).to.contain("made on another cluster");
    expect(JSON.parse(before)).to.have.nested.property("checkpoint.latest.resources").with.length(9);
    expect(cluster.objects.has(configMap)).to.equal(true);
  });

  it("ends early when interrupted, releases the lock, and goes on in the next run", async () => {
    await destroy(options());
    const interrupt = new AbortController();
    const settings = options();
    const onEvent = (event: EngineEvent) => {
      if (event.kind === "resource" && event.name === "box" && event.status === "done") {
        interrupt.abort();
      }
    };
    const stopped = await up({ ...settings, onEvent, signal: interrupt.signal });
    expect(stopped.errors).to.deep.equal(["interrupted; the state is kept, and the next run continues from here"]);
    const result = await up(options());
    expectOk(result);
    expect(result.changes.create + result.changes.same).to.equal(9);
    expect(result.changes.same).to.be.greaterThan(0);
  });

  it("deletes everything in reverse order, and nothing the second time", async () => {
    const result = await destroy(options());
    expectOk(result);
    expect([...cluster.objects.keys()]).to.deep.equal(["/api/v1/namespaces/kube-system"]);
    const again = await destroy(options());
    expectOk(again);
    expect(Object.values(again.changes)).to.deep.equal([0, 0, 0, 0, 0, 0]);
  });

  it("refuses a damaged state file and names the backup", async () => {
    writeFileSync(stateFile(), "{ half");
    const result = await up(options());
    expect(result.errors.join()).to.contain("is damaged").and.to.contain(".bak");
  });
});
