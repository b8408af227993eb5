/** One meaning of time: what a client's zone must not change, over the table of cases that the library is tested with too. */
import { readFileSync } from "node:fs";
import { z } from "zod";
import { PrestoClient, type PrestoValue } from "../../../components/presto/programs/presto-client.ts";
import { addressOf, loginAt } from "../platform.ts";
import { must, type Runner } from "../runner.ts";

const MINUTE = 60_000;
const TABLE = "lake.telemetry.e2e_time";

const cases = z
  .object({
    zones: z.array(z.string()),
    times: z.array(z.object({ what: z.string(), text: z.string() })),
    instants: z.array(z.object({ zone: z.string(), local: z.string(), fold: z.number(), utc: z.string() })),
  })
  .parse(JSON.parse(readFileSync(new URL("../../support/time-cases.json", import.meta.url), "utf8")));

const client = async (timeZone: string): Promise<PrestoClient> =>
  new PrestoClient({
    url: `http://${addressOf("presto")}`,
    catalog: "lake",
    schema: "telemetry",
    user: "e2e",
    login: await loginAt("presto"),
    timeZone,
    statementTimeoutMs: MINUTE,
  });
const ask = async (zone: string, query: string): Promise<Record<string, PrestoValue>[]> =>
  await (await client(zone)).query(query);

export async function oneMeaning(runner: Runner): Promise<void> {
  const { zones, times, instants } = cases;
  await runner.step("what a client of any zone writes and compares means the same to all", 3 * MINUTE, async () => {
    await ask("UTC", `DROP TABLE IF EXISTS ${TABLE}`);
    await ask("UTC", `CREATE TABLE ${TABLE} (zone varchar, ts timestamp)`);
    try {
      for (const zone of zones) {
        const rows = times.map(({ text }) => `('${zone}', TIMESTAMP '${text}')`);
        await ask(zone, `INSERT INTO ${TABLE} VALUES ${rows.join(", ")}`);
      }
      const counts = times.map(({ text }, index) => `count_if(ts = TIMESTAMP '${text}') AS c${index}`);
      for (const zone of zones) {
        const [found = {}] = await ask(zone, `SELECT ${counts.join(", ")} FROM ${TABLE}`);
        for (const [index, { what, text }] of times.entries()) {
          must(
            found[`c${index}`] === zones.length,
            `asked from ${zone}: ${String(found[`c${index}`])} of ${zones.length} rows are of ${text}, ${what}`,
          );
        }
        const texts = await ask(zone, `SELECT DISTINCT ts FROM ${TABLE} ORDER BY ts`);
        must(
          texts.map((row) => String(row["ts"])).join() ===
            times
              .map(({ text }) => text)
              .toSorted()
              .join(),
          `${zone} reads ${texts.map((row) => String(row["ts"])).join(", ")}`,
        );
      }
    } finally {
      await ask("UTC", `DROP TABLE IF EXISTS ${TABLE}`);
    }
    return `${times.length} times from and to ${zones.length} zones`;
  });
  await runner.step("a filter on times that Spark wrote finds the same from every zone", MINUTE, async () => {
    const [first] = await ask(
      "UTC",
      "SELECT CAST(min(ts) AS varchar) AS since, CAST(max(ts) AS varchar) AS until FROM samples",
    );
    const until = String(first?.["until"]);
    const query =
      `SELECT count(*) AS rows_, CAST(min(ts) AS varchar) AS since, CAST(max(ts) AS varchar) AS until FROM samples ` +
      `WHERE ts <= TIMESTAMP '${until}'`;
    const answers = await Promise.all(zones.map(async (zone) => JSON.stringify(await ask(zone, query))));
    must(
      new Set(answers).size === 1,
      `the answers differ: ${zones.map((zone, i) => `${zone} ${answers[i] ?? ""}`).join("; ")}`,
    );
    return answers[0];
  });
  await runner.step(
    "an instant of any zone is one time in UTC, also on the night of a clock change",
    MINUTE,
    async () => {
      for (const { zone, local, fold, utc } of instants) {
        const seconds = Date.parse(`${utc.replace(" ", "T")}Z`) / 1000;
        const [row] = await ask(
          zone,
          `SELECT CAST(from_unixtime(${seconds}e0, '${zone}') AT TIME ZONE 'UTC' AS varchar) AS utc, ` +
            `CAST(CAST(from_unixtime(${seconds}e0, '${zone}') AS timestamp) AS varchar) AS local`,
        );
        must(
          row?.["utc"] === `${utc} UTC`,
          `${local} (${fold}) of ${zone} is ${String(row?.["utc"])}, expected ${utc} UTC`,
        );
        must(row["local"] === local, `${utc} UTC is ${String(row["local"])} in ${zone}, expected ${local}`);
      }
      return `${instants.length} instants`;
    },
  );
}
