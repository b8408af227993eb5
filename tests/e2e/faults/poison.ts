/** Bad input of the stream of numbers: each bad record is kept with its reason, and the stream goes on as if it were not there. */
import { randomUUID } from "node:crypto";

import { makeRecord, runHeader } from "../../../components/telemetry/programs/record.ts";
import {
  forget,
  idsInCassandra,
  METRIC,
  type Message,
  RANDOM_NUMBERS,
  sendMessages,
  STREAMS_DRIVER,
  withCassandra,
  withPump,
} from "../pipeline.ts";
import { fingerprints, sql } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
const GOOD = 50;

interface Poison {
  /** Beginning of the reason that the stream must give. */
  readonly reason: string;
  readonly value: string | null;
}

/** By name, which is the Kafka key of the record. */
function poisonOf(run: string): Readonly<Record<string, Poison>> {
  const record = makeRecord({ source: "proof", node: "e2e", at: new Date(), run }, { metric: METRIC, value: 1 });
  const changed = (change: object): string => JSON.stringify({ ...record, ...change });
  const wrong = (field: string): string => `field missing or of a wrong type: ${field}`;
  return {
    "not JSON": { reason: "not JSON", value: "<number>1</number>" },
    "nothing at all": { reason: "null value", value: null },
    "an empty text": { reason: "not JSON", value: "" },
    "half a record": { reason: "not JSON", value: changed({}).slice(0, -10) },
    "two megabytes": { reason: "value too big", value: "x".repeat(2_000_000) },
    "two megabytes of JSON": { reason: "value too big", value: changed({ metric: "x".repeat(2_000_000) }) },
    "a list": { reason: "no JSON object", value: "[1, 2, 3]" },
    "another schema": { reason: "unknown version", value: changed({ schema: "millrace.telemetry/0" }) },
    "a text for a number": { reason: wrong("value"), value: changed({ value: "high" }) },
    "no number": { reason: wrong("value"), value: changed({ value: null }) },
    "no id": { reason: wrong("id"), value: changed({ id: undefined }) },
    yesterday: { reason: "bad time", value: changed({ ts: "yesterday, about noon" }) },
    "the year 1": { reason: "time out of range", value: changed({ ts: "0001-01-01T00:00:00.000Z" }) },
    "a script for a run": { reason: "bad run", value: changed({ run: "<script>alert(1)</script>" }) },
  };
}

export async function poison(runner: Runner): Promise<void> {
  const run = `e2e-${randomUUID()}`;
  const from = new Date();
  const bad = poisonOf(run);
  const messages = Object.entries(bad).map(([key, { value }]): Message => ({
    key,
    value,
    headers: { [runHeader]: run },
  }));
  try {
    const title = `${messages.length} kinds of poison are kept with their reasons, once each, and the stream lives`;
    await runner.step(title, 4 * MINUTE, async () => {
      const before = await fingerprints(STREAMS_DRIVER);
      await sendMessages(RANDOM_NUMBERS, messages);
      const good = await withPump((pump) => pump({ run, values: Array.from({ length: GOOD }, (_, index) => index) }));
      const rows = await until("all of them in dead_letter", 2 * MINUTE, async () => {
        const found = await deadLetters(run);
        must(found.length >= messages.length, `${found.length} of ${messages.length}`);
        return found;
      });
      must(rows.length === messages.length, `${rows.length} rows for ${messages.length} records`);
      const reasons = new Map(rows.map(({ key, error }) => [key, error]));
      for (const [key, { reason }] of Object.entries(bad)) {
        const said = reasons.get(key) ?? "nothing";
        must(said.startsWith(reason), `of ${key} it says "${said}", not "${reason} …"`);
      }
      await mustArrive(run, from, new Set(good.map(({ id }) => id)));
      const after = await fingerprints(STREAMS_DRIVER);
      must(after.join() === before.join(), `the driver was started anew: ${before.join()}; now ${after.join()}`);
      return `${messages.length} kept, ${good.length} good numbers after them in Cassandra`;
    });
  } finally {
    await forget([run], from);
  }
}

async function deadLetters(run: string): Promise<{ readonly key: string; readonly error: string }[]> {
  const rows = await sql(`SELECT key, error FROM lake.random_numbers.dead_letter WHERE run = '${run}'`);
  return rows.map(({ key, error }) => ({ key: String(key), error: String(error) }));
}

async function mustArrive(run: string, from: Date, ids: ReadonlySet<string>): Promise<void> {
  await withCassandra((client) =>
    until("the good numbers in Cassandra, and nothing else", MINUTE, async () => {
      const found = await idsInCassandra(client, "random-numbers", run, from);
      const foreign = found.filter((id) => !ids.has(id));
      must(foreign.length === 0, `${foreign.length} rows of poison are in Cassandra`);
      must(found.length === ids.size, `${found.length} of ${ids.size}`);
      return true;
    }),
  );
}
