/**
 * The schema of a stack's configuration: every setting with its type, range, default and meaning. The checks, the
 * editors' JSON schema and docs/configuration.md are all made from it.
 */
import * as z from "zod";
import { cluster } from "./cluster.ts";
import { images } from "./image-settings.ts";
import { guardedPages } from "./logins.ts";
import { networkSettings } from "./network.ts";
import { inProfile, profiles } from "./profiles.ts";
import { rooms } from "../components/index.ts";
import { platformScheduling } from "../platform/scheduling.ts";
import { groupsOf, type Service, type ServiceGroup } from "../platform/service.ts";
import { type Services, services, storeWhole } from "./rooms.ts";

export type { Quantity } from "../platform/quantity.ts";
export type { Hints } from "../platform/settings.ts";

type Schemas = { readonly [Name in keyof Services]: Settings<(typeof rooms)[Name]> };
type Settings<S extends Service> = S extends Service<infer Z> ? Z : never;

/** The settings that a room defines. */
function settingsIn<S extends Service>({ settings }: S): Settings<S> {
  return (typeof settings === "function" ? settings(storeWhole) : settings) as Settings<S>;
}

/** What a profile brings, in words. */
function brought(group: ServiceGroup): string {
  const titles = services.flatMap((room) =>
    groupsOf(room).includes(group) && room.title !== undefined ? [room.title] : [],
  );
  return new Intl.ListFormat("en-GB", { type: "conjunction" }).format(titles);
}

const serviceSettings = Object.fromEntries(services.map((room) => [room.name, settingsIn(room)])) as unknown as Schemas;

/** Everything under `millrace:` in `Pulumi.<stack>.yaml`. */
export const schema = z
  .strictObject({
    profile: z
      .enum(profiles)
      .default("core")
      .describe(
        `Named set of services: \`core\` is the data path; \`studio\` is \`core\` with the services that users work with: ${brought("studio")}; ` +
          `\`pipeline\` is \`core\` with ${brought("pipeline")}; \`streams\` is \`core\` with ${brought("streams")}; ` +
          "`full` is `studio` and `pipeline` in one. " +
          "It only sets which `services.*.enabled` are `true` by default. `npm run up -- --profile pipeline` does the same for one run, and later " +
          "runs keep it.",
      ),
    cluster,
    images,
    network: networkSettings,
    scheduling: platformScheduling(),
    services: z.strictObject(serviceSettings).prefault({}).describe("The services of the platform."),
    proof: settingsIn(rooms.proof),
  })
  .transform(({ profile, services, ...rest }) => {
    const hasGuarded = (on: readonly Service[]): boolean => Object.keys(guardedPages(rest.cluster, on)).length > 0;
    return { ...rest, profile, services: inProfile(profile, services, hasGuarded) };
  });

/** The checked configuration, all defaults filled in. */
export type PlatformConfig = z.output<typeof schema>;
