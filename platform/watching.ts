/**
 * What there is to see of a service: panels of its dashboard and alerts, as plain data, and how its figures come where it has no page
 * of them that Prometheus could read. Loads nothing of Pulumi: the exporter runs in the cluster.
 */
import type * as z from "zod";
import type { AnyRoomAsk, RoomAsk } from "./room-ask.ts";

/** A chart. */
export interface Panel {
  readonly title: string;
  /** Queries in PromQL, each with what its lines are called: `{{topic}}` is the label of that name. */
  readonly lines: Readonly<Record<string, string>>;
  /** @default - a plain number */
  readonly unit?: "bytes" | "bytes/s" | "seconds" | "cores" | "/s" | "%";
}

export interface Alert {
  /** In words that are one word each: `KafkaLagGrows`. */
  readonly name: string;
  /** In PromQL: whatever it finds is wrong. */
  readonly expr: string;
  /** Time for which it must be so, in minutes. */
  readonly forMinutes: number;
  readonly severity: "warning" | "critical";
  /** What is wrong, a sentence; `{{ $labels.topic }}` is a label, `{{ $value }}` the value. */
  readonly summary: string;
  /** What to do about it, a line. */
  readonly runbook: string;
}

export interface Watched {
  readonly panels: readonly Panel[];
  readonly alerts: readonly Alert[];
}

/** A figure of a service, as Prometheus has it. */
export interface Sample {
  readonly name: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

type AskForFigures = (signal: AbortSignal) => Promise<Sample[]>;

/** How the exporter asks a room's service. */
export type RoomWatch<Room extends string, S extends z.ZodType, Secret extends string> = RoomAsk<
  AskForFigures,
  Room,
  S,
  Secret
>;
export type AnyRoomWatch = AnyRoomAsk<AskForFigures>;

export function defineWatch<const Room extends string, S extends z.ZodType, Secret extends string = never>(
  watch: RoomWatch<Room, S, Secret>,
): RoomWatch<Room, S, Secret> {
  return watch;
}
