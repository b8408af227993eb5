/**
 * Who did what: how a room's service is asked for it, and which lines of its logs tell it. Loads nothing of Pulumi: what asks runs in
 * the cluster.
 */
import type * as z from "zod";

/** Something that somebody did. */
export interface Deed {
  /** The same each time that it is asked for, and of no other deed of the room. */
  readonly id: string;
  /** When it ended, in ISO 8601. */
  readonly at: string;
  readonly user: string;
  /** In two or three words: "ran a query". */
  readonly action: string;
  /** With what: the text of a query, the name of a DAG. */
  readonly object: string;
  /** How it ended: "ok", or what went wrong. */
  readonly outcome: string;
}

/** What a room has told: its settings with its secrets. */
type Told<S extends z.ZodType, Secret extends string> = z.output<S> & Readonly<Record<Secret, string>>;

/** How a room's service is asked for deeds. */
export interface RoomAudit<
  Room extends string = string,
  S extends z.ZodType = z.ZodType,
  Secret extends string = string,
  Own = Told<S, Secret>,
> {
  /** Name of its service. */
  readonly room: Room;
  /** What must be known of it; nothing secret. */
  readonly settings: S;
  /** Each comes in an environment variable of its own. @default - none */
  readonly secrets?: readonly Secret[];
  /** @returns what asks for deeds that ended after a time, in any order. It throws an Error when it does not answer. */
  make(own: Own): (after: Date, signal: AbortSignal) => Promise<Deed[]>;
}

/** The part of any room, as those see it who loop over all. */
export type AnyRoomAudit = RoomAudit<string, z.ZodType, string, object>;

export function defineAudit<const Room extends string, S extends z.ZodType, Secret extends string = never>(
  audit: RoomAudit<Room, S, Secret>,
): RoomAudit<Room, S, Secret> {
  return audit;
}

/** Lines of a room's logs that tell of deeds. */
export interface AuditedLines {
  /** Name of its service. */
  readonly room: string;
  readonly action: string;
  /** Which entries to look at, in LogsQL. */
  readonly filter: string;
  /**
   * What they look like, with groups `object`, where there is one, and `user`: only of pods that are not people's own, who may write any
   * name. Without it the entry's own user is taken, who is known by the pod.
   */
  readonly pattern: RegExp;
  /** @default "ok" */
  readonly outcome?: string;
}
