/**
 * What a room says of its service, as plain data: everything that the shared code has to know before, beside or without
 * the resources themselves. Loads no Pulumi, so that config, CLI, clusters and images stay quick. Shared code loops over
 * the list of rooms (`components/index.ts`) and names none.
 */
import type * as z from "zod";
import type { QuarterName } from "./names.ts";
import type {
  Accounts,
  Backups,
  DiskUse,
  Drawings,
  Greeting,
  LogSearch,
  OutsideEndpoint,
  StatusPart,
  WebPages,
} from "./operating.ts";
import type { Quantity } from "./quantity.ts";
import type { Resources, SizeRow } from "./resources.ts";
import type { Scheduling } from "./scheduling.ts";
import type { DataSettings } from "./storage.ts";
import type { RecordDefinition } from "./records/definition.ts";
import type { Keyspaces, TableRoles } from "./tables.ts";
import type { Watched } from "./watching.ts";

/** Sets of services that a profile adds to the data path. */
export type ServiceGroup = "studio" | "pipeline" | "streams";

/** Settings of a service, all defaults filled in. */
export type SettingsOf<S extends Service> = S extends Service<infer Z> ? z.output<Z> & Switch : never;

/** What the rest of the config decides for a room. */
export interface Switch {
  readonly enabled: boolean;
  /** Row of the sizes that its pods take. */
  readonly size: SizeRow;
  /** Where its pods run: its own setting over that for all. */
  readonly scheduling?: Scheduling | undefined;
}

/** What a room's functions look at: its own settings, and of the others only what they name. */
export interface View<Own = unknown> {
  readonly own: Own & Switch;
  /** Whether claims are provisioned; `false` where `millrace:cluster.storageClass` is "none". */
  readonly hasClaims: boolean;
  /** Kind of cluster, as the stack names it. */
  readonly target: string;
  /** What comes to the topics of the services that are enabled, by topic. */
  readonly topics: Readonly<Record<string, TopicLoad>>;
  /** Settings of another room, which the asking one imports. */
  readonly of: <S extends Service>(service: S) => SettingsOf<S>;
  /** Whether services are enabled, by their names. @throws Error when there is none of that name */
  readonly isOn: (...names: readonly string[]) => boolean;
}

/** Why a service can't do without others. */
export interface Need {
  readonly of: readonly Service[];
  /** In words: "its tables are there". */
  readonly why: string;
}

/** One of the platform's images that a service runs. How it is made, a folder of the room says. */
export interface ImageUse<Own> {
  readonly name: string;
  /** The folder in the room. @default "image" */
  readonly folder?: string;
  /** The local image that it is built on. */
  readonly base: "base" | "jre" | "python" | "postgres-base" | "nginx-base";
  /** Files and folders that it carries besides its own folder, relative to the repository. @default - none */
  readonly sources?: readonly string[];
  /** Packages that it takes of the lock that all Python images share. @default - all where its base is `python`, else none */
  readonly sharedPackages?: readonly string[];
  /** Whether it carries the Python library. @default false */
  readonly hasLibrary?: boolean;
  /** Whether it carries the program's own Node, and modules from npm. @default false */
  readonly hasNode?: boolean;
  /** Whether a long compilation is part of it, which is begun first. @default false */
  readonly isCompiled?: boolean;
  /** Image that leaves the largest part of its work in Docker's cache when it is built before. @default - none */
  readonly after?: string;
  /** The official image with the same contract, for `millrace:images.source`. @default - there is none, and it is built from packages */
  readonly upstream?: UpstreamImage;
  /** Whether these settings have it run. @default - they do where the platform runs the service itself */
  wanted?(own: Own): boolean;
  /** Whether it is the image of the platform's own programs, which run for those with `usesTools`. @default false */
  readonly isTools?: boolean;
}

/** An official image that does what one of the platform's does. */
export interface UpstreamImage {
  /** Its whole name, with registry and tag: `docker.io/apache/kafka:4.3.1`. Its digest is in `images/upstream.lock`. */
  readonly image: string;
  /** Folder of the room with what is put on it to keep the contract, built like an image. @default - nothing: it runs as it is */
  readonly layer?: string;
  /** Files and folders that the layer carries besides its own, relative to the repository. @default - none */
  readonly sources?: readonly string[];
}

/** What people reach from outside the cluster. */
export interface PublishedPort {
  /** Node port where the stack sets none. */
  readonly nodePort: number;
  /** Where it comes in the list of addresses that people see: what they open first has the lowest. */
  readonly rank: number;
  /** What is reached, in a sentence of its own: "The page of the Spark driver". */
  readonly meaning: string;
  /** The same within a sentence: "the Spark UI". */
  readonly title: string;
  /** What people do there, in a sentence of its own: "SQL over all tables". @default - as `meaning` */
  readonly use?: string;
  /** What its address is called in the list that people see, where others look for it there. @default - as `meaning` */
  readonly called?: RegExp;
  /** Whether it serves only those who say who they are, by an account or by a key. */
  readonly asksForLogin: boolean;
  /** How it is asked whether it serves. @default - by HTTP */
  readonly greeting?: Greeting;
  /** Whether UDP is published at the same number. @default false */
  readonly udp?: boolean;
  /** Whether it speaks HTTPS with a certificate of its own, which nobody outside knows. @default false */
  readonly hasOwnCertificate?: boolean;
}

/** Pods of one kind: what each asks for, how many there are, and the claim of each. */
export interface Pods {
  readonly resources: Resources;
  /** @default 1 */
  readonly count?: number;
  /** @default - none */
  readonly data?: DataSettings;
}

/** A setting that makes a service smaller. */
export interface Shrink<Own> {
  /** Those with a lower rank are proposed first: fewer before smaller, and both before a service goes. */
  readonly rank: number;
  /** Settings with the values to give them. */
  readonly set: Readonly<Record<string, number | Quantity>>;
  /** Whether these settings are larger than that. */
  applies(own: Own): boolean;
}

/** What a consumer may do with a bucket. */
export type BucketRight = "read" | "readWrite" | "owner";
/** By bucket. */
export type Rights = Readonly<Record<string, BucketRight>>;
/** By the consumer's name, which names its key. */
export type RightsByConsumer = Readonly<Record<string, Rights>>;

/** Where a user's own files lie. */
export interface Home {
  readonly consumer: `user-${string}`;
  readonly bucket: string;
  /** Ends in a slash; empty where the bucket is the user's own. */
  readonly prefix: string;
}

/** A bucket: its name where the stack gives none, and what it holds, in words. */
export interface BucketWords {
  readonly name: string;
  readonly holds: string;
}

/** What there is in S3 for a room to speak of. */
export interface StoreNames {
  /** Name of a bucket by what it is for. @throws Error when no room has such a bucket */
  readonly bucket: (use: string) => string;
  /** By user. */
  readonly homes: Readonly<Record<string, Home>>;
}

/** A home for each user: a bucket of its own, or in an existing S3 service a prefix in one that all share. */
export interface Homes<Own> {
  /** The bucket that all share there. */
  readonly shared: BucketWords;
  /** Whose the key is that all share there, in words. */
  readonly owners: string;
  users(view: View<Own>): readonly string[];
}

/** What a service keeps in the object store, and who may do what with it. */
export interface StoreUse<Own, Bucket extends string = string, Consumer extends string = string> {
  /** Buckets by what they are for. */
  readonly buckets?: Readonly<Record<Bucket, BucketWords>>;
  /** Who has a key of its own, with what each is, in words. */
  readonly consumers?: Readonly<Record<Consumer, string>>;
  /** Rights of its own consumers; those that are not named have no key with this config. */
  rights?(view: View<Own>, names: StoreNames): RightsByConsumer;
  /** Rights that others' consumers have here in addition, as far as they have a key. */
  grants?(view: View<Own>, names: StoreNames): RightsByConsumer;
  /** Users with a bucket and a key of their own. @default - none */
  readonly homes?: Homes<Own>;
}

/** What is there already of an S3 service that the platform does not run. */
export interface ExistingStore {
  /** Names of buckets by what they are for. */
  readonly buckets: Readonly<Record<string, string>>;
  /** Secrets by whose they are, in the words of the stack's file. */
  readonly secretNames: Readonly<Record<string, string>>;
}

/** What comes to a topic that the platform declares. */
export interface TopicLoad {
  readonly partitions: number;
  /** Partitions that records go to: those of one key share one. */
  readonly used: number;
  readonly recordsPerSecond: number;
  /** What makes them, in the words of the config. */
  readonly from: string;
  /** What each of them looks like: it lies as JSON Schema in the room's folder `schemas`. @default - as its writers like */
  readonly record?: RecordDefinition;
  /** Whether the last record of each key stays, and no other: it is small, and no time or size bounds it. @default false */
  readonly isCompacted?: boolean;
}

/** A database of its own. */
export interface DatabaseUse {
  /** Its name, and its owner's. */
  readonly name: string;
  /** Roles beside its owner that may connect to it; the owner says what they may read. @default - none */
  readonly readers?: readonly string[];
  /** Why a restore of all databases leaves it out: it would lose what nobody means. @default - it is restored with them */
  readonly restoredByName?: {
    /** Whose it is: "the catalog". */
    readonly of: string;
    /** What is lost where it is restored, in words. */
    readonly lost: string;
  };
}

/** The members of a set while the last of them leave. */
export interface Leaving {
  /** How many there are, and shall be. */
  readonly there: number;
  readonly wanted: number;
  /** Ends a wait. */
  readonly signal: AbortSignal;
  /** Between two looks at one that is leaving, in ms. @default 10000 */
  readonly pauseMs?: number;
  readonly log: (line: string) => void;
  /** Name of a member's pod. */
  name(ordinal: number): string;
  /** Address of a member's pod; `undefined` when it has none. */
  address(ordinal: number): Promise<string | undefined>;
  /** Runs a program beside a member. @returns what it printed @throws Error with its words when it failed, or can't be run */
  run(ordinal: number, command: readonly string[]): Promise<string>;
  /** The last lines of a member's log, and of the run before when it was started again. */
  lastWords(ordinal: number): Promise<string>;
  /** Takes the last member away with its claims. To be called when its data are elsewhere. */
  remove(ordinal: number): Promise<void>;
}

/** A set of pods that keeps its data on claims. */
export interface ClaimUse<Own> {
  /** Which program writes the claim, where a setting chooses between several. @default - there is one */
  readonly program?: ClaimProgram<Own>;
  /** Name of its StatefulSet, which is also its service's in Kubernetes. */
  readonly set: string;
  /** Why it can't have fewer members than there are, and the way to it. @default - any number will do */
  fewer?(change: { readonly there: number; readonly wanted: number; readonly namespace: string }): string;
  /** Why it can't have more members than there are, and the way to it. @default - any number will do */
  more?(change: { readonly there: number; readonly wanted: number; readonly namespace: string }): string;
  /** Has the last members hand their data over and takes them away, which `npm run up` does first. @default - nobody can */
  handOver?(leaving: Leaving): Promise<void>;
}

/** Programs of which no one reads what another has written, told by where they have their volume mounted. */
export interface ClaimProgram<Own> {
  /** The setting below the service's own that chooses: a program, or `auto`, the one whose data are there. */
  readonly setting: string;
  /** Mount paths by program. */
  readonly dataPaths: Readonly<Record<string, string>>;
  /** Component whose recorded inputs name the program by the setting's name. */
  readonly component: string;
  /** The program that these settings choose, with `auto` where no data are; `undefined`: none of the platform's own. */
  of(own: Own): string | undefined;
  /** Why these settings can't leave it to `auto` where no data are; `undefined`: they can. */
  autoProblem?(own: Own): string | undefined;
}

/** Labels of pods that tell of them, by what they tell. */
export interface PodWords {
  /** Whose the pod is, where it lacks the platform's own label. */
  readonly service?: readonly string[];
  /** What run, application or query it is part of. */
  readonly run?: readonly string[];
  /** The user that it works for. */
  readonly user?: readonly string[];
}

/** What a service is. */
export interface Service<
  S extends z.ZodType = z.ZodType,
  Bucket extends string = string,
  Consumer extends string = string,
  Port extends string = string,
  Role extends string = string,
> {
  /** Its key in the stack's file: `millrace:services.<name>`. */
  readonly name: string;
  /** Other words that files of it are named after, outside its folder. @default - none */
  readonly alsoCalled?: readonly string[];
  /** Which sets of services it is in, which profiles add to the data path. @default - all profiles have it */
  readonly group?: ServiceGroup | readonly ServiceGroup[];
  /** What people call it, within a sentence: "Spark's history". @default - profiles do not name what they bring */
  readonly title?: string;
  /** Whether it is there exactly where another service needs it, unless the stack says. @default false */
  readonly onDemand?: boolean;
  /** Whether it asks for a login before pages that ask nobody: it is there exactly where one of them is published so. @default false */
  readonly guards?: boolean;
  /** Its part of the stack's file; `whole` is what all rooms together have in the object store. */
  readonly settings: S | ((whole: StoreWhole) => S);
  /** Whether every record of the proof goes through it. @default false */
  readonly onPath?: boolean;
  readonly needs?: Need;
  /** Whether the platform runs it itself, and uses none that is there already. @default - always */
  isOwn?(own: z.output<S>): boolean;
  /** The image that it runs, or the images that its settings choose from. @default - none */
  readonly image?: ImageUse<z.output<S>> | readonly ImageUse<z.output<S>>[];
  /** Whether the platform's own programs run for it, in the image of `tools`. @default false */
  readonly usesTools?: boolean;
  /** Node ports by their key in `millrace:cluster.nodePorts`. */
  readonly published?: Readonly<Record<Port, PublishedPort>>;
  /** The pods that it has while it works. @default - none */
  pods?(view: View<z.output<S>>): readonly Pods[];
  /** Namespaces of people's programs in which it has pods. @default - none */
  quarters?(view: View<z.output<S>>): readonly QuarterName[];
  /** Secrets that people have made for it, which its clients' pods refer to wherever they are. @default - none */
  handMade?(own: z.output<S>): readonly string[];
  /** Whether a short Job sets it up while the rest starts. @default false */
  readonly setsUp?: boolean;
  /** Resources by the setting below the room's own that changes them: `resources` or `resources.scheduler`. @default - none */
  sized?(own: z.output<S> & Switch): Readonly<Record<string, Resources>>;
  readonly shrinks?: readonly Shrink<z.output<S>>[];
  /** When it is proposed to go where the platform does not fit: after all shrinks, lower first. @default - never */
  readonly goes?: number;
  /** Settings that can't work; asked only where it is enabled. */
  problems?(view: View<z.output<S>>, store: StoreProblems): string[];
  /** Settings that work and are risky; asked only where it is enabled. */
  warnings?(view: View<z.output<S>>): string[];
  readonly claims?: ClaimUse<z.output<S>>;
  /** Its database in PostgreSQL, which stays, and stays in the backups, while the service is off. @default - none */
  readonly database?: DatabaseUse;
  readonly store?: StoreUse<z.output<S>, Bucket, Consumer>;
  /** Accounts with a generated password. @default - none */
  readonly accounts?: Accounts;
  /** What a program outside the cluster is told of it. @default - nothing */
  readonly outside?: readonly OutsideEndpoint<z.output<S>>[];
  /** What it is asked for in `npm run status`, while the platform runs. @default - nothing */
  readonly status?: readonly StatusPart<z.output<S>>[];
  /** What people draw in it, and can keep as files. @default - nothing */
  readonly drawings?: Drawings<z.output<S>>;
  /** Its dashboard and its alerts, where it is enabled. @default - none of its own */
  readonly watched?: Watched;
  /** Searches the logs of all pods, where it keeps them. @default - it keeps none */
  readonly logSearch?: LogSearch<z.output<S>>;
  /** Label that pods of its own making are named by, which lack the platform's. @default - none */
  readonly podLabel?: string;
  /** Labels of its pods that tell whose work they do. @default - none */
  readonly podWords?: PodWords;
  /** What people should know while it runs, in `npm run status`. */
  notes?(view: View<z.output<S>>): string[];
  /** @default - what the data path takes anyway */
  readonly disk?: DiskUse;
  /** @default - none */
  readonly pages?: WebPages;
  /** Where it is the server of all rooms' databases. */
  readonly backups?: Backups;
  /** The S3 service of all rooms, where it is there already; `undefined` where the platform makes buckets and keys. */
  existingStore?(own: z.output<S>): ExistingStore | undefined;
  /** Topics that are declared for it, by name. */
  topics?(own: z.output<S>): Readonly<Record<string, TopicLoad>>;
  /** Tables that are declared for it; they stay while it is off. */
  tables?(own: z.output<S>): Keyspaces;
  /** Whom it reads and writes such tables as, each with a password of its own; they stay while it is off. @default - nobody */
  readonly tableRoles?: TableRoles<Role>;
  /** Names of the services that each of its hops in the proof asks, by hop. */
  readonly hops?: Readonly<Record<string, readonly string[]>>;
  /** Hops that these settings leave out, with why. */
  unasked?(own: z.output<S>): Readonly<Record<string, string>>;
}

/** What all rooms have in the object store, by their words in the stack's file. */
export interface StoreWhole {
  readonly buckets: Readonly<Record<string, BucketWords>>;
  /** With what each is. */
  readonly owners: Readonly<Record<string, string>>;
}

/** What the rules of an object store look at. */
export interface StoreProblems {
  /** Words in the stack's file for consumers that have no Secret. */
  readonly withoutSecret: readonly string[];
  readonly hasHomes: boolean;
}

/** The sets of services that a room is in. */
export function groupsOf({ group = [] }: Pick<Service, "group">): readonly ServiceGroup[] {
  return typeof group === "string" ? [group] : group;
}

/** A room's folder, relative to the repository. */
export function roomFolder({ name }: Pick<Service, "name">): string {
  return `components/${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

/** The platform's images that a room may run. */
export function imagesOf({ image = [] }: Pick<Service, "image">): readonly ImageUse<unknown>[] {
  return [image].flat();
}

/** Whether a room is the platform's own programs, which have no switch: they are there when somebody uses them. */
export function isTools(room: Pick<Service, "image">): boolean {
  return imagesOf(room).some((image) => image.isTools === true);
}

/** A room's data: its functions see the room's own settings with their types. */
export function defineService<
  S extends z.ZodType,
  Bucket extends string = never,
  Consumer extends string = never,
  Port extends string = never,
  Role extends string = never,
>(service: Service<S, Bucket, Consumer, Port, Role>): Service<S, Bucket, Consumer, Port, Role> {
  return service;
}
