import { expect } from "chai";
import { VisibilityWatch } from "../../bench/latency.ts";
import { PrestoClient } from "../../components/presto/programs/presto-client.ts";
import { serveHttp } from "../support/local-server.ts";

interface Row {
  readonly id: string;
  readonly ingested: string;
}

/** A Presto that has the given rows, and answers looks and counts; it notes the statements. */
async function withPresto(rows: Row[], use: (presto: PrestoClient, statements: string[]) => Promise<void>) {
  const statements: string[] = [];
  const server = await serveHttp((_request, sql, response) => {
    statements.push(sql);
    const after = /ingested_at > TIMESTAMP '([^']*)'/.exec(sql)?.[1] ?? "";
    const isCount = sql.includes("count(*)");
    const names = isCount ? ["n", "ids"] : ["id", "ingested"];
    const found = rows.filter(({ ingested }) => ingested > after).map(({ id, ingested }) => [id, ingested]);
    const data = isCount ? [[rows.length, new Set(rows.map(({ id }) => id)).size]] : found;
    response.end(JSON.stringify({ columns: names.map((name) => ({ name })), data }));
  });
  try {
    await use(new PrestoClient({ url: server.url, catalog: "lake", schema: "telemetry" }), statements);
  } finally {
    await server.stop();
  }
}

describe("watch on what SQL sees", () => {
  it("asks only for batches that are later than the ones it has seen", async () => {
    const rows = [{ id: "a", ingested: "2026-01-01 00:00:02.000" }];
    await withPresto(rows, async (presto, statements) => {
      const watch = new VisibilityWatch(presto, "bench-1");
      await watch.look();
      rows.push({ id: "b", ingested: "2026-01-01 00:00:04.000" });
      await watch.look();
      expect(watch.seen).to.equal(2);
      expect(statements[1]).to.contain("ingested_at > TIMESTAMP '2026-01-01 00:00:02.000'");
    });
  });

  it("counts what is lost and what came twice, and takes the unseen for the latest", async () => {
    const ingested = "2026-01-01 00:00:02.000";
    const rows = ["a", "a", "b"].map((id) => ({ id, ingested }));
    await withPresto(rows, async (presto) => {
      const watch = new VisibilityWatch(presto, "bench-1");
      await watch.look();
      const madeAt = Date.now() - 1000;
      const figures = await watch.figures(["a", "b", "c"].map((id) => ({ id, madeAt })));
      expect(figures).to.include({ sent: 3, rows: 3, distinct: 2, lost: 1, duplicates: 1, p99Ms: null, maxMs: null });
      expect(figures.p50Ms).to.be.within(900, 5000);
    });
  });
});
