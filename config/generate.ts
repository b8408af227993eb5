/** Writes what is made from the schemas: `node config/generate.ts`. A spec fails when the files are out of date. */
import { mkdirSync, writeFileSync } from "node:fs";
import { generated } from "./documents.ts";

for (const { file, text } of await generated()) {
  const path = new URL(`../${file}`, import.meta.url);
  mkdirSync(new URL(".", path), { recursive: true });
  writeFileSync(path, text);
}
