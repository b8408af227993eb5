/** The parts of the end-to-end test that need a platform which is up, by the names that `--only` takes. */
import type { Profile } from "../../config/profiles.ts";
import { pages as displayPages } from "../browser/display-pages.ts";
import { pages } from "../browser/pages.ts";
import { censusBatch } from "./census.ts";
import * as airflow from "./faults/airflow.ts";
import { brokenDataPath, brokenPipeline, brokenStudio, recovers } from "./faults/broken-hops.ts";
import * as cassandra from "./faults/cassandra.ts";
import * as catalog from "./faults/catalog.ts";
import { batchKilled } from "./faults/census-batch.ts";
import { brokerKilled, driverKilled } from "./faults/data-path.ts";
import * as display from "./faults/display.ts";
import * as jupyterhub from "./faults/jupyterhub.ts";
import { owners, twoClones } from "./faults/owners.ts";
import { frontsKilled, sparkConnectKilled } from "./faults/people.ts";
import { oddRecords } from "./faults/odd-records.ts";
import { poison } from "./faults/poison.ts";
import * as postgres from "./faults/postgres.ts";
import { resize } from "./faults/resize.ts";
import { retry } from "./faults/retry.ts";
import { slowNode } from "./faults/slow-node.ts";
import { grown } from "./faults/scale.ts";
import * as time from "./faults/time.ts";
import { driverKilledOften } from "./faults/windows.ts";
import { memory, proof, unchangedUp } from "./life.ts";
import type { Options } from "./options.ts";
import type { Runner } from "./runner.ts";

export interface Part {
  readonly run: (runner: Runner, profile: Profile, options: Options) => Promise<void>;
  /** What it needs on top of the data path. @default - nothing */
  readonly needs?: "studio" | "pipeline";
  /** Whether a later profile on the same cluster has it too, though it needs nothing. @default - only the first has */
  readonly always?: true;
}

/** Parts that look at the whole platform. */
export const looks: Readonly<Record<string, Part>> = {
  check: { run: proof },
  unchanged: { run: unchangedUp },
  memory: { run: memory },
};

/**
 * The faults and the pages, in order: what breaks hops comes before the recovery from it, and what locks an account after
 * those who need it.
 */
export const faults: Readonly<Record<string, Part>> = {
  time: { run: time.oneMeaning },
  owners: { run: owners },
  retry: { run: retry },
  kafka: { run: brokerKilled },
  stream: { run: driverKilled },
  census: { run: censusBatch, needs: "studio" },
  browser: { run: pages, needs: "studio" },
  servers: { run: jupyterhub.servers, needs: "studio" },
  dags: { run: airflow.badInput, needs: "studio" },
  scheduler: { run: airflow.schedulerKilled, needs: "studio" },
  "api-server-and-hub": { run: frontsKilled, needs: "studio" },
  "spark-connect": { run: sparkConnectKilled, needs: "studio" },
  postgres: { run: postgres.killed, needs: "studio" },
  restore: { run: postgres.restored, needs: "studio" },
  "display-pages": { run: displayPages, needs: "pipeline" },
  malformed: { run: display.malformed, needs: "pipeline" },
  poison: { run: poison, needs: "pipeline" },
  "odd-records": { run: oddRecords, needs: "pipeline" },
  windows: { run: driverKilledOften, needs: "pipeline" },
  "census-file": { run: batchKilled, needs: "pipeline" },
  cassandra: { run: cassandra.killed, needs: "pipeline" },
  "without-cassandra": { run: display.withoutCassandra, needs: "pipeline" },
  studio: { run: brokenStudio, needs: "studio" },
  pipeline: { run: brokenPipeline, needs: "pipeline" },
  "data-path": { run: brokenDataPath },
  recovery: { run: recovers, always: true },
  resize: { run: resize },
  "airflow-login": { run: airflow.wrongPassword, needs: "studio" },
  "hub-login": { run: jupyterhub.wrongPassword, needs: "studio" },
};

/** Parts that make a platform of their own: only by their names, for they take the one that is up away. */
export const alone: Readonly<Record<string, (runner: Runner) => Promise<void>>> = {
  "slow-node": slowNode,
};

/** What `--profile all` brings up, one after the other on the same cluster. */
const inTurn: readonly Profile[] = ["studio", "pipeline"];

/** Parts that take a larger machine, or longer than what they add to the others: they run only when they are named. */
export const onlyNamed: Readonly<Record<string, Part>> = {
  // `data-path` takes the catalog away, and `postgres` its database.
  catalog: { run: catalog.killed },
  // It leaves three brokers and two nodes of Cassandra.
  scale: { run: grown, needs: "pipeline" },
  "two-clones": { run: twoClones },
};

/** The profiles of a run. `undefined`: there is none of that name. */
export function stagesOf(name: string): readonly Profile[] | undefined {
  if (name === "all") return inTurn;
  const named = (["core", "studio", "pipeline"] satisfies Profile[]).find((profile) => profile === name);
  return named === undefined ? undefined : [named];
}

/** Names of the looks of a stage. A later one has had the same proof, held against the same figures, from its `up`. */
export function looksOf(isLater: boolean): string[] {
  return Object.keys(looks).filter((name) => !(isLater && name === "check"));
}

/** Names of the faults of a stage: in a later one only those of its own, for the data path's are behind it. */
export function faultsOf(profile: Profile, isLater: boolean): string[] {
  return Object.entries(faults)
    .filter(([, { needs, always }]) => (needs === undefined ? !isLater || always : needs === profile))
    .map(([name]) => name);
}
