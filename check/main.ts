/**
 * The proof: sends marked records into the platform and asks each hop for exactly them.
 *
 * Settings in `PROOF_CONFIG` (see config.ts), keys in `S3_ACCESS_KEY` and `S3_SECRET_KEY`; `PROOF_TIMEOUT_SECONDS`
 * overrides the limit. Prints JSON lines on stdout, lines for people on stderr.
 * SIGTERM ends it early, with its clean-up and its verdict. Exit code 0: all hops hold the records; 1: one does not, and is named; 2: the settings are wrong.
 */
import { readConfig } from "./config.ts";
import type { ProofConfig } from "./config.ts";
import type { Hop } from "./hop.ts";
import { catalogHop } from "./hops/catalog.ts";
import { deadLetterHop } from "./hops/dead-letter.ts";
import { kafkaHop } from "./hops/kafka.ts";
import { objectStoreHop } from "./hops/object-store.ts";
import { prestoHop } from "./hops/presto.ts";
import { sparkHop } from "./hops/spark.ts";
import { makeMarkedRun } from "./marked-records.ts";
import type { MarkedRun } from "./marked-records.ts";
import { objectStore } from "./object-store.ts";
import { PrestoClient } from "./presto-client.ts";
import { hopJson, hopLine, proofJson, proofLines } from "./report.ts";
import { runHops } from "./runner.ts";
import { SamplesFiles } from "./samples-files.ts";

const forPrograms = (line: string): void => void process.stdout.write(`${line}\n`);
const forPeople = (line: string): void => void process.stderr.write(`${line}\n`);

/** The path of a record, in order. */
function hopsOf(config: ProofConfig, marked: MarkedRun): Hop[] {
  const store = objectStore(config.s3);
  const tablePrefix = [config.s3.warehouse, `${config.namespace}.db`, "samples"].filter(Boolean).join("/");
  const files = new SamplesFiles(store, tablePrefix, marked);
  const presto = new PrestoClient({ ...config.presto, schema: config.namespace });
  return [
    kafkaHop(config.kafka, marked),
    objectStoreHop(store, marked),
    sparkHop(files, marked, config.metastore.uri),
    catalogHop(config, store, files, marked),
    prestoHop(presto, marked),
    deadLetterHop(presto, marked),
  ];
}

function configOrExit(): ProofConfig {
  try {
    return readConfig(process.env);
  } catch (error) {
    forPeople(error instanceof Error ? error.message : String(error));
    process.exit(2);
  }
}

const config = configOrExit();
const marked = makeMarkedRun(config);
forPeople(`proof ${marked.run}: ${marked.records.length} records and ${marked.poison.length} poison ones`);
const stop = new AbortController();
for (const name of ["SIGTERM", "SIGINT"] as const) {
  process.once(name, () => {
    stop.abort();
  });
}
const result = await runHops(hopsOf(config, marked), {
  signal: stop.signal,
  timeoutMs: config.timeoutSeconds * 1000,
  onResult: (hop) => {
    forPrograms(hopJson(hop));
    forPeople(hopLine(hop));
  },
});
forPrograms(proofJson(marked.run, result));
proofLines(marked.run, result).forEach(forPeople);
process.exit(result.ok ? 0 : 1);
