/**
 * Services are taken away in turn, and a file is changed: the check must end red in time, name the hop and say what is
 * wrong with it; and when all are back, it must be green without anyone's help.
 *
 * A step does not wait until what it has put back serves again: the check names the first missing hop, so that those
 * after it may still be on their way. Hence a path is broken from its end to its begin, except that a stream which is to
 * live through the loss of what it needs is started anew before that, and is seen to flow again at the end.
 */
import { sinks } from "../../../display/protocol.ts";
import type { Profile } from "../../../config/profiles.ts";
import { messageOf } from "../../../cli/errors.ts";
import { CASSANDRA, DISPLAY, PUMP, STREAMS_DRIVER, windowsOf } from "../pipeline.ts";
import { gone, ready, scale, sql, type Workload } from "../platform.ts";
import { check, failures, greenAgain, timed } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";
import { censusFileChanged } from "./census-file.ts";
import { lakeStandsStill, rightRevoked, windowsLeftOut } from "./one-way.ts";
import { type Fault, PutBack, together } from "./put-back.ts";
import { serviceNames } from "../../support/service-names.ts";
import { lastRunFailed, newestBackupDamaged } from "./unattended.ts";

const MINUTE = 60_000;
const TELEMETRY: Workload = "telemetry-producer";

interface BrokenHop {
  readonly fault: Fault;
  /** Hops that the check must give as missing, the first of them as its verdict, and what it must say of each. */
  readonly hops: Readonly<Record<string, RegExp>>;
  /** Time that the check should take at most. */
  readonly barMs: number;
  /** Waits for streams that the hops before this one look at. @default - they look at none that was disturbed */
  readonly flows?: () => Promise<void>;
  /** Taken away by the steps before, and asked by the hops before this one. @default - nothing */
  readonly needs?: readonly Workload[];
}

function atZero(...workloads: readonly Workload[]): Fault {
  return {
    what: `${workloads.join(" and ")} scaled to zero`,
    begin: async () => {
      await Promise.all(workloads.map((workload) => scale(workload, 0)));
      await Promise.all(workloads.map((workload) => gone(workload, MINUTE)));
    },
    end: async () => {
      await Promise.all(workloads.map((workload) => scale(workload, 1)));
    },
  };
}

/**
 * By the names of the parts, in their order. A check names the first missing hop of each branch, so that hops of different
 * branches are broken together.
 */
const brokenHops = {
  "hop-fronts": {
    fault: atZero("airflow/scheduler", "jupyterhub/hub"),
    hops: { airflow: /Airflow's scheduler is/, notebooks: /JupyterHub at \S*:8000/ },
    barMs: 2.5 * MINUTE,
    flows: telemetryFlows,
  },
  "hop-last-runs": {
    fault: together(lastRunFailed("census_batch"), lastRunFailed("lake_maintenance"), newestBackupDamaged()),
    hops: {
      "census-dag": /the last run of DAG census_batch, e2e-\S+, failed/,
      maintenance: /the last run of DAG lake_maintenance, e2e-\S+, failed/,
      backup: /is damaged: it lacks the dump of e2e/,
    },
    barMs: 2 * MINUTE,
  },
  "hop-logs": {
    fault: atZero("logs-collector"),
    hops: { logs: /what reads the pods' logs at \S+/ },
    barMs: 2 * MINUTE,
  },
  "hop-metrics": {
    fault: atZero("metrics-exporter"),
    hops: { metrics: /the exporter of metrics at \S+/ },
    barMs: 2 * MINUTE,
  },
  "hop-audit": {
    fault: atZero("audit-log"),
    hops: { audit: /the audit log at \S+/ },
    barMs: 2 * MINUTE,
  },
  "hop-portal": {
    fault: atZero("portal"),
    hops: { portal: /the portal at \S+/ },
    barMs: 2 * MINUTE,
  },
  "hop-history": {
    fault: atZero("spark-history"),
    hops: { "spark-history": /Spark's history server at \S+/ },
    barMs: 2.5 * MINUTE,
  },
  // Tries of a task and of a session take their time before they give up, and so does the wait for the newest telemetry.
  "hop-spark-connect": {
    fault: atZero(TELEMETRY, "spark-connect"),
    hops: { telemetry: /telemetry producer sends none/, airflow: /[Ss]park/, notebooks: /[Ss]park/ },
    barMs: 4 * MINUTE,
    needs: ["airflow/scheduler", "jupyterhub/hub"],
  },
  // The catalog is in it too, and no branch is judged once the data path is broken.
  "hop-postgres": {
    fault: atZero("postgres"),
    hops: { catalog: /thrift:\S*:9083 does not list its databases/ },
    barMs: 1.5 * MINUTE,
  },
  "hop-census": {
    fault: censusFileChanged(),
    hops: { census: /all\/all\/income/ },
    barMs: 2.5 * MINUTE,
    flows: numbersFlow,
  },
  "hop-display": {
    fault: rightRevoked(),
    hops: { display: /from cassandra/ },
    barMs: 2.5 * MINUTE,
    flows: numbersFlow,
  },
  "hop-lake": {
    fault: lakeStandsStill(),
    // One query writes all tables, and no branch is judged once the data path is broken.
    hops: { spark: /stream or its checkpoint/ },
    barMs: 3.5 * MINUTE,
    flows: numbersFlow,
  },
  "hop-windows": {
    fault: windowsLeftOut(),
    hops: { cassandra: /stream windows or its checkpoint/ },
    barMs: 2.5 * MINUTE,
    flows: numbersFlow,
  },
  "hop-connect": {
    fault: atZero("connect"),
    hops: { connect: /Kafka Connect at \S*:8083/ },
    barMs: 2 * MINUTE,
  },
  "hop-live": { fault: atZero(DISPLAY), hops: { live: /display at \S*:8080/ }, barMs: 1.5 * MINUTE },
  "hop-pump": {
    fault: atZero(PUMP),
    hops: { pump: /pump of random numbers at \S*:8080/ },
    barMs: 1.5 * MINUTE,
  },
  "hop-race": {
    fault: atZero(`${serviceNames.raceCar}/ingest`),
    hops: { race: /ingest at \S*:8080/ },
    barMs: 1.5 * MINUTE,
  },
  "hop-race-spark": {
    fault: windowsLeftOut(),
    hops: { "race-spark": /streams' query race or its checkpoint/ },
    barMs: 2.5 * MINUTE,
  },
  "hop-race-flink": {
    fault: atZero("flink/taskmanager"),
    hops: { "race-flink": /engine flink 0 of .* of Flink's job race-windows, which is \w+, 0 of \d+ parts run/ },
    barMs: 3.5 * MINUTE,
  },
  "hop-cassandra": {
    fault: atZero(CASSANDRA),
    hops: { cassandra: /Cassandra at \S*:9042/ },
    barMs: 1.5 * MINUTE,
    needs: [PUMP, DISPLAY],
  },
  "hop-zookeeper": {
    fault: atZero("zookeeper"),
    hops: { zookeeper: /ZooKeeper at \S*:2181/ },
    barMs: MINUTE,
  },
  "hop-nifi": {
    fault: atZero("nifi"),
    hops: { nifi: /NiFi at \S*:8090\S* takes no post/ },
    barMs: 2 * MINUTE,
  },
  "hop-spark": {
    fault: atZero(STREAMS_DRIVER),
    hops: { spark: /stream or its checkpoint/ },
    barMs: 2 * MINUTE,
  },
  "hop-presto": {
    fault: atZero("presto"),
    hops: { presto: /Presto at \S*:8080/ },
    barMs: 1.5 * MINUTE,
    flows: telemetryFlows,
  },
  "hop-kafka": { fault: atZero("kafka"), hops: { kafka: /Kafka at \S*:9092/ }, barMs: MINUTE },
  "hop-object-store": {
    fault: atZero("object-store"),
    hops: { "object-store": /object-store\S*:\d+\/lake/ },
    barMs: 1.5 * MINUTE,
    needs: ["kafka"],
  },
  // The stream stands still without it, but it is not the stream that is broken.
  "hop-catalog": {
    fault: atZero("metastore"),
    hops: { catalog: /thrift:\S*:9083/ },
    barMs: 1.5 * MINUTE,
    needs: ["kafka", "object-store"],
  },
} satisfies Readonly<Record<string, BrokenHop>>;

const putBack = new PutBack();

/** The part that breaks these hops. */
export function broken(name: keyof typeof brokenHops): (runner: Runner) => Promise<void> {
  return (runner) => breakAndCheck(runner, brokenHops[name]);
}

/** What all steps before have taken away holds again. */
export async function recovers(runner: Runner, profile: Profile): Promise<void> {
  await runner.step("the platform recovers by itself when all is back", 20 * MINUTE, async () => {
    const since = Date.now();
    await putBack.all();
    await (["pipeline", "full"].includes(profile) ? numbersFlow() : telemetryFlows());
    return await greenAgain(since, 5 * MINUTE);
  });
}

/** Age of the newest record in the lake or in Cassandra at which a stream is at work, in seconds. */
const FRESH_SECONDS = 30;

/** The stream writes: what was broken before can hold it back for a while, by a lock that it left or a pause that it makes. */
async function telemetryFlows(): Promise<void> {
  await until("the stream to write again", 4 * MINUTE, async () => {
    const age = `ingested_at > localtimestamp - INTERVAL '${FRESH_SECONDS}' SECOND`;
    const [row] = await sql(`SELECT count(*) AS n FROM lake.telemetry.samples WHERE ${age}`);
    return Number(row?.["n"]) > 0 ? true : undefined;
  });
}

async function numbersFlow(): Promise<void> {
  await telemetryFlows();
  await until("numbers in both sinks again", 6 * MINUTE, async () => {
    for (const sink of sinks) {
      const { lastRecordAt } = await windowsOf(sink, "random-numbers", { minutes: "5" });
      const isFresh = lastRecordAt !== null && Date.now() - Date.parse(lastRecordAt) < FRESH_SECONDS * 1000;
      must(isFresh, `the newest number from ${sink} is of ${lastRecordAt ?? "never"}`);
    }
    return true;
  });
}

async function breakAndCheck(runner: Runner, broken: BrokenHop): Promise<void> {
  const { fault, hops, barMs, flows, needs = [] } = broken;
  const wanted = Object.keys(hops);
  const title = `with ${fault.what} the check names ${wanted.join(" and ")}`;
  await runner.step(title, 3 * barMs + 12 * MINUTE, async () => {
    await tidy();
    await flows?.();
    try {
      await Promise.all([putBack.begin(fault), ...needs.map((workload) => ready(workload, 4 * MINUTE))]);
      const { code, ms, report } = await check();
      must(code !== 0, "the check passed");
      must(report.error === null, `it gave no verdict: ${report.error ?? ""}`);
      must(report.failedHop === wanted[0], `it named ${report.failedHop ?? "no hop"}: ${failures(report)}`);
      for (const [hop, says] of Object.entries(hops)) {
        const found = report.hops.find((one) => one.hop === hop);
        must(found?.ok === false, `it does not give ${hop} as missing: ${failures(report)}`);
        must(says.test(found.message), `it said of ${hop} only: ${found.message}`);
      }
      return `${timed("named after", ms, barMs)}: ${failures(report)}`;
    } finally {
      await tidy();
    }
  });
}

/** What can't be put back now is tried again by the next step: it need not harm that one, and the last one insists on it. */
async function tidy(): Promise<void> {
  await putBack.all().catch((error: unknown) => {
    console.log(`    ${messageOf(error)}`);
  });
}
