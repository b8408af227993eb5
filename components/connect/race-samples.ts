/** The platform's own connector: samples of race cars into a table of the lake. */
import { sampleFields } from "../race-car/programs/sample.ts";
import type { ConnectorSettings } from "./connector-settings.ts";

const NAME = "race-samples";
const COMMIT_SECONDS = 30;
/** Iceberg's types by the kinds of a sample's fields. */
const types = { text: "string", time: "timestamp", whole: "long", number: "double" } as const;

/** Topic `race` into `lake.race.samples`, exactly once; a proof's rows are in files of their own. */
export function raceSamples(): Readonly<Record<string, ConnectorSettings>> {
  const fields = Object.entries(sampleFields);
  return {
    [NAME]: {
      kind: "icebergSink",
      topics: ["race"],
      table: "race.samples",
      columns: { v: "int", ...Object.fromEntries(fields.map(([name, { kind }]) => [name, types[kind]])) },
      required: ["v", ...fields.flatMap(([name, field]) => ("isOptional" in field ? [] : [name]))],
      partitionBy: ["day(ts)", "run"],
      commitSeconds: COMMIT_SECONDS,
      tasks: 1,
    },
  };
}
