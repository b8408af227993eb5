/** What flows there should be, from a program's environment. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Wanted } from "./watch.ts";

export const wantedEnvironment = z.object({
  /** A JSON object of names and values. */
  NIFI_PARAMETERS: z.string().transform((text) => z.record(z.string(), z.string()).parse(JSON.parse(text))),
  /** Its `*.json` are flow definitions. */
  FLOWS_FOLDER: z.string().min(1),
});

export function readWanted({ NIFI_PARAMETERS, FLOWS_FOLDER }: z.output<typeof wantedEnvironment>): Wanted {
  const names = readdirSync(FLOWS_FOLDER).filter((name) => name.endsWith(".json"));
  const files = names
    .sort()
    .map((name) => ({ file: `flows/${name}`, text: readFileSync(join(FLOWS_FOLDER, name), "utf8") }));
  return { files, parameters: NIFI_PARAMETERS };
}
