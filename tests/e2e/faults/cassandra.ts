/** Bad luck of Cassandra: what it has acknowledged must be there when it comes back, however it went away. */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";

import type { Client } from "cassandra-driver";

import { hasOwnNode, killProcess } from "../node.ts";
import { CASSANDRA, forget, idsInCassandra, METRIC, partitions, withCassandra } from "../pipeline.ts";
import { kill, ready } from "../platform.ts";
import { greenAgain } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const WRITERS = 8;
/** Writes before the fault. */
const ENOUGH = 500;
const INSERT =
  "INSERT INTO streaming.records (stream, series, minute, ts, id, metric, value, node, written_at) " +
  "VALUES ('random-numbers', ?, ?, ?, ?, ?, ?, 'e2e', toTimestamp(now()))";

export async function killed(runner: Runner): Promise<void> {
  const last = { at: Date.now() };
  if (hasOwnNode()) {
    const title = "a Cassandra whose process gets SIGKILL loses no acknowledged row";
    await runner.step(title, 6 * MINUTE, () => outlive(() => killProcess("CassandraDaemon")));
  }
  await runner.step("a Cassandra whose pod is killed loses no acknowledged row", 6 * MINUTE, () =>
    outlive(async () => {
      last.at = Date.now();
      await kill(CASSANDRA);
    }),
  );
  await runner.step("the proof is green again after Cassandra was killed", 8 * MINUTE, () =>
    greenAgain(last.at, 4 * MINUTE),
  );
}

/** Writes rows without a pause before, while and after the fault, and then looks for each that was acknowledged. */
async function outlive(fault: () => Promise<void>): Promise<string> {
  const [run, from] = [`e2e-${randomUUID()}`, new Date()];
  try {
    return await withCassandra(async (client) => {
      const rows = new Writes(client, run);
      const stop = new AbortController();
      const writing = Promise.all(Array.from({ length: WRITERS }, () => rows.write(stop.signal)));
      try {
        await until(`${ENOUGH} acknowledged rows`, MINUTE, () => settled(rows.acknowledged.size >= ENOUGH));
        await sleep(1000 * Math.random());
        const since = Date.now();
        await fault();
        // Seen from here it is away when a write fails, and back when one is acknowledged.
        await until("the fault to be noticed", MINUTE, () => settled(rows.refused > 0));
        const before = rows.acknowledged.size;
        await ready(CASSANDRA, 4 * MINUTE);
        await until("a row that is acknowledged again", 2 * MINUTE, () => settled(rows.acknowledged.size > before));
        const back = Math.round((Date.now() - since) / 1000);
        stop.abort();
        await writing;
        // A client that has just found its way back may lose it again for a moment.
        const found = await until("an answer with all rows", MINUTE, async () => {
          return new Set(await idsInCassandra(client, "random-numbers", run, from));
        });
        const lost = [...rows.acknowledged].filter((id) => !found.has(id));
        must(lost.length === 0, `${lost.length} of ${before} acknowledged rows are lost`);
        return `${before} acknowledged before it, 0 lost, ${rows.refused} writes refused, back after ${back} s`;
      } finally {
        stop.abort();
        await writing;
      }
    });
  } finally {
    await forget([run], from);
  }
}

const settled = (condition: boolean): Promise<true | undefined> => Promise.resolve(condition ? true : undefined);

class Writes {
  readonly acknowledged = new Set<string>();
  refused = 0;
  readonly #client: Client;
  readonly #run: string;

  constructor(client: Client, run: string) {
    this.#client = client;
    this.#run = run;
  }

  async write(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const [id, now] = [randomUUID(), new Date()];
      const [minute] = partitions(now, "minute", now);
      try {
        await this.#client.execute(INSERT, [this.#run, minute, now, id, METRIC, 1]);
        this.acknowledged.add(id);
      } catch {
        this.refused++;
        await sleep(200);
      }
    }
  }
}
