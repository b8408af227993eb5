/**
 * Waits until NiFi has the platform's flows, as what watches over them tells, and fails with its words where one can't run.
 *
 * Environment: `SUPERVISOR_URL`, `NIFI_PARAMETERS` (a JSON object of names and values), `FLOWS_FOLDER` (its `*.json` are flow definitions),
 * `SETUP_TIMEOUT_SECONDS` (300). Running it again changes nothing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { readWanted, wantedEnvironment } from "./wanted.ts";
import { type FlowsReport, wantedHash } from "./watch.ts";

const environment = wantedEnvironment.extend({
  SUPERVISOR_URL: z.url(),
  SETUP_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

const PAUSE_MS = 1000;
const ANSWER_MS = 10_000;
const log = (line: string): void => void process.stdout.write(`${line}\n`);

interface Asked {
  readonly url: string;
  /** Tells what is wanted from anything else. */
  readonly wanted: string;
}

/** The report of a look that began after this, in which all that is wanted was tried. @throws Error with why there is none in time */
async function tried(asked: Asked, timeoutMs: number): Promise<FlowsReport> {
  const end = Date.now() + timeoutMs;
  let round: number | undefined;
  let said = "";
  for (;;) {
    const words = await ask(asked, round);
    if (typeof words === "object") return words;
    if (typeof words === "number") round = words;
    else if (words !== said) log((said = words));
    if (Date.now() > end) throw new Error(`the flows were not put in within ${timeoutMs / 1000} s: ${said}`);
    await sleep(PAUSE_MS);
  }
}

/** @param round Of the look that is waited for; `undefined`: none was asked for yet @returns the report, the look's number, or why there is none */
async function ask({ url, wanted }: Asked, round: number | undefined): Promise<FlowsReport | number | string> {
  try {
    const report = await answerOf<FlowsReport>("GET", url);
    if (report.wanted !== wanted) return "what watches over the flows has others; it is starting anew";
    if (round === undefined) return (await answerOf<{ readonly round: number }>("POST", url)).round;
    if (report.problem !== undefined) return report.problem;
    return report.round >= round && report.seen !== null ? report : "NiFi is given the flows";
  } catch (error) {
    return `what watches over the flows does not answer: ${describeError(error)}`;
  }
}

async function answerOf<T>(method: string, url: string): Promise<T> {
  const response = await fetch(new URL("/flows", url), { method, signal: AbortSignal.timeout(ANSWER_MS) });
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  return (await response.json()) as T;
}

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const wanted = readWanted(settings);
  const { flows } = await tried(
    { url: settings.SUPERVISOR_URL, wanted: wantedHash(wanted) },
    settings.SETUP_TIMEOUT_SECONDS * 1000,
  );
  for (const { name, condition, drift } of flows) log(drift ?? `flow ${name}: ${condition}`);
  const problems = flows.flatMap(({ problems: own }) => own);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}

await main().catch(endInFailure);
