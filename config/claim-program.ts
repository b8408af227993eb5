/**
 * Which program goes on with a claim. A setting that says `auto` is the program whose data are there: by what its claims bear, else by
 * the set that uses them, else by what the state has recorded. Where there are no data it is a new platform's.
 */
import type { ClaimUse, Service, Switch } from "../platform/service.ts";
import { claimsInWords } from "./claims-in-words.ts";
import type { LiveClaim, LivePlatform } from "./live-platform.ts";
import { isOwn, rooms, sectionOf, settingsOf } from "./rooms.ts";
import { configProblems } from "./rules.ts";
import type { PlatformConfig } from "./schema.ts";

const AUTO = "auto";

type Program = NonNullable<ClaimUse<never>["program"]>;
type Inputs = Readonly<Record<string, unknown>>;

/** What is known of a platform. */
export interface Known {
  /** What the cluster has; `undefined`: it does not answer. */
  readonly live: LivePlatform | undefined;
  /** Inputs that the state has recorded, by component. */
  readonly recorded: Readonly<Record<string, Inputs | undefined>>;
  /** Whether there may be data of which neither of them knows. @default false */
  readonly mayHaveMore?: boolean;
}

export interface Settled {
  /** Names a program wherever it said `auto`. */
  readonly config: PlatformConfig;
  /** Choices that nothing decides. */
  readonly problems: readonly string[];
}

interface Undecided {
  readonly room: Service;
  readonly program: Program;
  readonly set: string;
}

/** Services whose program the config leaves to the data. */
function undecided(config: PlatformConfig): Undecided[] {
  return rooms.flatMap((room) => {
    const { program, set = "" } = room.claims ?? {};
    if (program === undefined || !isOwn(room, config)) return [];
    return isLeftToData(program, settingsOf(room.name, config)) ? [{ room, program, set }] : [];
  });
}

/** Whether a room's settings leave its program to the data that are there. */
export function isLeftToData({ setting }: Program, own: Switch): boolean {
  return (own as unknown as Inputs)[setting] === AUTO;
}

/** Components whose recorded inputs decide what the config leaves to the data, and the cluster does not tell. */
export function decidingComponents(config: PlatformConfig, live: LivePlatform | undefined): string[] {
  return undecided(config).flatMap(({ program, set }) =>
    writerOf(live, set, program, config.cluster.namespace) === undefined ? [program.component] : [],
  );
}

/** The program that has written a set's data, as the cluster tells it; `undefined`: it does not, or there are none. */
export function writerOf(
  live: LivePlatform | undefined,
  set: string,
  program: Program,
  namespace: string,
): string | undefined {
  const written = claimsOfSet(live, set).find(({ dataOf }) => dataOf !== undefined)?.dataOf;
  if (written !== undefined) return written;
  // A claim from before it bore its writer's name is told by the set that uses it.
  const paths = live?.sets.find((one) => one.service === set && one.namespace === namespace)?.mountPaths ?? [];
  return Object.entries(program.dataPaths).find(([, path]) => paths.includes(path))?.[0];
}

const claimsOfSet = (live: LivePlatform | undefined, set: string): LiveClaim[] =>
  (live?.claims ?? []).filter(({ service }) => service === set);

/** The config with each choice that it leaves to the data, as the platform decides it. */
export function settled(config: PlatformConfig, known: Known): Settled {
  const open = undecided(config);
  if (open.length === 0) return { config, problems: [] };
  const problems: string[] = [];
  const services: Record<string, unknown> = { ...config.services };
  for (const one of open) {
    const { name } = one.room;
    const choice = choiceOf(one, config, known);
    if ("problem" in choice) problems.push(choice.problem);
    else services[name] = { ...(services[name] as object), [one.program.setting]: choice.program };
  }
  const made = { ...config, services: services as unknown as PlatformConfig["services"] };
  // Without a choice the config had none: these are of what was chosen.
  return { config: made, problems: [...problems, ...configProblems(made)] };
}

function choiceOf(
  { room, program, set }: Undecided,
  config: PlatformConfig,
  { live, recorded, mayHaveMore = false }: Known,
): { readonly program: string } | { readonly problem: string } {
  const { setting, component, dataPaths } = program;
  const at = `${sectionOf(room)}.${setting}: received "${AUTO}", but`;
  const names = Object.keys(dataPaths);
  const inState = recorded[component]?.[setting];
  const writer =
    writerOf(live, set, program, config.cluster.namespace) ?? (typeof inState === "string" ? inState : undefined);
  if (writer !== undefined && names.includes(writer)) return { program: writer };
  if (writer !== undefined) {
    return {
      problem: `${at} the platform has data of "${writer}", which this version does not know; take the version that does`,
    };
  }
  const wayOut = `set it to the one that has written them: ${new Intl.ListFormat("en-GB", { type: "disjunction" }).format(names)}`;
  const claims = claimsOfSet(live, set);
  if (claims.length > 0) {
    const have = claims.length === 1 ? "has" : "have";
    return { problem: `${at} nothing says which ${setting}'s data ${claimsInWords(claims)} ${have}; ${wayOut}` };
  }
  if (mayHaveMore) {
    const why = `the cluster does not answer, and the state does not say which ${setting}'s data the platform has`;
    return { problem: `${at} ${why}; try again, or ${wayOut}` };
  }
  const own = settingsOf(room.name, config) as never;
  const problem = program.autoProblem?.(own);
  const standard = program.of(own);
  if (problem !== undefined) return { problem };
  if (standard === undefined) throw new Error(`${room.name} leaves its ${setting} to its data and has none`);
  return { program: standard };
}
