import { appendFileSync, chmodSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { pulumiEngine } from "../../cli/pulumi-cli.ts";
import { repair } from "../../engine/index.ts";
import type { ResourceState } from "../../engine/state.ts";
import { readStackId } from "../../engine/stack-id.ts";
import { created, type Json } from "./fake-apply.ts";
import type { FakeCluster } from "./fake-cluster.ts";
import { eachStack, ok, type Part, type TestStack, writesTo } from "./test-stack.ts";

const maps = "/api/v1/namespaces/default/configmaps";
const secrets = "/api/v1/namespaces/default/secrets";
const first: Part = { name: "first" };
const slow: Part = { name: "slow", value: "1", after: ["first"] };
const users: Part = { kind: "Secret", name: "users", texts: { ann: "secret-of-ann" } };

describe("a create that was cut off", function () {
  this.timeout(120_000);
  let cluster: FakeCluster;
  let stack: TestStack;
  eachStack((made) => ({ cluster, stack } = made));
  const manager = () => `millrace-${String(readStackId(stack.projectDir, "parts", "dev"))}`;
  const live = (path: string) => cluster.objects.get(path) as Record<string, Json> | undefined;
  const uidOf = (path: string) => live(path)?.["metadata"]?.["uid"];
  const managers = (path: string) =>
    (live(path)?.["metadata"]?.["managedFields"] as Json[]).map(
      (entry) => `${String(entry["manager"])} ${String(entry["operation"])}`,
    );
  const recorded = (name: string) => stack.checkpoint.resources.find(({ urn }) => urn.endsWith(`::${name}`));

  /** Leaves the state and the cluster as the official engine does that is killed while it makes these. */
  const cutOff = async (...names: readonly string[]): Promise<void> => {
    await ok(stack.up(first, slow, users));
    const state = JSON.parse(stack.stateText) as { checkpoint: { latest: Json & { resources: ResourceState[] } } };
    const { latest } = state.checkpoint;
    const isCut = ({ urn }: ResourceState) => names.includes(urn.split("::").at(-1) ?? "");
    latest["pending_operations"] = latest.resources
      .filter(isCut)
      .map((resource) => ({ resource: { ...resource, id: undefined, outputs: undefined }, type: "creating" }));
    latest.resources = latest.resources.filter((resource) => !isCut(resource));
    writeFileSync(stack.stateFile, JSON.stringify(state));
    for (const path of names.map((name) => `${name === "users" ? secrets : maps}/${name}`)) {
      const { data, ...object } = live(path) ?? {};
      const { name, namespace, annotations } = object["metadata"] ?? {};
      cluster.objects.set(
        path,
        created({ ...object, metadata: { name, namespace, annotations }, data }, "pulumi-kubernetes"),
      );
    }
    cluster.requests.length = 0;
  };

  it("is taken up where the official engine left it, as the same object and with all its fields", async () => {
    await cutOff("slow", "users");
    const before = [uidOf(`${maps}/slow`), uidOf(`${secrets}/users`)];
    const result = await ok(stack.up(first, { ...slow, value: "2" }, users));
    expect(result.changes).to.include({ create: 0, update: 2, replace: 0, delete: 0 });
    expect([uidOf(`${maps}/slow`), uidOf(`${secrets}/users`)]).to.deep.equal(before);
    expect(live(`${maps}/slow`)?.["data"]).to.deep.equal({ value: "2" });
    expect(managers(`${maps}/slow`)).to.deep.equal([`${manager()} Apply`]);
    expect(stack.checkpoint.pending_operations ?? []).to.deep.equal([]);
    expect(stack.stateText).not.to.contain(Buffer.from("secret-of-ann").toString("base64"));
    const next = await ok(stack.up(first, { ...slow, value: "2" }, users));
    expect(next.changes).to.include({ create: 0, update: 0, delete: 0 });
  });

  it("leaves nothing behind where the program no longer names it, or nothing shall remain", async () => {
    await cutOff("slow");
    expect((await ok(stack.up(first, users))).changes).to.include({ delete: 1 });
    expect(live(`${maps}/slow`)).to.equal(undefined);
    await cutOff("slow", "users");
    await ok(stack.destroy());
    expect([...cluster.objects.keys()].filter((path) => path.includes("/default/"))).to.deep.equal([]);
  });

  it("is no reason to take what another program has made, though by the official engine, too", async () => {
    await cutOff("slow");
    const theirs = created(
      {
        apiVersion: "v1",
        kind: "ConfigMap",
        metadata: { name: "slow", namespace: "default" },
        data: { value: "theirs" },
      },
      "pulumi-kubernetes",
    );
    cluster.objects.set(`${maps}/slow`, theirs);
    const refused = await stack.up(first, slow, users);
    expect(refused.errors.join()).to.contain("ConfigMap default/slow already exists and was not made by this stack");
    expect(writesTo(cluster)).to.deep.equal([]);
    await ok(stack.destroy());
    expect(live(`${maps}/slow`)).to.deep.equal(theirs);
  });

  it("is recorded for the official engine, which would make it once more; what was not made is forgotten", async () => {
    await cutOff("slow", "users");
    cluster.objects.delete(`${secrets}/users`);
    const uid = uidOf(`${maps}/slow`);
    await ok(repair(stack.options([])));
    expect(writesTo(cluster)).to.deep.equal([]);
    expect(stack.checkpoint.pending_operations ?? []).to.deep.equal([]);
    expect(recorded("users")).to.equal(undefined);
    const entry = recorded("slow");
    expect(entry).to.deep.include({ id: "default/slow", initErrors: ["the run that made this was interrupted"] });
    expect(entry?.outputs).to.deep.include({
      __fieldManager: manager(),
      __initialApiVersion: "v1",
      __inputs: entry?.inputs,
    });
    expect((entry?.outputs?.["metadata"] as Json)["uid"]).to.equal(uid);
    expect(stack.checkpoint.resources.map(({ urn }) => urn).at(-1), "after what it needs").to.contain("::slow");
  });

  it("is recorded before the official CLI goes on", async () => {
    await cutOff("slow");
    const cli = join(stack.projectDir, "pulumi");
    const seen = join(stack.projectDir, "seen.json");
    writeFileSync(
      cli,
      `#!/bin/sh
case "$1 $2" in
  "stack export") "${process.execPath}" -p 'const {latest} = JSON.parse(require("fs").readFileSync("${stack.stateFile}")).checkpoint; JSON.stringify({deployment: latest})' ;;
  "stack output") echo '{}' ;;
  up*) cp "${stack.stateFile}" "${seen}" ;;
esac
`,
    );
    chmodSync(cli, 0o755);
    writeFileSync(join(stack.projectDir, "Pulumi.dev.yaml"), "config: {}\n");
    appendFileSync(join(stack.projectDir, "Pulumi.yaml"), 'backend: { url: "file://." }\n');
    const result = await pulumiEngine(cli, "here").up({ ...stack.options([]), configOverrides: {} });
    expect(result.errors).to.deep.equal([]);
    const given = JSON.parse(readFileSync(seen, "utf8")) as { checkpoint: { latest: { resources: ResourceState[] } } };
    expect(given.checkpoint.latest.resources.map(({ urn }) => urn.split("::").at(-1))).to.include("slow");
    expect(given.checkpoint.latest).not.to.have.property("pending_operations");
  });
});
