/** The texts of programs that run inside Spark's drivers. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SparkMain } from "./spark-driver.ts";

/** A program of `workloads/`. */
export function program(file: string): string {
  return readFileSync(join(import.meta.dirname, "..", "..", "workloads", file), "utf8");
}

/** What the programs of both streams share. */
export function streamModules(): SparkMain[] {
  return ["stream_gaps.py", "stream_records.py", "stream_rules.py", "stream_tables.py"].map((file) => ({
    file,
    content: program(file),
  }));
}
