/** `npm run endpoints`: the platform's published addresses as the file that the Python library reads. No key is in it. */
import { objectStoreContents } from "../config/buckets.ts";
import type { PlatformConfig } from "../config/index.ts";
import { rooms, viewOf } from "../config/rooms.ts";
import { type Address, addressOf, readAddresses } from "./addresses.ts";
import type { Command } from "./command.ts";
import { chooseEngine } from "./choose-engine.ts";
import { UserError } from "./errors.ts";
import { engineOption, stackArgs, stackOptions } from "./options.ts";
import { engineOptions, readStackAsItRuns } from "./stack.ts";

const { stack, target, profile, name } = stackOptions;

export const endpoints: Command = {
  summary: "prints the published addresses as the endpoints.json of the Python library",
  // The file is JSON as it is.
  options: { stack, target, profile, name, ...engineOption },
  async run(values) {
    const args = stackArgs(values);
    const engine = await chooseEngine(args.engine);
    const { stack: chosen } = await readStackAsItRuns(args, engine);
    const addresses = readAddresses(await engine.outputs(engineOptions(chosen, false)));
    process.stdout.write(`${JSON.stringify(publishedEndpoints(chosen.config, addresses), null, 2)}\n`);
    return 0;
  },
};

const all = rooms.flatMap((room) => (room.outside ?? []).map((entry) => ({ room, entry })));
/** What is reached at an address, by its title. */
const reached = all
  .filter(({ entry }) => entry.title !== undefined)
  .sort((a, b) => (a.entry.title ?? "").localeCompare(b.entry.title ?? "", "en"));
/** What all rooms tell a program outside; what only has a name comes last. */
const entries = [...reached, ...all.filter(({ entry }) => entry.title === undefined)];

/**
 * `endpoints.json` for a program outside the cluster; what is not published is left out.
 * @throws UserError when nothing is.
 */
export function publishedEndpoints(
  config: PlatformConfig,
  addresses: readonly Address[],
): Readonly<Record<string, unknown>> {
  const names = {
    address: (port: string) => addressOf(addresses, port),
    bucket: objectStoreContents(config).bucket,
  };
  const found = entries.flatMap(({ room, entry }) => {
    const value = entry.of(viewOf(room, config).own, names);
    return value === undefined ? [] : [{ ...entry, value }];
  });
  if (found.every(({ title }) => title === undefined)) {
    throw new UserError(
      `endpoints: no address of ${listed(reached.flatMap(({ entry }) => entry.title ?? []))} is published; bring the platform up ` +
        "(npm run up), or use a target that publishes services (docs/targets.md)",
    );
  }
  return Object.fromEntries(found.map(({ key, value }) => [key, value]));
}

/** `Kafka, Presto or S3`. */
const listed = (words: readonly string[]): string =>
  new Intl.ListFormat("en-GB", { type: "disjunction" }).format(words);
