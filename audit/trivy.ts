/** Trivy's checks for Kubernetes, by a small program of ours (`trivy/main.go`): Trivy as a whole takes too long to compile. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { temporaryDir } from "../platform/images/cache.ts";
import { run } from "../platform/exec.ts";
import type { Work } from "../platform/images/work.ts";
import type { Checked } from "./checker.ts";
import type { Severity } from "./findings.ts";
import { goProgram, moduleVersion } from "./go-program.ts";

interface Report {
  readonly checks: number;
  readonly passed: number;
  readonly findings: readonly {
    readonly id: string;
    readonly title: string;
    readonly severity: string;
    readonly file: string;
  }[];
}

/**
 * Checks a folder of manifests, one object in each file.
 * @throws Error when the program can't be built, or can't evaluate a check.
 */
export async function trivy(folder: string, count: number, work: Work): Promise<Checked> {
  const program = await goProgram("trivy", ".", work);
  work.report(`checking: ${count} objects`);
  const objects = await temporaryDir("trivy");
  try {
    mkdirSync(objects, { recursive: true });
    for (const file of readdirSync(folder)) {
      const object: unknown = parse(readFileSync(join(folder, file), "utf8"));
      writeFileSync(join(objects, file.replace(/\.yaml$/, ".json")), JSON.stringify(object));
    }
    const { code, stdout, stderr } = await run(program, [objects]);
    if (code !== 0) throw new Error(`Trivy's checks have broken off: ${stderr.trim()}`);
    return readTrivy(stdout);
  } finally {
    rmSync(objects, { recursive: true, force: true });
  }
}

/** Trivy's own severities. */
const severityOf: Readonly<Record<string, Severity>> = { MEDIUM: "medium", LOW: "low" };

/** @throws Error when nothing was checked */
export function readTrivy(text: string): Checked {
  const { checks, passed, findings } = JSON.parse(text) as Report;
  if (checks === 0 || passed + findings.length === 0) throw new Error("Trivy has checked nothing");
  return {
    version: moduleVersion("trivy", "github.com/aquasecurity/trivy-checks"),
    passed,
    failed: findings.map(({ id, title, severity, file }) => ({
      rule: id,
      title,
      severity: severityOf[severity] ?? "high",
      file: file.replace(/\.json$/, ".yaml"),
    })),
  };
}
