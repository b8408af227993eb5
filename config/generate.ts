/** Writes what is made from the schema: `node config/generate.ts`. A spec fails when the files are out of date. */
import { writeFileSync } from "node:fs";
import { generated } from "./documents.ts";

for (const { file, text } of await generated()) writeFileSync(new URL(`../${file}`, import.meta.url), text);
