/** Bad luck of NiFi: crashes in the middle of posts and files. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import { hasOwnNode, killProcess } from "../node.ts";
import { measured, MONITORING } from "../pipeline.ts";
import { addressOf, kill, ready, sql } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const POST = 20;
/** Time after which NiFi is killed, and for which is posted from then on, in ms. */
const KILL_MS = 8000;
const AFTER_MS = 15_000;
/** Records that must have been taken before NiFi is killed. */
const FIRST = 200;

/** Everything that was answered is in the lake once, whatever was sent again for want of an answer. */
export async function nifiKilled(runner: Runner): Promise<void> {
  await runner.step("a killed NiFi loses no post that it answered, and takes none twice", 8 * MINUTE, async () => {
    const run = `e2e-${randomUUID()}`;
    const counted = `SELECT count(*) AS n, count(DISTINCT id) AS ids FROM lake.telemetry.samples WHERE run = '${run}'`;
    const count = async (): Promise<number[]> => {
      const [row] = await sql(counted);
      return [Number(row?.["n"]), Number(row?.["ids"])];
    };
    let acknowledged = 0;
    let again = 0;
    let [killedAt, before] = [0, 0];
    const poster = async (name: number): Promise<void> => {
      const end = Date.now() + 5 * MINUTE;
      const isOver = (): boolean => Date.now() > (killedAt === 0 ? end : killedAt + AFTER_MS);
      for (let post = 0; !isOver(); post++) {
        const values = Array.from({ length: POST }, (_, index) => post * POST + index);
        const records = measured(run, `e2e.${MONITORING}`, values, `e2e-${name}`);
        const body = records.map((record) => JSON.stringify(record)).join("\n");
        const key = `${run}-${name}-${post}`;
        while (!(await isTaken(body, key))) {
          again++;
          must(Date.now() < end, "NiFi takes no post for minutes");
          await sleep(300);
        }
        acknowledged += POST;
      }
    };
    try {
      await ready("nifi", 2 * MINUTE);
      const killer = async (): Promise<void> => {
        await sleep(KILL_MS);
        await until(`${FIRST} records taken before the kill`, MINUTE, () =>
          Promise.resolve(acknowledged >= FIRST ? true : undefined),
        );
        [killedAt, before] = [Date.now(), acknowledged];
        await (hasOwnNode() ? killProcess("org.apache.nifi.NiFi") : kill("nifi"));
      };
      await Promise.all([poster(0), poster(1), killer()]);
      const back = Math.round((Date.now() - killedAt) / 1000);
      await until(`${acknowledged} records in the lake`, 2 * MINUTE, async () => {
        const [, ids = 0] = await count();
        return ids >= acknowledged ? true : undefined;
      });
      // What comes twice may come a little later.
      await sleep(5000);
      const [all = 0, ids = 0] = await count();
      must(
        all === acknowledged && ids === acknowledged,
        `${all} records, ${ids} distinct, of ${acknowledged} acknowledged`,
      );
      must(again > 0, "no post was without an answer: nothing was tried");
      // The posts that come again are a part of it.
      const green = await greenAgain(killedAt, 3 * MINUTE);
      return `${acknowledged} acknowledged, ${before} of them before the kill, 0 lost, 0 twice, ${again} attempts without an answer, all posted after ${back} s; ${green}`;
    } finally {
      await sql(`DELETE FROM lake.telemetry.samples WHERE run = '${run}'`).catch(() => undefined);
    }
  });
}

async function isTaken(body: string, key: string): Promise<boolean> {
  try {
    const response = await fetch(`http://${addressOf("nifiPosts")}`, {
      method: "POST",
      body,
      headers: { "idempotency-key": key },
      signal: AbortSignal.timeout(15_000),
    });
    await response.text();
    return response.status === 202;
  } catch {
    return false;
  }
}
