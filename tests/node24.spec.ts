import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { expect } from "chai";
import { parse } from "yaml";

const root = join(import.meta.dirname, "..");
const { runtime } = parse(readFileSync(join(root, "Pulumi.yaml"), "utf8")) as {
  runtime: { options: { nodeargs: string } };
};
const nodeargs = runtime.options.nodeargs.split(" ");

/** Has a Node say that it is 20 and strips no types, until it has started another one. */
const pretended = `data:text/javascript,${encodeURIComponent(
  `if (process.env.MILLRACE_NODE === undefined || process.env.ALONE !== undefined) {
     Object.defineProperty(process, "versions", { value: { ...process.versions, node: "20.20.2" } });
     Object.defineProperty(process.features, "typescript", { value: false });
   }`,
)}`;

/** This Node, this Node as an older one, and the older ones that the machine has. */
const nodes = new Map<string, readonly [string, ...string[]]>([
  ["this Node", [process.execPath]],
  ["Node 20 by its name", [process.execPath, "--import", pretended]],
]);
for (const file of ["/usr/bin/node", "/usr/local/bin/node"]) {
  if (existsSync(file)) nodes.set(`${file}, ${execFileSync(file, ["--version"], { encoding: "utf8" }).trim()}`, [file]);
}

const program = `
const greeting: string = process.argv.slice(2).join("+");
console.log(\`\${process.versions.node.split(".")[0]} \${greeting}\`);
process.exitCode = 7;
`;

describe("The program under any Node that the official CLI finds", function () {
  this.timeout(60_000);
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "older node-"));
    writeFileSync(join(folder, "program.ts"), program);
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });
  const children = (pid: number | undefined): string[] =>
    spawnSync("ps", ["--ppid", String(pid), "-o", "pid="], { encoding: "utf8" })
      .stdout.split("\n")
      .filter(Boolean);
  const isThere = (pid: string) => existsSync(`/proc/${pid.trim()}`);

  for (const [name, [node, ...flags]] of nodes) {
    it(`goes on under Node 24 with its arguments, and ends with its exit code: ${name}`, () => {
      const args = [...flags, ...nodeargs, join(folder, "program.ts"), "a b", "c"];
      const ran = spawnSync(node, args, { cwd: root, encoding: "utf8" });
      expect(ran.stderr).to.equal("");
      expect(ran.stdout).to.match(/^(2[4-9]|[3-9]\d) a b\+c\n$/);
      expect(ran.status).to.equal(7);
    });

    it(`is kept to the policies, whose host ends with all that it started: ${name}`, async () => {
      const host = fileURLToPath(import.meta.resolve("@pulumi/pulumi/cmd/run-policy-pack/index.js"));
      const pack = join(root, "policies");
      const started: ChildProcess = spawn(node, [...flags, host, "127.0.0.1:1", pack], {
        cwd: pack,
        stdio: ["ignore", "pipe", "pipe"],
      });
      let text = "";
      started.stderr?.on("data", (data: Buffer) => (text += data.toString()));
      await new Promise<void>((resolve) => {
        started.stdout?.on("data", (data: Buffer) => {
          text += data.toString();
          resolve();
        });
        started.once("close", resolve);
      });
      expect(text, "the port that it serves on").to.match(/^\d+\n?$/);
      const below = children(started.pid);
      started.kill("SIGKILL");
      for (let i = 0; i < 100 && below.some(isThere); i++) await sleep(100);
      expect(below.filter(isThere)).to.deep.equal([]);
    });
  }

  it("ends with the Node that has started it, also when that one is killed before it begins", async () => {
    const late = `data:text/javascript,${encodeURIComponent(
      `if (process.env.MILLRACE_NODE !== undefined) { console.log(process.pid); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); }`,
    )}`;
    writeFileSync(join(folder, "program.ts"), "setInterval(() => 0, 1000);\n");
    const args = ["--import", pretended, ...nodeargs, join(folder, "program.ts")];
    const env = { ...process.env, NODE_OPTIONS: `--import ${late}` };
    const started = spawn(process.execPath, args, { cwd: root, env, stdio: ["ignore", "pipe", "inherit"] });
    const below = await new Promise<string>((resolve) => {
      started.stdout.once("data", (data: Buffer) => {
        resolve(data.toString());
      });
    });
    started.kill("SIGKILL");
    for (let i = 0; i < 50 && isThere(below); i++) await sleep(100);
    const stayed = isThere(below);
    if (stayed) process.kill(Number(below), "SIGKILL");
    expect(stayed).to.equal(false);
  });

  it("says which Node it needs, and where it comes from, when no package has brought it", () => {
    copyFileSync(join(root, "node24.js"), join(folder, "node24.mjs"));
    const args = ["--import", pretended, "--import", "./node24.mjs", "program.ts"];
    const ran = spawnSync(process.execPath, args, { cwd: folder, encoding: "utf8" });
    expect(ran.status).to.equal(1);
    expect(ran.stdout).to.equal("");
    expect(ran.stderr).to.contain("Node is 20.20.2; the program needs Node 24 or later").and.contain("npm ci");
  });

  it("does not start itself again and again where the package's own Node is too old", () => {
    const args = ["--import", pretended, ...nodeargs, join(folder, "program.ts")];
    const ran = spawnSync(process.execPath, args, {
      cwd: root,
      encoding: "utf8",
      env: { ...process.env, ALONE: "yes" },
    });
    expect(ran.status).to.equal(1);
    expect(ran.stderr.match(/needs Node 24/g)).to.have.length(1);
  });
});
