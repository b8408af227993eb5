/** Bad luck of what people work with: the proof waits for what comes back. */
import { kill, type Workload } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import type { Runner } from "../runner.ts";

const MINUTE = 60_000;

/** One hop asks each of the two, and they know nothing of each other. */
export async function frontsKilled(runner: Runner): Promise<void> {
  await greenAfter(runner, "Airflow's API server and the hub were killed", ["airflow/api-server", "jupyterhub/hub"]);
}

export async function sparkConnectKilled(runner: Runner): Promise<void> {
  await greenAfter(runner, "Spark Connect was killed", ["spark-connect"]);
}

async function greenAfter(runner: Runner, what: string, workloads: readonly Workload[]): Promise<void> {
  await runner.step(`the proof is green again after ${what}`, 9 * MINUTE, async () => {
    const since = Date.now();
    await Promise.all(workloads.map(kill));
    return await greenAgain(since, 2 * MINUTE);
  });
}
