/** Bad luck of the catalog: it and its database are killed at once. */
import { kill, ready, sql } from "../platform.ts";
import { greenAgain, timed } from "../proofs.ts";
import { must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;
/** What people's clients wait for a list. */
const LIST_MS = 2000;

/** What is listed before is listed after, as fast as clients wait for it. */
export async function killed(runner: Runner): Promise<void> {
  await runner.step("a catalog that is killed with its database lists every table again", 10 * MINUTE, async () => {
    const before = await tables();
    must(before.includes("telemetry.samples"), `it listed ${before.join(", ")}`);
    const since = Date.now();
    await Promise.all([kill("postgres"), kill("metastore")]);
    const after = await until("the list of all tables", 4 * MINUTE, tables);
    const lost = before.filter((table) => !after.includes(table));
    must(lost.length === 0, `${lost.join(", ")} is not listed any more`);
    await ready("metastore", 2 * MINUTE);
    const green = await greenAgain(since, 3 * MINUTE);
    const asked = Date.now();
    await sql("SHOW TABLES FROM lake.telemetry");
    return `${before.length} tables; ${green}; ${timed("SHOW TABLES", Date.now() - asked, LIST_MS)}`;
  });
}

/** Every table of the lake, as SQL clients ask for them. */
async function tables(): Promise<string[]> {
  const rows = await sql(
    "SELECT table_schema, table_name FROM lake.information_schema.tables WHERE table_schema <> 'information_schema'",
  );
  return rows.map((row) => `${String(row["table_schema"])}.${String(row["table_name"])}`);
}
