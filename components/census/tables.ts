/** The table of the census: what its batch writes, and the display reads. */
import type { Keyspaces, Table } from "../../platform/tables.ts";

/** Mean and deviation of each measure of the census, for every member of every grouping. */
const summary: Table = {
  columns: {
    run: "text",
    grouping: "text",
    member: "text",
    measure: "text",
    count: "bigint",
    mean: "double",
    deviation: "double",
    minimum: "bigint",
    maximum: "bigint",
    seed: "bigint",
    rows: "bigint",
    made_at: "timestamp",
  },
  partitionKey: ["run"],
  clustering: [
    { column: "grouping", order: "ASC" },
    { column: "member", order: "ASC" },
    { column: "measure", order: "ASC" },
  ],
};

export const censusTables: Keyspaces = { census: { tables: { summary } } };
