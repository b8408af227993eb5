/** The program of the census batch, which runs once for the static file and on demand as a DAG. */
import { programText } from "../../platform/program.ts";
import type { SparkMain } from "../spark/spark-driver.ts";

export function batchProgram(): SparkMain {
  const file = "census-batch.py";
  return { file, content: programText(import.meta.dirname, file) };
}
