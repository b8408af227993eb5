/** The connectors that the platform wants, as its set-up and what watches over them read them. */
import { readFileSync } from "node:fs";
import { z } from "zod";

const schema = z.strictObject({
  /** Settings by the connectors' names. */
  connectors: z.record(z.string(), z.record(z.string(), z.string())),
});

export type Wanted = z.output<typeof schema>["connectors"];

/** @throws {Error} when the file is not there or is none */
export function readWanted(file: string): Wanted {
  return schema.parse(JSON.parse(readFileSync(file, "utf8"))).connectors;
}
