import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { UserError } from "../../cli/errors.ts";
import { chooseEngine } from "../../cli/choose-engine.ts";
import { EventReader, pulumiEngine } from "../../cli/pulumi-cli.ts";
import type { EngineEvent } from "../../engine/types.ts";

const urn = "urn:pulumi:dev::millrace::kubernetes:core/v1:ConfigMap::settings";
const metadata = { op: "create", urn, type: "kubernetes:core/v1:ConfigMap", new: { inputs: { data: { a: "b" } } } };

const goodRun = [
  { preludeEvent: { config: {} } },
  { resourcePreEvent: { metadata } },
  { diagnosticEvent: { urn, message: "<{%reset%}>waiting<{%reset%}>", severity: "info", ephemeral: true } },
  { resOutputsEvent: { metadata } },
  { summaryEvent: { resourceChanges: { create: 1, same: 2 }, durationSeconds: 1 } },
];

/** A stand-in for the official CLI: notes its arguments and passphrase, and plays lines back. */
function fake(folder: string, lines: readonly object[], code: number, stderr = ""): string {
  const file = join(folder, "pulumi");
  writeFileSync(join(folder, "events"), lines.map((line) => `${JSON.stringify(line)}\n`).join(""));
  writeFileSync(
    file,
    `#!/bin/sh
echo "$* pass=$PULUMI_CONFIG_PASSPHRASE unreachable=$PULUMI_K8S_DELETE_UNREACHABLE" >> "${folder}/calls"

case "$1 $2" in
  "stack init") exit 0 ;;
  "stack export")
    if [ "$4" = new ]; then echo "error: no stack named 'new' found" >&2; exit 255; fi
    if [ "$4" = broken ]; then echo "error: incorrect passphrase" >&2; exit 255; fi
    echo '{"deployment":{"resources":[{"type":"pulumi:pulumi:Stack"},{"type":"a:b:C","inputs":{"profile":"studio"}}]}}'
    exit 0 ;;
  "stack output") echo '{"addresses":[{"title":"Presto","url":"http://x"}],"key":"[secret]"}' ; exit 0 ;;
esac
previous=
for word; do [ "$previous" = --config-file ] && cp "$word" "${folder}/config-given"; previous=$word; done
cat "${folder}/events"
echo '${stderr}' >&2
exit ${code}
`,
  );
  chmodSync(file, 0o755);
  return file;
}

describe("the official CLI as an engine", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-cli-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const calls = (): string => readFileSync(join(folder, "calls"), "utf8");

  it("runs up without questions, with the policy pack, and reads changes and outputs", async () => {
    const engine = pulumiEngine(fake(folder, goodRun, 0), "here");
    const events: EngineEvent[] = [];
    const result = await engine.up({
      projectDir: folder,
      stack: "dev",
      passphrase: "word",
      policyPacks: ["policies"],
      onEvent: (event) => events.push(event),
    });
    expect(result).to.deep.include({ ok: true, errors: [] });
    expect(result.changes).to.include({ create: 1, same: 2, update: 0 });
    expect(result.outputs).to.have.property("addresses");
    expect(calls()).to.not.contain("stack init");
    expect(calls()).to.match(
      /up --json --non-interactive --stack dev .*--yes --skip-preview --policy-pack policies --config-file \S+Pulumi.dev.yaml /,
    );
    expect(calls()).to.contain("pass=word");
    expect(events.map((event) => (event.kind === "resource" ? event.status : event.kind))).to.deep.equal([
      "start",
      "progress",
      "done",
    ]);
    expect(events[1]).to.include({ message: "waiting", name: "settings" });
  });

  it("hands overrides over in a copy of the stack's config, not in the stack's own file", async () => {
    const own = join(folder, "Pulumi.dev.yaml");
    writeFileSync(own, "config:\n  millrace:proof:\n    records: 5\n");
    const engine = pulumiEngine(fake(folder, goodRun, 0), "here");
    await engine.preview({
      projectDir: folder,
      stack: "dev",
      passphrase: "",
      configOverrides: { "millrace:cluster": '{"target":"minikube"}' },
    });
    const given = readFileSync(join(folder, "config-given"), "utf8");
    expect(given).to.contain("target: minikube").and.contain("records: 5");
    expect(readFileSync(own, "utf8")).to.not.contain("minikube");
  });

  it("gives the cause of a failed resource, without colour marks", async () => {
    const lines = [
      ...goodRun,
      { diagnosticEvent: { urn, message: "<{%fg 1%}>no such namespace<{%reset%}>\n", severity: "error" } },
    ];
    const result = await pulumiEngine(fake(folder, lines, 255), "here").up({
      projectDir: folder,
      stack: "dev",
      passphrase: "",
    });
    expect(result).to.deep.include({ ok: false, errors: ["no such namespace"] });
  });

  it("gives the CLI's last words when its events name no cause", async () => {
    const result = await pulumiEngine(fake(folder, [], 255, "error: incorrect passphrase"), "here").up({
      projectDir: folder,
      stack: "dev",
      passphrase: "",
    });
    expect(result.errors).to.deep.equal(["error: incorrect passphrase"]);
  });

  it("forgets the objects of a cluster that is gone", async () => {
    await pulumiEngine(fake(folder, [], 0), "here").destroy({
      projectDir: folder,
      stack: "dev",
      passphrase: "",
      clusterGone: true,
    });
    expect(calls()).to.match(/destroy --json .*--yes --skip-preview .*unreachable=true/);
    expect(calls()).to.not.contain("--policy-pack");
  });

  it("reads what a resource was recorded with, and nothing for a stack that is not there", async () => {
    const engine = pulumiEngine(fake(folder, [], 0), "here");
    const of = (stack: string) => ({ projectDir: folder, stack, passphrase: "word" });
    expect(await engine.recorded(of("dev"), "a:b:C")).to.deep.equal({ profile: "studio" });
    expect(await engine.recorded(of("dev"), "a:b:D")).to.equal(undefined);
    expect(await engine.recorded(of("new"), "a:b:C")).to.equal(undefined);
  });

  it("does not take a state that it can't read for an empty one", async () => {
    const engine = pulumiEngine(fake(folder, [], 0), "here");
    const broken = { projectDir: folder, stack: "broken", passphrase: "" };
    const error: unknown = await engine.recorded(broken, "a:b:C").catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.contain("incorrect passphrase");
  });

  it("counts a violated mandatory policy as a failure and an advisory one not", () => {
    const reader = new EventReader();
    const event = { policyName: "probes", policyPackName: "millrace", message: "no probe" };
    reader.line(JSON.stringify({ policyEvent: { ...event, enforcementLevel: "advisory" } }));
    reader.line(JSON.stringify({ policyEvent: { ...event, enforcementLevel: "mandatory" } }));
    expect(reader.errors).to.deep.equal(["policy probes: no probe"]);
  });
});

describe("the choice of the engine", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "pulumi-cli-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("is pulumi when it is on the PATH, and says so", async () => {
    fake(folder, [], 0);
    const engine = await chooseEngine(undefined, folder);
    expect(engine.name).to.equal("pulumi");
    expect(engine.description).to.contain("it is on the PATH");
  });

  it("is the local one when pulumi is not there, or when it is forced", async () => {
    expect((await chooseEngine(undefined, folder)).name).to.equal("local");
    fake(folder, [], 0);
    expect((await chooseEngine("local", folder)).name).to.equal("local");
  });

  it("refuses to force a pulumi that is not there", async () => {
    const error = await chooseEngine("pulumi", folder).catch((reason: unknown) => reason);
    expect((error as Error).message).to.contain("pulumi is not on the PATH");
  });
});
