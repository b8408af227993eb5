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

/** The first report in which all that is wanted has been tried. @throws Error with why there is none */
async function tried(url: string, wanted: string, timeoutMs: number): Promise<FlowsReport> {
  const end = Date.now() + timeoutMs;
  let said = "";
  for (;;) {
    const words = await askOnce(url, wanted);
    if (typeof words !== "string") return words;
    if (Date.now() > end) throw new Error(words);
    if (words !== said) log(words);
    said = words;
    await sleep(PAUSE_MS);
  }
}

async function askOnce(url: string, wanted: string): Promise<FlowsReport | string> {
  try {
    const response = await fetch(new URL("/flows", url), { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!response.ok) return `what watches over the flows answers with HTTP ${response.status}`;
    const report = (await response.json()) as FlowsReport;
    if (report.wanted !== wanted) return "what watches over the flows has others; it is starting anew";
    if (report.seen === null) return report.problem ?? "the flows are put in";
    return report;
  } catch (error) {
    return `what watches over the flows does not answer: ${describeError(error)}`;
  }
}

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const wanted = readWanted(settings);
  const { flows } = await tried(settings.SUPERVISOR_URL, wantedHash(wanted), settings.SETUP_TIMEOUT_SECONDS * 1000);
  for (const { name, condition, drift } of flows) log(drift ?? `flow ${name}: ${condition}`);
  const problems = flows.flatMap(({ problems: own }) => own);
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;
}

await main().catch(endInFailure);
