/** Reads the proof's rows from the stream's Parquet files. */
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { z } from "zod";
import type { SeenRecord } from "../../../telemetry/hops/marked-records.ts";

const rowSchema = z.looseObject({
  id: z.string(),
  run: z.string().nullish(),
  source: z.string(),
  node: z.string(),
  ts: z.date(),
  metric: z.string(),
  value: z.number(),
});
const columns = Object.keys(rowSchema.shape);

/** The rows of one run in a file of the samples table. */
export async function rowsOfRun(file: Buffer, run: string): Promise<SeenRecord[]> {
  const bytes = new Uint8Array(file).buffer;
  const rows = await parquetReadObjects({ file: bytes, compressors, columns });
  return rows
    .map((row) => rowSchema.parse(row))
    .filter((row) => row.run === run)
    .map(({ id, source, node, ts, metric, value }) => ({ id, run, source, node, ts: ts.getTime(), metric, value }));
}
