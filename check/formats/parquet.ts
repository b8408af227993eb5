/** Reads the proof's rows from the stream's Parquet files. */
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { z } from "zod";

const rowSchema = z.looseObject({ id: z.string(), run: z.string().nullish(), value: z.number() });

export interface SampleRow {
  readonly id: string;
  readonly value: number;
}

/** The rows of one run in a file of the samples table. */
export async function rowsOfRun(file: Buffer, run: string): Promise<SampleRow[]> {
  const bytes = new Uint8Array(file).buffer;
  const rows = await parquetReadObjects({ file: bytes, compressors, columns: ["id", "run", "value"] });
  return rows
    .map((row) => rowSchema.parse(row))
    .filter((row) => row.run === run)
    .map(({ id, value }) => ({ id, value }));
}
