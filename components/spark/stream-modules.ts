/** Modules that the programs of all streams share. */
import { programText } from "../../platform/program.ts";
import type { SparkMain } from "./spark-driver.ts";

export function streamModules(): SparkMain[] {
  return ["stream_gaps.py", "stream_records.py", "stream_rules.py", "stream_tables.py"].map((file) => ({
    file,
    content: programText(import.meta.dirname, file),
  }));
}
