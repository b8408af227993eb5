/** What the driver of Spark's streams does for the table of what people did: each write makes a file, and nobody else merges them. */
import { programText } from "../../platform/program.ts";
import type { StreamPart } from "../spark/stream-program.ts";
import { AUDIT_TABLE } from "./programs/table.ts";

export function auditUpkeep(): StreamPart {
  const file = "audit_upkeep.py";
  return {
    sinks: { file, content: programText(import.meta.dirname, file) },
    env: { AUDIT_TABLE: `lake.${AUDIT_TABLE}` },
    reaches: [],
  };
}
