/**
 * Services are taken away in turn: the check must end red in time, name the hop and say what is wrong with it; and when
 * all are back, it must be green without anyone's help. A hop that was broken is seen to hold again by the checks after
 * it, which get further.
 */
import { check, failures, greenAgain, timed } from "../proofs.ts";
import { gone, ready, scale, type Workload } from "../platform.ts";
import { must, type Runner } from "../runner.ts";

const MINUTE = 60_000;

interface BrokenHop {
  /** What is scaled to zero. */
  readonly workloads: readonly Workload[];
  /** Hops that the check must give as missing, the first of them as its verdict, and what it must say of each. */
  readonly hops: Readonly<Record<string, RegExp>>;
  /** Time that the check should take at most. */
  readonly barMs: number;
}

const dataPath: readonly BrokenHop[] = [
  { workloads: ["kafka"], hops: { kafka: /Kafka at \S*:9092/ }, barMs: MINUTE },
  { workloads: ["object-store"], hops: { "object-store": /object-store\S*:3900\/lake/ }, barMs: 1.5 * MINUTE },
  { workloads: ["spark-telemetry-driver"], hops: { spark: /stream or its checkpoint/ }, barMs: 2 * MINUTE },
  // The stream stands still without it, but it is not the stream that is broken.
  { workloads: ["metastore"], hops: { catalog: /thrift:\S*:9083/ }, barMs: 1.5 * MINUTE },
  { workloads: ["presto"], hops: { presto: /Presto at \S*:8080/ }, barMs: 2 * MINUTE },
];

const studio: readonly BrokenHop[] = [
  {
    workloads: ["airflow/scheduler", "jupyterhub/hub"],
    hops: { airflow: /Airflow's scheduler is/, notebooks: /JupyterHub at \S*:8000/ },
    barMs: 2.5 * MINUTE,
  },
  {
    // Tries of a task and of a session take their time before they give up.
    workloads: ["spark-connect"],
    hops: { airflow: /[Ss]park/, notebooks: /[Ss]park/ },
    barMs: 4 * MINUTE,
  },
  {
    workloads: ["postgres"],
    hops: { airflow: /Airflow at \S*:8080/, notebooks: /JupyterHub at \S*:8000/ },
    barMs: 2.5 * MINUTE,
  },
];

export async function brokenDataPath(runner: Runner): Promise<void> {
  for (const broken of dataPath) await breakAndCheck(runner, broken);
  await recovers(runner, "the data path");
}

export async function brokenStudio(runner: Runner): Promise<void> {
  for (const broken of studio) await breakAndCheck(runner, broken);
  await recovers(runner, "what people work with");
}

async function breakAndCheck(runner: Runner, { workloads, hops, barMs }: BrokenHop): Promise<void> {
  const [names, wanted] = [workloads.join(" and "), Object.keys(hops)];
  const title = `with ${names} scaled to zero the check names ${wanted.join(" and ")}`;
  await runner.step(title, 3 * barMs + 8 * MINUTE, async () => {
    await Promise.all(workloads.map((workload) => scale(workload, 0)));
    try {
      await Promise.all(workloads.map((workload) => gone(workload, MINUTE)));
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
      await Promise.all(workloads.map((workload) => scale(workload, 1)));
      await Promise.all(workloads.map((workload) => ready(workload, 4 * MINUTE)));
    }
  });
}

async function recovers(runner: Runner, what: string): Promise<void> {
  await runner.step(`${what} recovers by itself when all is back`, 10 * MINUTE, () =>
    greenAgain(Date.now(), 5 * MINUTE),
  );
}
