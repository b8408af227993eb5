/** Bad luck of Spark for people. */
import { kill } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import type { Runner } from "../runner.ts";

const MINUTE = 60_000;

export async function serverKilled(runner: Runner): Promise<void> {
  await runner.step("the proof is green again after Spark Connect was killed", 9 * MINUTE, async () => {
    const since = Date.now();
    await kill("spark-connect");
    return await greenAgain(since, 2 * MINUTE);
  });
}
