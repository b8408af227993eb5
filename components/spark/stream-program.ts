/** The program of the streams: shared modules, and what each room makes of records. */
import type * as pulumi from "@pulumi/pulumi";
import type { RecordDefinition } from "../../platform/records/definition.ts";
import { jsonSchemaOf } from "../../platform/records/json-schema.ts";
import { programText } from "../../platform/program.ts";
import type { Destination } from "../../platform/network.ts";
import type { EnvVar } from "../../platform/workload.ts";
import type { SparkApplicationArgs } from "./spark-application.ts";
import type { SparkMain } from "./spark-driver.ts";

/** What a room makes of records in the driver of all streams. */
export interface StreamPart {
  /** A module with a function `sinks`; `components/spark/programs/stream_lake.py` has the types. */
  readonly sinks: SparkMain;
  /** Modules that it imports, beside those of all. @default - none */
  readonly modules?: readonly SparkMain[];
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secretEnv?: readonly EnvVar[];
  /** What it connects to. */
  readonly reaches: readonly Destination[];
}

/** A module with the JSON Schema of a topic's records as `TEXT`, for `RecordSchema` of `stream_schema.py`. */
export function schemaModule(file: string, definition: RecordDefinition): SparkMain {
  // A text in JSON is one in Python, too.
  return { file, content: `TEXT = ${JSON.stringify(JSON.stringify(jsonSchemaOf(definition)))}\n` };
}

/** When a batch begins and how large it is, and what becomes of a gap. */
interface StreamSettings {
  readonly triggerSeconds: number;
  readonly minRecords: number;
  readonly quietSeconds: number;
  readonly maxRecords: number;
  readonly onMissingRecords: string;
}

const modules = ["cassandra", "gaps", "lake", "progress", "records", "report", "rules", "schema", "tables"].map(
  (name) => `stream_${name}.py`,
);

/** @param checkpoints Folder of all checkpoints, like `s3a://checkpoints`. */
export function streamProgram(
  settings: StreamSettings,
  checkpoints: string,
  given: readonly (StreamPart | undefined)[],
): Pick<SparkApplicationArgs, "main" | "modules" | "env" | "secretEnv" | "reaches"> {
  const parts = given.filter((part) => part !== undefined);
  const own = (file: string): SparkMain => ({ file, content: programText(import.meta.dirname, file) });
  return {
    main: own("streams.py"),
    modules: [...modules.map(own), ...parts.flatMap(({ sinks, modules: more = [] }) => [sinks, ...more])],
    env: {
      SINKS: parts.map(({ sinks }) => sinks.file.replace(/\.py$/, "")).join(),
      CHECKPOINTS: checkpoints,
      ON_MISSING_RECORDS: settings.onMissingRecords,
      TRIGGER_SECONDS: String(settings.triggerSeconds),
      LEAST_RECORDS: String(settings.minRecords),
      QUIET_SECONDS: String(settings.quietSeconds),
      MAX_RECORDS_PER_BATCH: String(settings.maxRecords),
      ...Object.fromEntries(parts.flatMap(({ env }) => Object.entries(env))),
    },
    // Rooms that write to one place name it alike.
    secretEnv: [
      ...new Map(
        parts.flatMap(({ secretEnv = [] }) => secretEnv).map((variable) => [variable.name, variable]),
      ).values(),
    ],
    reaches: parts.flatMap(({ reaches }) => reaches),
  };
}
