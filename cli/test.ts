/**
 * `npm test`: every spec, and beside them pages, lint, types, format and every Python test. The last line is
 * `N passed, N failed`, where types, pages, lint and format count one each and every test counts one.
 */
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { rooms } from "../config/rooms.ts";
import type { Command } from "./command.ts";
import { messageOf } from "./errors.ts";
import { run, type Ran } from "../platform/exec.ts";
import { limiter } from "../platform/images/work.ts";
import { projectDir, stateDir } from "./paths.ts";
import { createProgress, type Progress } from "./progress.ts";
import { duration } from "./table.ts";

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  /** What to print about failures. */
  readonly report: readonly string[];
}

interface MochaError {
  readonly message?: string;
  readonly stack?: string;
}

interface MochaReport {
  readonly stats: { readonly passes: number; readonly failures: number; readonly pending: number };
  readonly failures: readonly { readonly fullTitle: string; readonly err: MochaError; readonly file?: string }[];
}

const node = process.execPath;
const bin = (path: string): string => join(projectDir, "node_modules", path);

export function closingLine(passed: number, failed: number): string {
  return `${passed} passed, ${failed} failed`;
}

/** Counts a tool that passes or fails as a whole. */
export function tallyTool(name: string, ran: Pick<Ran, "code" | "stdout" | "stderr">): Tally {
  if (ran.code === 0) return { passed: 1, failed: 0, report: [] };
  return { passed: 0, failed: 1, report: [`--- ${name} failed ---`, `${ran.stdout}${ran.stderr}`.trimEnd()] };
}

/** Counts mocha's JSON report; specs that could not even be loaded are one failure with mocha's own words. */
export function tallySpecs(json: string | undefined, ran: Pick<Ran, "code" | "stdout" | "stderr">): Tally {
  if (json === undefined) {
    return { passed: 0, failed: 1, report: ["--- specs did not run ---", `${ran.stdout}${ran.stderr}`.trimEnd()] };
  }
  const { stats, failures } = JSON.parse(json) as MochaReport;
  const report = failures.map(
    (failure) => `--- ${failure.fullTitle} ---\n${failure.err.stack ?? failure.err.message ?? "no message"}`,
  );
  // A non-zero code without a failed test (an error after the last test) must not pass.
  const extra = ran.code !== 0 && stats.failures === 0 ? 1 : 0;
  if (extra === 1) report.push(`--- mocha ended with code ${ran.code} ---`, `${ran.stdout}${ran.stderr}`.trimEnd());
  return { passed: stats.passes, failed: stats.failures + extra, report };
}

/** Counts what Python's unittest printed; tests that could not be run at all are one failure. */
export function tallyPython(ran: Pick<Ran, "code" | "stdout" | "stderr">): Tally {
  const count = (what: RegExp): number => Number(what.exec(ran.stderr)?.[1] ?? 0);
  const run = count(/^Ran (\d+) tests? in /m);
  const failed = count(/\bfailures=(\d+)/) + count(/\berrors=(\d+)/) + count(/\bunexpected successes=(\d+)/);
  if (ran.code === 0 && run > 0) return { passed: run - count(/\bskipped=(\d+)/), failed: 0, report: [] };
  const report = ["--- Python tests failed ---", `${ran.stdout}${ran.stderr}`.trimEnd()];
  const passed = Math.max(0, run - failed - count(/\bskipped=(\d+)/));
  return { passed: failed === 0 ? 0 : passed, failed: Math.max(1, failed), report };
}

/** What a tool keeps from run to run, by the contents of the files. */
const kept = (name: string): string => join(stateDir, "test", name);
const incremental = ["--incremental", "--tsBuildInfoFile", kept("types.tsbuildinfo")];
const cached = ["--cache", "--cache-strategy", "content", "--cache-location", kept("format")];

/** The programs that specs start load the same modules again and again: Node keeps their code compiled, by its content. */
const env = { ...process.env, NODE_COMPILE_CACHE: kept("compiled") };

async function tool(progress: Progress, name: string, args: readonly string[]): Promise<Tally> {
  const step = progress.step(name);
  const ran = await run(node, args, { cwd: projectDir, env });
  if (ran.code === 0) step.done();
  else step.failed();
  return tallyTool(name, ran);
}

/** Options that leave out the pages whose packages are not there: the linter would know no types. */
function withoutTypes(): string[] {
  const folders = rooms.flatMap((room) => room.pages ?? []).map(({ project }) => dirname(project));
  const has = (folder: string, file: string): boolean => existsSync(join(projectDir, folder, file));
  const unknown = folders.filter((folder) => has(folder, "package.json") && !has(folder, "node_modules"));
  return unknown.flatMap((folder) => ["--ignore-pattern", `${folder}/`]);
}

/** Types of the rooms' web pages, their templates included. The linter needs the packages that this brings, too. */
async function pages(progress: Progress): Promise<Tally> {
  const step = progress.step("pages");
  const tallies: Tally[] = [];
  for (const web of rooms.flatMap((room) => room.pages ?? [])) {
    try {
      const compiler = await web.compiler({ report: step.detail, signal: new AbortController().signal });
      const ran = await run(node, [compiler, "-p", web.project, "--noEmit"], { cwd: projectDir, env });
      tallies.push(tallyTool("pages", ran));
    } catch (error) {
      tallies.push({ passed: 0, failed: 1, report: ["--- pages ---", messageOf(error)] });
    }
  }
  const tally = sum(tallies);
  if (tally.failed === 0) step.done();
  else step.failed();
  return tally;
}

/** Several tallies as one. */
function sum(tallies: readonly Tally[]): Tally {
  const of = (what: "passed" | "failed"): number => tallies.reduce((all, tally) => all + tally[what], 0);
  return { passed: of("passed"), failed: of("failed"), report: tallies.flatMap(({ report }) => report) };
}

/**
 * More lists than processes, so that none is left with the long ones. Mocha's own parallel runner ends without a report when
 * a file fails after its last test.
 */
const SPEC_LISTS = 8;
const SPEC_PROCESSES = 3;

/** Every file is in exactly one of the lists; neighbours, which are alike, are in different ones. */
export function dealt<T>(all: readonly T[], lists: number): T[][] {
  return Array.from({ length: lists }, (_, list) => all.filter((_item, index) => index % lists === list));
}

async function specs(progress: Progress): Promise<Tally> {
  const step = progress.step("specs");
  const folder = mkdtempSync(join(tmpdir(), "millrace-specs-"));
  const mocharc = JSON.parse(readFileSync(join(projectDir, ".mocharc.json"), "utf8")) as {
    readonly spec: string;
    readonly timeout: number;
  };
  const files = globSync(mocharc.spec, { cwd: projectDir }).sort();
  const slot = limiter(SPEC_PROCESSES);
  try {
    const tally = sum(
      await Promise.all(
        dealt(files, SPEC_LISTS).map(async (some, index) => {
          const output = join(folder, `report-${index}.json`);
          const report = ["--reporter", "json", "--reporter-option", `output=${output}`];
          const options = ["--no-config", "--timeout", String(mocharc.timeout), ...report];
          const args = ["--disable-warning=ExperimentalWarning", bin("mocha/bin/mocha.js"), ...options, ...some];
          const ran = await slot(() => run(node, args, { cwd: projectDir, env }));
          return tallySpecs(readOrUndefined(output), ran);
        }),
      ),
    );
    const counts = closingLine(tally.passed, tally.failed).replace(",", " and");
    if (tally.failed === 0) step.done(counts);
    else step.failed(counts);
    return tally;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Folders with Python's own tests, relative to the project; each is run by itself. They need no package. */
export function pythonTests(root = projectDir): string[] {
  const files = globSync(["python/tests/test_*.py", "{tests,components}/**/test_*.py"], { cwd: root });
  return [...new Set(files.map(dirname))].sort();
}

async function python(progress: Progress): Promise<Tally> {
  const step = progress.step("python");
  const variables = { ...process.env, PYTHONPATH: join(projectDir, "python"), PYTHONDONTWRITEBYTECODE: "1" };
  const tallies: Tally[] = [];
  for (const folder of pythonTests()) {
    const args = ["-m", "unittest", "discover", "-s", folder];
    tallies.push(tallyPython(await run("python3", args, { cwd: projectDir, env: variables })));
  }
  const tally = sum(tallies);
  const counts = closingLine(tally.passed, tally.failed).replace(",", " and");
  if (tally.failed === 0) step.done(counts);
  else step.failed(counts);
  return tally;
}

function readOrUndefined(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

export const test: Command = {
  summary: "runs types, lint, format and specs; needs no cluster",
  options: {},
  async run() {
    const started = Date.now();
    const progress = createProgress({ sink: process.stderr });
    const rest = async (): Promise<Tally[]> => [
      await pages(progress),
      await tool(progress, "lint", [bin("oxlint/bin/oxlint"), "--max-warnings", "0", ...withoutTypes(), "."]),
      await tool(progress, "types", [bin("typescript7/bin/tsc"), "-p", ".", ...incremental]),
      await tool(progress, "format", [
        bin("prettier/bin/prettier.cjs"),
        "--check",
        "--log-level",
        "warn",
        ...cached,
        ".",
      ]),
      await python(progress),
    ];
    const { passed, failed, report } = sum((await Promise.all([specs(progress), rest()])).flat());
    progress.stop();
    for (const line of report) process.stdout.write(`${line}\n`);
    process.stdout.write(`tests took ${duration(Date.now() - started)}\n${closingLine(passed, failed)}\n`);
    return failed === 0 ? 0 : 1;
  },
};
