/** kube-score: built from the Go modules that its `go.sum` locks. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Work } from "../platform/images/work.ts";
import { run } from "../platform/exec.ts";
import type { Checked } from "./checker.ts";
import { goProgram, moduleVersion } from "./go-program.ts";

const PACKAGE = "github.com/zegl/kube-score";

/** How kube-score grades an object by a rule; what is less than this is a finding. */
const ALL_OK = 10;

interface Scored {
  readonly file_name: string;
  readonly checks: readonly {
    readonly check: { readonly id: string; readonly comment: string };
    readonly grade: number;
    readonly skipped: boolean;
  }[];
}

/**
 * Checks a folder of manifests, one object in each file.
 * @throws Error when kube-score can't be built, or can't read one of the files.
 */
export async function kubeScore(folder: string, count: number, work: Work): Promise<Checked> {
  const program = await goProgram("kube-score", `${PACKAGE}/cmd/kube-score`, work);
  work.report(`checking: ${count} objects`);
  const files = readdirSync(folder)
    .sort()
    .map((file) => join(folder, file));
  const { code, stdout, stderr } = await run(program, ["score", "--output-format", "json", ...files]);
  // 1: something is critical.
  if (code > 1 || stdout === "") throw new Error(`kube-score has broken off: ${stderr.trim()}`);
  return readScores(stdout, folder);
}

/** @throws Error when nothing was checked */
export function readScores(text: string, folder: string): Checked {
  const scored = JSON.parse(text) as readonly Scored[];
  const checks = scored.flatMap(({ file_name, checks: all }) =>
    all.filter(({ skipped }) => !skipped).map((one) => ({ ...one, file: file_name.slice(folder.length + 1) })),
  );
  if (checks.length === 0) throw new Error("kube-score has checked nothing");
  const failed = checks.filter(({ grade }) => grade < ALL_OK);
  return {
    version: moduleVersion("kube-score", PACKAGE),
    passed: checks.length - failed.length,
    failed: failed.map(({ check, file }) => ({ rule: check.id, title: check.comment, file })),
  };
}
