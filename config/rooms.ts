/** The rooms of the house as the rest of the config reads them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { sizesOf, type Target } from "../clusters/profile.ts";
import { rooms as all } from "../components/index.ts";
import { objectName } from "../platform/names.ts";
import type { Backups } from "../platform/operating.ts";
import type { SizeRow } from "../platform/resources.ts";
import { type Scheduling, schedulingOf } from "../platform/scheduling.ts";
import type {
  ExistingStore,
  PodWords,
  PublishedPort,
  Service,
  SettingsOf,
  StoreWhole,
  Switch,
  TopicLoad,
  View,
} from "../platform/service.ts";
import type { Watched } from "../platform/watching.ts";

type Rooms = typeof all;
/** Keys of the rooms in `millrace:services`; the proof has a section of its own. */
export type ServiceName = Exclude<keyof Rooms, "proof">;
/** Settings of every service, all defaults filled in. */
export type Services = { readonly [Name in ServiceName]: SettingsOf<Rooms[Name]> };
/** Settings of the proof. */
export type ProofSettings = SettingsOf<Rooms["proof"]>;

/** What the rooms' functions need of a config. */
export interface Housed {
  readonly cluster: {
    readonly target: Target;
    readonly storageClass?: string | undefined;
    readonly sizes?: SizeRow | undefined;
  };
  readonly services: Readonly<Record<string, Given>>;
  readonly proof: Given & { readonly enabled: boolean };
  readonly scheduling: Scheduling;
}

/** Every room. */
export const rooms: readonly Service[] = Object.values(all);
/** Those with settings in `millrace:services`. */
export const services: readonly Service[] = rooms.filter(({ name }) => name !== all.proof.name);

const stores = rooms.flatMap(({ store }) => (store === undefined ? [] : [store]));
const homes = stores.flatMap((store) => (store.homes === undefined ? [] : [store.homes]));

/** Buckets of all rooms, those of users aside. */
export const ownBuckets = Object.fromEntries(stores.flatMap(({ buckets }) => Object.entries(buckets ?? {})));
/** Consumers of all rooms, users aside, with what each is. */
export const consumers = Object.fromEntries(stores.flatMap((store) => Object.entries(store.consumers ?? {})));

/** In whose name an existing S3 service knows a consumer, in the words of the stack's file. */
export function s3Owner(consumer: string): string {
  if (!(consumer in consumers)) return "users";
  return consumer.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

/** What labels of pods tell of them, in all rooms. */
export const podWords: PodWords = {
  service: rooms.flatMap(({ podLabel }) => podLabel ?? []),
  run: rooms.flatMap(({ podWords: words }) => words?.run ?? []),
  user: rooms.flatMap(({ podWords: words }) => words?.user ?? []),
};

/** Page of the documentation about the room that publishes a port; `undefined`: it has none. */
export function docsOfPort(key: string): string | undefined {
  const room = rooms.find(({ published = {} }) => key in published);
  const page = room && `docs/${objectName(room.name)}.md`;
  return page !== undefined && existsSync(join(import.meta.dirname, "..", page)) ? page : undefined;
}

/** Dashboards and alerts of the rooms that are enabled. */
export function watchedRooms(config: Housed): (Watched & { readonly service: string; readonly title: string })[] {
  return enabledRooms(config).flatMap(({ room: { name, title = name, watched } }) =>
    watched === undefined
      ? []
      : [{ service: name, title: `${title[0]?.toUpperCase() ?? ""}${title.slice(1)}`, ...watched }],
  );
}

/** What all rooms have in the object store; what is of users comes last. */
export const storeWhole: StoreWhole = {
  buckets: { ...ownBuckets, ...Object.fromEntries(homes.map(({ shared }) => ["homes", shared])) },
  owners: {
    ...Object.fromEntries(Object.entries(consumers).map(([consumer, words]) => [s3Owner(consumer), words])),
    ...Object.fromEntries(homes.map(({ owners }) => [s3Owner("user-"), owners])),
  },
};

/** The S3 service that is there already; `undefined` where the platform makes buckets and keys. */
export function existingStore(config: Housed): ExistingStore | undefined {
  return rooms.flatMap((room) => room.existingStore?.(settingsOf(room.name, config)) ?? [])[0];
}

/** Pages of rooms that show themselves to everybody, by their keys. */
export function openPages(of: readonly Service[]): Readonly<Record<string, PublishedPort>> {
  const pages = of.flatMap(({ published = {} }) => Object.entries(published));
  return Object.fromEntries(pages.filter(([, { asksForLogin, greeting }]) => !asksForLogin && greeting === undefined));
}

/** Where a room's settings are in the stack's file. */
export const sectionOf = ({ name }: Service): string =>
  name === all.proof.name ? `millrace:${name}` : `millrace:services.${name}`;

interface Given {
  readonly enabled?: boolean;
  readonly scheduling?: Scheduling | undefined;
}

/** A room's part of a config as it is written there. @throws Error when there is no such room */
export function givenTo(name: string, config: Housed): Given {
  const settings: Given | undefined = name === all.proof.name ? config.proof : config.services[name];
  if (settings === undefined) throw new Error(`there is no room "${name}"`);
  return settings;
}

/** A room's own part of a config. @throws Error when there is no such room */
export function settingsOf(name: string, config: Housed): Switch {
  const settings = givenTo(name, config);
  const { target, sizes = sizesOf[target] } = config.cluster;
  const scheduling = schedulingOf(config.scheduling, settings.scheduling);
  return { ...settings, enabled: settings.enabled ?? true, size: sizes, scheduling };
}

/** A config as a room sees it. */
export function viewOf(room: Service, config: Housed): View<never> {
  return {
    own: settingsOf(room.name, config) as never,
    hasClaims: config.cluster.storageClass !== "none",
    target: config.cluster.target,
    topics: topicsOf(config),
    of: settingsIn(config),
    isOn: (...names) => names.every((name) => settingsOf(name, config).enabled),
  };
}

/** Whether the platform runs a room's service itself. */
export function isOwn(room: Service, config: Housed): boolean {
  const own = settingsOf(room.name, config);
  return own.enabled && (room.isOwn?.(own) ?? true);
}

/** The rooms that are enabled, each with what it sees. */
export function enabledRooms(config: Housed): { readonly room: Service; readonly view: View<never> }[] {
  return rooms
    .filter(({ name }) => settingsOf(name, config).enabled)
    .map((room) => ({ room, view: viewOf(room, config) }));
}

/** What comes to the topics of the services that are enabled, by topic. */
export function topicsOf(config: Housed): Readonly<Record<string, TopicLoad>> {
  const enabled = rooms.filter(({ name }) => settingsOf(name, config).enabled);
  return Object.fromEntries(
    enabled.flatMap((room) => Object.entries(room.topics?.(settingsOf(room.name, config)) ?? {})),
  );
}

/** A database for each room that has one: the same in every profile. */
export const databases = rooms.flatMap(({ database }) => (database === undefined ? [] : [database]));

/** What saves these databases. */
export const backups: Backups = theBackups();

function theBackups(): Backups {
  const [found] = rooms.flatMap((room) => room.backups ?? []);
  if (found === undefined) throw new Error("no room saves the databases");
  return found;
}

/** Settings of a service, all defaults filled in. */
export const settingsIn =
  (config: Housed) =>
  <S extends Service>(service: S): SettingsOf<S> =>
    settingsOf(service.name, config) as SettingsOf<S>;
