import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";
import { parse } from "yaml";

import { pulumiEngine } from "../../cli/pulumi-cli.ts";
import { backendUrl, isEmptyBackend, makeWorkspace } from "../../cli/pulumi-workspace.ts";

/**
 * A stand-in for the official CLI that writes where that one writes: the salt of a new stack into the stack's file, or into
 * what `--config-file` names, and the stack into the backend. A salt is `v1:` and the passphrase that it was made with.
 */
const fakeCli = `
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
const [, , ...args] = process.argv;
const { PULUMI_CONFIG_PASSPHRASE: pass, PULUMI_BACKEND_URL: url = "file://" + process.cwd(), CALLS } = process.env;
const after = (flag) => (args.includes(flag) ? args[args.indexOf(flag) + 1] : undefined);
const fail = (why) => { console.error("error: " + why); process.exit(255); };
const stack = after("--stack") ?? args[2];
const backend = url.slice("file://".length) + "/.pulumi";
mkdirSync(backend, { recursive: true });
writeFileSync(backend + "/meta.yaml", "version: 1\\n");
const stateFile = backend + "/" + stack + ".json";
const configFile = after("--config-file") ?? "Pulumi." + stack + ".yaml";
appendFileSync(CALLS, args.slice(0, 2).join(" ") + "\\n");
const salt = () => {
  const text = readFileSync(configFile, "utf8");
  const known = /^encryptionsalt: (.*)$/m.exec(text)?.[1];
  if (known !== undefined && known !== "v1:" + pass) fail("incorrect passphrase");
  if (known === undefined) writeFileSync(configFile, "encryptionsalt: v1:" + pass + "\\n" + text.replaceAll(/ *#.*/g, ""));
  return "v1:" + pass;
};
const save = (resources) => {
  const secrets_providers = { type: "passphrase", state: { salt: salt() } };
  writeFileSync(stateFile, JSON.stringify({ version: 3, deployment: { secrets_providers, resources } }));
};
if (args[0] === "stack" && args[1] === "output") console.log("{}");
else if (args[0] === "stack" && (args[1] === "init" || args.includes("--create"))) existsSync(stateFile) || save([]);
else if (!existsSync(stateFile)) fail("no stack named '" + stack + "' found");
else if (args[0] === "stack") console.log(readFileSync(stateFile, "utf8"));
else if (args[0] === "preview") salt();
else save(args[0] === "up" ? [{ type: "a:b:C", inputs: { profile: "core" } }] : []);
`;

const project = "name: parts\nruntime: nodejs\nbackend:\n  url: file://.\n";
const tracked = "# ours\nconfig:\n  millrace:cluster: { target: embedded } # or cloud\n";

describe("the files that the official CLI is given", () => {
  let folder = "";
  let cli = "";
  const write = (text: string) => {
    writeFileSync(join(folder, "Pulumi.dev.yaml"), text);
  };
  const read = () => readFileSync(join(folder, "Pulumi.dev.yaml"), "utf8");
  const calls = () => readFileSync(join(folder, "calls"), "utf8").trim().split("\n");
  const asked = (passphrase: string) => ({
    projectDir: folder,
    stack: "dev",
    passphrase,
    env: { CALLS: join(folder, "calls") },
  });
  const salt = () => {
    const state = JSON.parse(readFileSync(join(folder, ".pulumi/dev.json"), "utf8")) as {
      deployment: { secrets_providers: { state: { salt: string } } };
    };
    return state.deployment.secrets_providers.state.salt;
  };
  /** Those of this process: other specs have their own at the same time. */
  const workspaces = () =>
    readdirSync(tmpdir()).filter((name) => {
      if (!name.startsWith("millrace-pulumi-")) return false;
      try {
        const holder = JSON.parse(readFileSync(join(tmpdir(), name, "holder.json"), "utf8")) as {
          readonly pid: number;
        };
        return holder.pid === process.pid;
      } catch {
        return false;
      }
    });
  let others: readonly string[] = [];

  beforeEach(() => {
    others = workspaces();
    folder = mkdtempSync(join(tmpdir(), "official cli-"));
    cli = join(folder, "pulumi");
    writeFileSync(join(folder, "fake.mjs"), fakeCli);
    writeFileSync(cli, `#!/bin/sh\nexec "${process.execPath}" "${folder}/fake.mjs" "$@"\n`);
    chmodSync(cli, 0o755);
    writeFileSync(join(folder, "Pulumi.yaml"), project);
    write(tracked);
  });
  afterEach(() => {
    expect(workspaces(), "nothing stays behind").to.have.members(others);
    rmSync(folder, { recursive: true });
  });

  it("leave neither a stack nor a salt behind when a stack that is not there is previewed", async () => {
    const engine = pulumiEngine(cli, "here");
    const first = await engine.preview(asked("thrown away"));
    expect(first).to.deep.include({ ok: true, errors: [] });
    expect(calls()).to.deep.equal(["stack init", "preview --json"]);
    expect(read()).to.equal(tracked);
    expect(existsSync(join(folder, ".pulumi"))).to.equal(false);
    const next = await engine.preview(asked("another one"));
    expect(next.errors, "the passphrase of the first preview is gone").to.deep.equal([]);
    expect((await engine.up(asked("kept"))).errors).to.deep.equal([]);
    expect(salt()).to.equal("v1:kept");
  });

  it("keep the stack's tracked file byte for byte, and the state its one salt", async () => {
    const engine = pulumiEngine(cli, "here");
    for (const command of ["up", "preview", "up", "destroy"] as const) {
      expect((await engine[command](asked("word"))).errors, command).to.deep.equal([]);
      expect(read(), command).to.equal(tracked);
      expect(salt(), command).to.equal("v1:word");
    }
    expect(await engine.recorded(asked("word"), "a:b:C")).to.equal(undefined);
  });

  it("say that the passphrase is wrong where the state was sealed with another", async () => {
    const engine = pulumiEngine(cli, "here");
    await engine.up(asked("word"));
    expect((await engine.preview(asked("guess"))).errors).to.deep.equal(["error: incorrect passphrase"]);
    expect(salt()).to.equal("v1:word");
  });

  it("forget a salt that seals nothing, such as a preview of an older Millrace left", async () => {
    write(`encryptionsalt: v1:lost\n${tracked}`);
    const engine = pulumiEngine(cli, "here");
    expect((await engine.preview(asked("word"))).errors).to.deep.equal([]);
    expect((await engine.up(asked("word"))).errors).to.deep.equal([]);
    expect(read()).to.equal(`encryptionsalt: v1:lost\n${tracked}`);
  });

  it("keep the salt with which values of the file are sealed", async () => {
    write(`encryptionsalt: v1:word\n${tracked}  millrace:services: { kafka: { password: { secure: v1:abc } } }\n`);
    const engine = pulumiEngine(cli, "here");
    expect((await engine.up(asked("word"))).errors).to.deep.equal([]);
    expect((await engine.preview(asked("guess"))).errors).to.deep.equal(["error: incorrect passphrase"]);
  });

  it("make no stack in order to delete one, or to ask it for something", async () => {
    const engine = pulumiEngine(cli, "here");
    expect(await engine.destroy(asked("word"))).to.deep.include({ ok: true, errors: [] });
    expect(await engine.outputs(asked("word"))).to.deep.equal({});
    expect(await engine.recorded(asked("word"), "a:b:C")).to.equal(undefined);
    expect(existsSync(join(folder, ".pulumi"))).to.equal(false);
  });

  it("hold what the command lays over the config, and the salt of the state", async () => {
    const configOverrides = { "millrace:cluster": '{"target":"minikube"}', "millrace:profile": "full" };
    const workspace = await makeWorkspace({ projectDir: folder, stack: "dev", configOverrides }, "v1:state");
    expect(parse(readFileSync(workspace.configFile, "utf8"))).to.deep.equal({
      encryptionsalt: "v1:state",
      config: { "millrace:cluster": { target: "minikube" }, "millrace:profile": "full" },
    });
    workspace.remove();
  });

  it("go with the next run where theirs was killed, and no others", async () => {
    const abandoned = (holder: object | undefined): string => {
      const made = mkdtempSync(join(tmpdir(), "millrace-pulumi-"));
      if (holder !== undefined) writeFileSync(join(made, "holder.json"), JSON.stringify(holder));
      return made;
    };
    const dead = { pid: 4_194_303, username: "ann", hostname: hostname(), timestamp: new Date().toISOString() };
    const left = abandoned(dead);
    const kept = [
      abandoned(undefined),
      abandoned({ ...dead, pid: process.pid }),
      abandoned({ ...dead, hostname: "x" }),
    ];
    try {
      const workspace = await makeWorkspace({ projectDir: folder, stack: "dev" });
      expect(existsSync(left)).to.equal(false);
      expect(kept.filter((one) => !existsSync(one))).to.deep.equal([]);
      workspace.remove();
    } finally {
      for (const one of kept) rmSync(one, { recursive: true });
    }
  });

  it("stand beside a backend that is found from any folder", () => {
    expect(backendUrl(folder, {})).to.equal(`file://${folder}`);
    expect(backendUrl(folder, { PULUMI_BACKEND_URL: "file://./a/b?c=d" })).to.equal(`file://${folder}/a/b?c=d`);
    expect(backendUrl(folder, { PULUMI_BACKEND_URL: "s3://states" })).to.equal("s3://states");
    expect(backendUrl(join(folder, "elsewhere"), {})).to.equal(undefined);
    expect(isEmptyBackend(`file://${folder}`)).to.equal(true);
    mkdirSync(join(folder, ".pulumi"));
    expect(isEmptyBackend(`file://${folder}?c=d`)).to.equal(false);
    expect(isEmptyBackend("s3://states")).to.equal(false);
  });
});
