/**
 * The parts of the end-to-end test that need a platform which is up, by the names that `--only` takes, in the order of a
 * run: what breaks hops comes before the recovery from it, and what locks an account after those who need it.
 */
import type { Profile } from "../../config/profiles.ts";
import { pages as displayPages } from "../browser/display-pages.ts";
import { pages, sparkHistory } from "../browser/pages.ts";
import { flinkPage } from "../browser/flink-page.ts";
import { nifiPage } from "../browser/nifi-page.ts";
import { racePage } from "../browser/race-page.ts";
import { alertsCaused } from "./faults/alerts.ts";
import { watchingPages } from "../browser/watching-pages.ts";
import { audited } from "./audit.ts";
import { censusBatch } from "./census.ts";
import * as airflow from "./faults/airflow.ts";
import { broken, recovers } from "./faults/broken-hops.ts";
import * as cassandra from "./faults/cassandra.ts";
import * as catalog from "./faults/catalog.ts";
import { batchKilled } from "./faults/census-batch.ts";
import { brokerKilled, driverKilled } from "./faults/data-path.ts";
import * as display from "./faults/display.ts";
import { edges } from "./faults/edges.ts";
import { enginesKilled, waysKilled } from "./faults/engines-killed.ts";
import { garageStays } from "./faults/garage.ts";
import { handover } from "./faults/handover.ts";
import * as jupyterhub from "./faults/jupyterhub.ts";
import { whoDidWhat } from "./faults/audit-log.ts";
import { logsKept } from "./faults/logs.ts";
import { logins } from "./faults/logins.ts";
import { nifiKilled } from "./faults/nifi.ts";
import { nifiFlows } from "./faults/nifi-flows.ts";
import { oddRecords } from "./faults/odd-records.ts";
import { owners, twoClones } from "./faults/owners.ts";
import { frontsKilled, sparkConnectKilled } from "./faults/people.ts";
import { peopleRefused } from "./faults/people-refused.ts";
import { poison } from "./faults/poison.ts";
import * as postgres from "./faults/postgres.ts";
import * as race from "./faults/race.ts";
import { resize } from "./faults/resize.ts";
import { retry } from "./faults/retry.ts";
import { grown } from "./faults/scale.ts";
import { slowNode } from "./faults/slow-node.ts";
import * as time from "./faults/time.ts";
import { changedValue } from "./faults/values.ts";
import { driverKilledOften } from "./faults/windows.ts";
import { zookeeperKilled } from "./faults/zookeeper.ts";
import { leaderKilled } from "./faults/zookeeper-members.ts";
import { memory, proof, unchangedUp } from "./life.ts";
import { faultsThatNeed } from "./listed/list.ts";
import type { Options } from "./options.ts";
import type { Runner } from "./runner.ts";
import { PLATFORM } from "./selection/owners.ts";
import { type PartFacts, RECOVERY } from "./selection/plan.ts";

export interface Part extends PartFacts {
  readonly run: (runner: Runner, profile: Profile, options: Options) => Promise<void>;
}

const fault = (name: string): string => `tests/e2e/faults/${name}.ts`;
const brokenFiles = ["broken-hops", "put-back", "one-way", "census-file", "unattended"].map(fault);

/** A part that breaks hops; all of them have their files in common. */
function hop(name: Parameters<typeof broken>[0], facts: Omit<PartFacts, "breaksHops" | "files">): Part {
  return { ...facts, run: broken(name), breaksHops: true, files: brokenFiles };
}

const spine = { rooms: [] };
const studio = { needs: "studio" } as const;
const pipeline = { needs: "pipeline" } as const;
const streams = { needs: "streams" } as const;

export const parts: Readonly<Record<string, Part>> = {
  check: { run: proof, minutes: 0.7, spine: "first", ...spine },
  values: { run: changedValue, minutes: 0.7, rooms: ["telemetry"], files: [fault("values")] },
  logins: { run: logins, minutes: 3, rooms: ["auth-proxy", "presto", "display"], files: [fault("logins")] },
  unchanged: { run: unchangedUp, minutes: 1, spine: "each", ...spine },
  memory: { run: memory, minutes: 0.1, spine: "each", ...spine },
  kafka: { run: brokerKilled, minutes: 0.6, spine: "first", ...spine },
  stream: { run: driverKilled, minutes: 1.4, spine: "first", ...spine },

  time: { run: time.oneMeaning, minutes: 0.2, rooms: ["presto"], files: [fault("time")] },
  owners: { run: owners, minutes: 0.3, rooms: [PLATFORM], files: [fault("owners")] },
  // Not measured yet.
  edges: { run: edges, minutes: 2, rooms: [PLATFORM], files: [fault("edges"), "tests/e2e/edges/*"] },
  // Not measured yet.
  "people-refused": {
    run: peopleRefused,
    minutes: 4,
    rooms: ["airflow", "jupyterhub", "spark-connect"],
    files: [fault("people-refused"), "tests/e2e/programs/tries.py"],
    ...studio,
  },
  retry: { run: retry, minutes: 1.5, rooms: [PLATFORM], files: [fault("retry")] },

  // With nothing in the caches: Checkov's wheels, and two programs in Go.
  audit: { run: audited, minutes: 6, rooms: [PLATFORM], files: ["audit/**", "tests/e2e/audit.ts"] },

  // Those that need nothing are tried before every first `up`.
  "faults-api-server": {
    run: faultsThatNeed("an API server"),
    minutes: 5,
    rooms: [PLATFORM],
    files: ["tests/e2e/listed/*", "bench/engine/*"],
  },
  "faults-pods": {
    run: faultsThatNeed("a platform"),
    minutes: 5,
    rooms: [PLATFORM],
    files: ["tests/e2e/listed/*"],
  },

  census: {
    run: async (runner) => {
      await censusBatch(runner);
      await sparkHistory(runner);
    },
    minutes: 1,
    rooms: ["airflow", "spark", "spark-history", "census"],
    files: ["tests/e2e/census.ts", "tests/browser/pages.ts"],
    ...studio,
  },
  browser: {
    run: pages,
    minutes: 1.2,
    rooms: ["airflow", "jupyterhub"],
    files: ["tests/browser/*"],
    ...studio,
  },
  servers: {
    run: jupyterhub.servers,
    minutes: 1,
    rooms: ["jupyterhub", "library", "spark-connect"],
    files: [fault("jupyterhub")],
    ...studio,
  },
  dags: { run: airflow.badInput, minutes: 2.5, rooms: ["airflow", "library"], files: [fault("airflow")], ...studio },
  scheduler: { run: airflow.schedulerKilled, minutes: 1.3, rooms: ["airflow"], files: [fault("airflow")], ...studio },
  "api-server-and-hub": {
    run: frontsKilled,
    minutes: 1.3,
    rooms: ["airflow", "jupyterhub"],
    files: [fault("people")],
    ...studio,
  },
  "spark-connect": {
    run: sparkConnectKilled,
    minutes: 1.4,
    rooms: ["spark-connect"],
    files: [fault("people")],
    ...studio,
  },
  postgres: { run: postgres.killed, minutes: 1.3, rooms: ["postgres"], files: [fault("postgres")], ...studio },
  restore: { run: postgres.restored, minutes: 0.4, rooms: ["postgres"], files: [fault("postgres")], ...studio },

  "display-pages": { run: displayPages, minutes: 3, rooms: ["display"], files: ["tests/browser/*"], ...pipeline },
  malformed: { run: display.malformed, minutes: 0.1, rooms: ["display"], files: [fault("display")], ...pipeline },
  poison: { run: poison, minutes: 0.2, rooms: ["windows", "random-numbers"], files: [fault("poison")], ...pipeline },
  "odd-records": {
    run: oddRecords,
    minutes: 3,
    rooms: ["spark", "telemetry", "windows"],
    files: [fault("odd-records")],
    ...pipeline,
  },
  windows: { run: driverKilledOften, minutes: 4.4, rooms: ["windows"], files: [fault("windows")], ...pipeline },
  "census-file": { run: batchKilled, minutes: 4, rooms: ["census"], files: [fault("census-batch")], ...pipeline },
  cassandra: { run: cassandra.killed, minutes: 3.5, rooms: ["cassandra"], files: [fault("cassandra")], ...pipeline },
  "without-cassandra": {
    run: display.withoutCassandra,
    minutes: 3,
    rooms: ["cassandra", "display"],
    files: [fault("display")],
    ...pipeline,
  },

  // `hop-catalog` takes the catalog away, and `postgres` its database; this one takes both.
  catalog: { run: catalog.killed, minutes: 4, rooms: ["catalog", "postgres"], files: [fault("catalog")] },

  "hop-last-runs": hop("hop-last-runs", { minutes: 1.2, rooms: ["airflow", "postgres"], ...studio }),
  // The batch that it asks for and the history are in one profile only.
  "hop-history": hop("hop-history", { minutes: 2, rooms: ["spark-history"], needs: "full", isLong: true }),
  "hop-fronts": hop("hop-fronts", { minutes: 3, rooms: ["airflow", "jupyterhub"], ...studio }),
  "hop-spark-connect": hop("hop-spark-connect", { minutes: 4.3, rooms: ["spark-connect", "telemetry"], ...studio }),
  "hop-postgres": hop("hop-postgres", { minutes: 0.8, rooms: ["postgres"], ...studio }),
  "hop-census": hop("hop-census", { minutes: 1.5, rooms: ["census"], ...pipeline }),
  "hop-display": hop("hop-display", { minutes: 2.4, rooms: ["display"], ...pipeline }),
  "hop-lake": hop("hop-lake", { minutes: 2.5, rooms: ["windows"], ...pipeline }),
  "hop-windows": hop("hop-windows", { minutes: 2.3, rooms: ["windows"], ...pipeline }),
  "hop-live": hop("hop-live", { minutes: 0.9, rooms: ["display"], ...pipeline }),
  "hop-pump": hop("hop-pump", { minutes: 1, rooms: ["random-numbers"], ...pipeline }),
  "race-page": {
    run: racePage,
    minutes: 1.5,
    rooms: ["race-car", "race-windows", "display"],
    files: ["tests/browser/*"],
    ...streams,
  },
  "flink-page": { run: flinkPage, minutes: 0.4, rooms: ["flink"], files: ["tests/browser/*"], ...streams },
  "nifi-page": { run: nifiPage, minutes: 0.5, rooms: ["nifi"], files: ["tests/browser/*"], ...streams },
  "nifi-flows": { run: nifiFlows, minutes: 2, rooms: ["nifi"], files: [fault("nifi-flows")], ...streams },
  "race-samples": { run: race.malformed, minutes: 0.5, rooms: ["race-car"], files: [fault("race")], ...streams },
  "engines-killed": {
    run: enginesKilled,
    minutes: 3,
    rooms: ["flink", "race-windows", "spark"],
    files: [fault("engines-killed")],
    ...streams,
  },
  "race-ways-killed": {
    run: waysKilled,
    minutes: 3.4,
    rooms: ["race-car", "connect"],
    files: [fault("engines-killed")],
    ...streams,
  },
  "hop-race": hop("hop-race", { minutes: 0.8, rooms: ["race-car"], ...streams }),
  "hop-race-spark": hop("hop-race-spark", { minutes: 2.7, rooms: ["race-windows"], ...streams }),
  "hop-race-flink": hop("hop-race-flink", {
    minutes: 3.2,
    rooms: ["flink", "race-windows"],
    ...streams,
  }),
  "hop-cassandra": hop("hop-cassandra", { minutes: 0.9, rooms: ["cassandra"], ...pipeline }),
  "hop-zookeeper": hop("hop-zookeeper", { minutes: 1, rooms: ["zookeeper"], ...streams }),
  "zookeeper-killed": {
    run: zookeeperKilled,
    minutes: 2,
    rooms: ["zookeeper"],
    files: [fault("zookeeper")],
    ...streams,
  },
  "hop-nifi": hop("hop-nifi", { minutes: 1.5, rooms: ["nifi"], ...streams }),
  "nifi-killed": {
    run: nifiKilled,
    minutes: 2.5,
    rooms: ["nifi"],
    files: [fault("nifi")],
    ...streams,
  },
  "hop-logs": hop("hop-logs", { minutes: 1.5, rooms: ["logs"], ...studio }),
  "hop-metrics": hop("hop-metrics", { minutes: 1.5, rooms: ["metrics"], ...studio }),
  "watching-pages": {
    run: watchingPages,
    minutes: 0.5,
    rooms: ["portal", "logs", "metrics"],
    files: ["tests/browser/watching-pages.ts"],
    ...studio,
  },
  alerts: { run: alertsCaused, minutes: 6, rooms: ["metrics"], files: [fault("alerts")], ...studio },
  logs: { run: logsKept, minutes: 5, rooms: ["logs"], files: [fault("logs")], ...studio },
  "hop-audit": hop("hop-audit", { minutes: 1.5, rooms: ["audit-log"], ...studio }),
  "hop-portal": hop("hop-portal", { minutes: 1.5, rooms: ["portal"], ...studio }),
  "audit-log": {
    run: whoDidWhat,
    minutes: 2,
    rooms: ["audit-log", "airflow", "jupyterhub"],
    files: [fault("audit-log")],
    ...studio,
  },
  "hop-connect": hop("hop-connect", { minutes: 1.3, rooms: ["connect"], ...streams }),
  "hop-spark": hop("hop-spark", { minutes: 1.8, rooms: ["spark", "telemetry"] }),
  "hop-presto": hop("hop-presto", { minutes: 2.5, rooms: ["presto"] }),
  "hop-kafka": hop("hop-kafka", { minutes: 0.6, rooms: ["kafka"] }),
  "hop-object-store": hop("hop-object-store", { minutes: 2, rooms: ["object-store"] }),
  "hop-catalog": hop("hop-catalog", { minutes: 0.7, rooms: ["catalog"] }),
  [RECOVERY]: { run: recovers, minutes: 1.8, rooms: [] },

  resize: { run: resize, minutes: 2.8, rooms: [PLATFORM], files: [fault("resize")] },
  "airflow-login": {
    run: airflow.wrongPassword,
    minutes: 0.2,
    rooms: ["airflow"],
    files: [fault("airflow")],
    ...studio,
  },
  "hub-login": {
    run: jupyterhub.wrongPassword,
    minutes: 0.2,
    rooms: ["jupyterhub"],
    files: [fault("jupyterhub")],
    ...studio,
  },

  // Where no `pulumi` is on the PATH it only says so.
  handover: {
    run: handover,
    minutes: 8,
    rooms: [PLATFORM],
    files: [fault("handover"), "bench/engine/*"],
    isLong: true,
  },

  // Not tried yet: a core platform comes up beside the one that is there, from the same images. Once it has its minutes it
  // takes its turn like others.
  "two-clones": { run: twoClones, minutes: 6, rooms: [PLATFORM], files: [fault("owners")], isLong: true },
  // Not measured yet. It leaves three brokers and two nodes of Cassandra.
  "zookeeper-members": {
    run: leaderKilled,
    minutes: 6.5,
    rooms: ["zookeeper"],
    files: [fault("zookeeper-members")],
    isLong: true,
    ...streams,
  },
  scale: { run: grown, minutes: 30, rooms: ["kafka", "cassandra"], files: [fault("scale")], isLong: true, ...pipeline },
};

/** What holds on any cluster, whatever it publishes: for runs without faults. */
export const ordinary: readonly string[] = ["check", "values", "unchanged", "memory"];

/** Parts that make a platform of their own: they run when no other is up, or take the one that is up away. */
export const alone: Readonly<Record<string, (runner: Runner) => Promise<void>>> = {
  "slow-node": slowNode,
  garage: garageStays,
};
