/**
 * Who did what: how a room's service is asked for it, and which lines of its logs tell it. Loads nothing of Pulumi: what asks runs in
 * the cluster.
 */
import type * as z from "zod";
import type { AnyRoomAsk, RoomAsk } from "./room-ask.ts";

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

/** Asks for deeds that ended after a time; they come in any order. */
type AskForDeeds = (after: Date, signal: AbortSignal) => Promise<Deed[]>;

/** How a room's service is asked for deeds. */
export type RoomAudit<Room extends string, S extends z.ZodType, Secret extends string> = RoomAsk<
  AskForDeeds,
  Room,
  S,
  Secret
>;
export type AnyRoomAudit = AnyRoomAsk<AskForDeeds>;

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
