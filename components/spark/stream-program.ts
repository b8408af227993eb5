/** The program of the streams: shared modules, and what each room makes of records. */
import type * as pulumi from "@pulumi/pulumi";
import { programText } from "../../platform/program.ts";
import type { Destination } from "../../platform/network.ts";
import type { EnvVar } from "../../platform/workload.ts";
import type { SparkApplicationArgs } from "./spark-application.ts";
import type { SparkMain } from "./spark-driver.ts";

/** What a room makes of records in the driver of all streams. */
export interface StreamPart {
  /** A module with a function `sinks`; `components/spark/programs/stream_lake.py` has the types. */
  readonly sinks: SparkMain;
  readonly env: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secretEnv?: readonly EnvVar[];
  /** What it connects to. */
  readonly reaches: readonly Destination[];
}

/** When a batch begins and how large it is, and what becomes of a gap. */
interface StreamSettings {
  readonly triggerSeconds: number;
  readonly minRecords: number;
  readonly quietSeconds: number;
  readonly maxRecords: number;
  readonly onMissingRecords: string;
}

const modules = ["gaps", "lake", "progress", "records", "report", "rules", "tables"].map((name) => `stream_${name}.py`);

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
    modules: [...modules.map(own), ...parts.map(({ sinks }) => sinks)],
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
    secretEnv: parts.flatMap(({ secretEnv = [] }) => secretEnv),
    reaches: parts.flatMap(({ reaches }) => reaches),
  };
}
