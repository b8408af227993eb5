import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { causesOf } from "../../cli/errors.ts";
import { projectDir } from "../../cli/paths.ts";

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The command line as a user's shell starts it. */
function millrace(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const { promise, resolve } = Promise.withResolvers<Ran>();
  execFile(
    process.execPath,
    [join(projectDir, "cli/main.ts"), ...args],
    { env: { ...process.env, ...env } },
    (error, stdout, stderr) => {
      resolve({ code: typeof error?.code === "number" ? error.code : 0, stdout, stderr });
    },
  );
  return promise;
}

describe("a command with --json that can't begin", () => {
  it("prints one document when the stack's file is wrong or not there", async () => {
    for (const command of ["up", "check", "down"]) {
      const { code, stdout, stderr } = await millrace([command, "--json", "--stack", "nosuch"]);
      const report = JSON.parse(stdout) as { ok: boolean; error: string; errors: string[] };
      expect(code, command).to.equal(1);
      expect(report.ok, command).to.equal(false);
      expect(report.errors, command).to.have.length(1);
      expect(report.error, command).to.equal(report.errors[0]).and.to.contain("nosuch");
      expect(stderr, command).to.contain("error: ");
    }
  }).timeout(60_000);

  it("prints one document when no cluster answers", async () => {
    const folder = mkdtempSync(join(tmpdir(), "millrace-main-"));
    try {
      const kubeconfig = join(folder, "config");
      writeFileSync(kubeconfig, "apiVersion: v1\nkind: Config\nclusters: []\ncontexts: []\nusers: []\n");
      const { code, stdout } = await millrace(["check", "--json", "--target", "minikube"], { KUBECONFIG: kubeconfig });
      expect(code).to.equal(1);
      expect(JSON.parse(stdout)).to.deep.include({ ok: false });
    } finally {
      rmSync(folder, { recursive: true });
    }
  }).timeout(60_000);

  it("prints nothing on stdout without --json", async () => {
    const { code, stdout } = await millrace(["check", "--stack", "nosuch"]);
    expect([code, stdout]).to.deep.equal([1, ""]);
  }).timeout(60_000);
});

describe("causes of an error in one text", () => {
  it("are without colours, the last cause last", () => {
    const cause = new Error("\u001B[31mrefused\u001B[0m");
    expect(causesOf(new Error("the cluster does not answer", { cause }))).to.equal(
      "the cluster does not answer: refused",
    );
    expect(causesOf("plain")).to.equal("plain");
  });
});
