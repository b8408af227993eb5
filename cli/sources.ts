/** `npm run sources`: every package that the platform fetches, with its hash. */
import { listSources } from "../images/index.ts";
import type { Command } from "./command.ts";
import { table } from "./table.ts";

export const sources: Command = {
  summary: "lists every package that the platform fetches, with its hash, for mirrors and audits",
  options: { json: { type: "boolean", help: "one JSON document on stdout" } },
  run(values) {
    const listed = listSources();
    if (values["json"] === true) {
      process.stdout.write(`${JSON.stringify(listed, null, 2)}\n`);
      return Promise.resolve(0);
    }
    const rows = listed.map((source) => [
      source.ecosystem,
      source.coordinates,
      source.version === "" ? "-" : source.version,
      source.sha256 === "" ? "-" : source.sha256,
      source.usedBy,
    ]);
    process.stdout.write(
      `${table(["registry", "package", "version", "hash", "used by"], rows)}\n${rows.length} packages\n`,
    );
    return Promise.resolve(0);
  },
};
