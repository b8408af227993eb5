/** Renders the stacks, has the checkers look at them, and judges what they find by the waivers and the baseline. */
import { createHash } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { describeError } from "../platform/describe-error.ts";
import { temporaryDir } from "../platform/images/cache.ts";
import type { Work } from "../platform/images/work.ts";
import type { Checked } from "./checker.ts";
import { type Checker, checkers } from "./checkers.ts";
import { type Finding, judge, type Judgement, merged, type Rules } from "./findings.ts";
import { type Manifest, renderStack } from "./render.ts";
import { severityOf } from "./severities.ts";
import type { AuditedStack } from "./stacks.ts";

/** What became of one checker. */
export interface CheckerRun {
  readonly checker: string;
  readonly version: string | null;
  readonly passed: number;
  readonly failed: number;
  /** Why it has no result; `null` when it has one. */
  readonly error: string | null;
}

export interface Audit extends Judgement {
  readonly stacks: readonly string[];
  /** Different objects in all stacks. */
  readonly objects: number;
  readonly checkers: readonly CheckerRun[];
  readonly findings: readonly Finding[];
}

export interface AuditArgs extends Omit<Rules, "ran"> {
  readonly stacks: readonly AuditedStack[];
  /** Names of the checkers that run. */
  readonly wanted: readonly Checker[];
}

/** A manifest as a file, with the stacks that have exactly this one. */
export interface ManifestFile {
  readonly file: string;
  readonly object: string;
  readonly manifest: Manifest;
  readonly stacks: string[];
}

/**
 * @param report Says how far a step is, by the step's name.
 * @throws RunError when the program refuses a stack. A checker that does not run throws nothing: its `error` says why.
 */
export async function audit(args: AuditArgs, report: (step: string, detail: string) => void): Promise<Audit> {
  const files = await render(args.stacks, (detail) => {
    report("render", detail);
  });
  const folder = await temporaryDir("audit");
  try {
    write(folder, files);
    const runs = [];
    for (const name of args.wanted) {
      const work = {
        report: (detail: string): void => {
          report(name, detail);
        },
        signal: new AbortController().signal,
      };
      runs.push(await runOf(name, folder, files, work));
    }
    const findings = merged(runs.flatMap((run) => run.findings));
    const ran = runs.flatMap(({ run }) => (run.error === null ? [run.checker] : []));
    return {
      stacks: args.stacks.map(({ name }) => name),
      objects: files.length,
      checkers: runs.map(({ run }) => run),
      findings,
      ...judge(findings, { ...args, ran }),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Whether nothing is left to do. */
export function isOk({ open, problems, checkers: runs }: Audit): boolean {
  return open.length === 0 && problems.length === 0 && runs.every(({ error }) => error === null);
}

async function render(stacks: readonly AuditedStack[], report: (detail: string) => void): Promise<ManifestFile[]> {
  const files = new Map<string, ManifestFile>();
  for (const stack of stacks) {
    report(stack.name);
    for (const manifest of await renderStack(stack)) addTo(files, manifest, stack.name);
  }
  report(`ready, ${files.size} different objects in ${stacks.length} stacks`);
  return [...files.values()];
}

/** Adds a manifest to those that there are, or its stack to the same one. */
export function addTo(files: Map<string, ManifestFile>, manifest: Manifest, stack: string): void {
  const { kind, metadata } = manifest;
  const key = createHash("sha256").update(JSON.stringify(manifest)).digest("hex").slice(0, 16);
  const object = `${kind}/${metadata.name}`;
  const known = files.get(`${object} ${key}`);
  if (known !== undefined) known.stacks.push(stack);
  else
    files.set(`${object} ${key}`, {
      file: `${kind.toLowerCase()}-${metadata.name}-${key}.yaml`,
      object,
      manifest,
      stacks: [stack],
    });
}

function write(folder: string, files: readonly ManifestFile[]): void {
  mkdirSync(folder, { recursive: true });
  for (const { file, manifest } of files) writeFileSync(join(folder, file), stringify(manifest, { lineWidth: 0 }));
}

async function runOf(
  name: Checker,
  folder: string,
  files: readonly ManifestFile[],
  work: Work,
): Promise<{ readonly run: CheckerRun; readonly findings: readonly Finding[] }> {
  try {
    const checked = await checkers[name](folder, files.length, work);
    const { version, passed, failed } = checked;
    work.report(`ready, ${passed} checks passed, ${failed.length} failed`);
    return {
      run: { checker: name, version, passed, failed: failed.length, error: null },
      findings: findingsOf(name, checked, files),
    };
  } catch (error) {
    const run = { checker: name, version: null, passed: 0, failed: 0, error: describeError(error) };
    work.report("failed");
    return { run, findings: [] };
  }
}

/** @throws Error when a checker names a file that it was not given */
export function findingsOf(checker: string, { failed }: Checked, files: readonly ManifestFile[]): Finding[] {
  const byFile = new Map(files.map((one) => [one.file, one]));
  return failed.map(({ rule, title, severity, file }) => {
    const found = byFile.get(file);
    if (found === undefined) throw new Error(`${checker} speaks of ${file}, which is no manifest`);
    const name = `${checker}/${rule}`;
    return { rule: name, title, severity: severity ?? severityOf(name), object: found.object, stacks: found.stacks };
  });
}
