/**
 * The platform on a machine four times slower than this one: the node's container is made with a quota of a quarter of
 * its processors. What makes progress is waited for, so `up` and its proof end green. The platform that was there goes, and
 * none is there afterwards: hence only by `--only slow-node`.
 */
import { cpus } from "node:os";

import { CPUS_VARIABLE } from "../../../clusters/embedded/container-spec.ts";
import { down, proof, up } from "../life.ts";
import type { Runner } from "../runner.ts";

const MINUTE = 60_000;
const TIMES_SLOWER = 4;

export async function slowNode(runner: Runner): Promise<void> {
  if (!(await down(runner, "npm run down makes room for a slow node"))) return;
  const share = cpus().length / TIMES_SLOWER;
  process.env[CPUS_VARIABLE] = String(share);
  try {
    if (await up(runner, "core", `npm run up ends in a proven platform on ${share} processors`, 70 * MINUTE)) {
      await proof(runner, "core");
    }
  } finally {
    Reflect.deleteProperty(process.env, CPUS_VARIABLE);
    await down(runner, "npm run down removes the slow node");
  }
}
