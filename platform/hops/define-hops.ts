/**
 * What a room says of itself to the proof: the hops that it has, where each stands, and what they must know. A room's
 * `hops.ts` holds it, and the proof loops over the list of them (`components/hops.ts`). Loads nothing of Pulumi: the
 * proof runs in the cluster.
 */
import type * as z from "zod";
import type { CleanupStep, Hop } from "./hop.ts";
import type { ProofRun } from "./run.ts";

/**
 * Where a branch of hops stands: the path of a record, which carries the others; beside it; or what looks at work that
 * others have done before. The table has them in this order.
 */
export const branchKinds = ["path", "beside", "past"] as const;
export type BranchKind = (typeof branchKinds)[number];

/** What a room has told of itself: its settings with its secrets. */
export type Told<S extends z.ZodType, Secret extends string> = z.output<S> & Readonly<Record<Secret, string>>;

export interface RoomHop<Own> {
  /** As the report has it. */
  readonly name: string;
  /** The hop of the same branch that comes right before it in the table. @default - it begins a branch */
  readonly after?: string;
  /** Of a hop that begins a branch. @default "beside" */
  readonly branch?: BranchKind;
  /** Hops earlier in the table without which there is nothing to ask. It starts when they have passed. @default - none */
  readonly needs?: readonly string[];
  /**
   * Hops earlier in the table that it also waits for, where they are asked: what is wrong there would be wrong here too.
   * @default - none
   */
  readonly waitsFor?: readonly string[];
  /** @returns `undefined` where it was not told all that it must know */
  make(own: Own, context: ProofContext): Hop | undefined;
}

/** What a secret is, in words: "the password of proof". */
type SecretWords<Own> = { words(own: Own): string }["words"];
/** What a hop's records leave in the room. */
type Cleanup<Own> = { steps(own: Own | undefined, context: ProofContext): readonly CleanupStep[] }["steps"];

/** A room's part of the proof. */
export interface RoomHops<
  Room extends string = string,
  S extends z.ZodType = z.ZodType,
  Secret extends string = string,
  Own = Told<S, Secret>,
> {
  /** Name of its service. */
  readonly room: Room;
  /** What hops must know of it; nothing secret. Where it was not told, its hops are left out. @default - nothing */
  readonly settings?: S;
  /** Each comes in an environment variable of its own, see {@link secretVariable}. @default - none */
  readonly secrets?: Readonly<Record<Secret, SecretWords<z.output<S>>>>;
  /** In the order of the table, as far as `after` and `branch` leave it open. */
  readonly hops: readonly RoomHop<Own>[];
  /** What is removed here after hops of other rooms, by the name of the hop. @default - nothing */
  readonly cleanups?: Readonly<Record<string, Cleanup<Own>>>;
}

/** The part of any room, as those see it who loop over all. */
export type AnyRoomHops = RoomHops<string, z.ZodType, string, object>;

/** What a hop is made of, besides its own room's part. */
export interface ProofContext {
  readonly run: ProofRun;
  /** Marked records to send: good ones, and such as must be refused. */
  readonly counts: { readonly records: number; readonly poison: number };
  /** What a room has told, which the asking one imports; `undefined`: nothing. */
  of<S extends z.ZodType, Secret extends string>(hops: RoomHops<string, S, Secret>): Told<S, Secret> | undefined;
  /** What hops share: made for the first that asks, the same for all. */
  once<T>(make: (context: ProofContext) => T): T;
  /** What rooms remove after a hop. */
  cleanupsAfter(hop: string): CleanupStep[];
}

/** A room's part of the proof: its hops see what the room has told with its types. */
export function defineHops<
  const Room extends string,
  S extends z.ZodType = z.ZodType<object>,
  Secret extends string = never,
>(hops: RoomHops<Room, S, Secret>): RoomHops<Room, S, Secret> {
  return hops;
}

/** Environment variable of a room's secret: `objectStore`, `accessKey` → `OBJECT_STORE_ACCESS_KEY`. */
export function secretVariable(room: string, secret: string): string {
  return `${room}_${secret}`.replaceAll(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}
