/**
 * The proof: sends marked records into the platform and asks each hop for exactly them.
 *
 * Settings in `PROOF_CONFIG` (see config.ts), keys and passwords in variables of their own; `PROOF_TIMEOUT_SECONDS`
 * overrides how long a hop may make no progress. Prints JSON lines on stdout, lines for people on stderr.
 * SIGTERM ends it early, with its clean-up and its verdict. Exit code 0: all hops hold what they must; 1: one does not, and is named; 2: the settings are wrong.
 */
import { branchesOf, skippedHops } from "./branches.ts";
import { readConfig } from "./config.ts";
import type { ProofConfig } from "./config.ts";
import { believed, findEnforcement } from "./enforcement.ts";
import type { Skipped } from "../platform/hops/hop.ts";
import { startRun } from "../platform/hops/run.ts";
import { hopJson, hopLine, proofJson, proofLines, skippedJson, skippedLine } from "./report.ts";
import { runBranches } from "./runner.ts";

const forPrograms = (line: string): void => void process.stdout.write(`${line}\n`);
const forPeople = (line: string): void => void process.stderr.write(`${line}\n`);

function configOrExit(): ProofConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    forPeople(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

const config = configOrExit();
const run = startRun();
forPeople(`proof ${run.run}: ${config.records} records and ${config.poison} poison ones`);
const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => {
    stop.abort();
  });
}
const branches = branchesOf(config, run);
const skipped = skippedHops(config, branches);
const tellSkipped = (one: Skipped): void => {
  forPrograms(skippedJson(one));
  forPeople(skippedLine(one));
};
skipped.forEach(tellSkipped);
const ended = new AbortController();
const policies = config.closed && findEnforcement(config.closed, { signal: ended.signal });
const result = await runBranches(branches, {
  signal: stop.signal,
  onResult: (hop) => {
    forPrograms(hopJson(hop));
    forPeople(hopLine(hop));
  },
  onSkipped: tellSkipped,
  onProgress: (hop, words) => {
    forPeople(`${hop}: ${words}`);
  },
});
ended.abort();
const found = believed(await policies, result.ok);
forPrograms(proofJson(run.run, result, found));
proofLines(run.run, result, [...skipped, ...result.skipped], found).forEach(forPeople);
process.exit(result.ok ? 0 : 1);
