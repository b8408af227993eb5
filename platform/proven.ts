/** What a room tells the proof: where to ask it, with references to its secrets. */
import type * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";
import type { Ready, SecretKeyRef } from "./endpoints.ts";
import type { AnyRoomHops } from "./hops/define-hops.ts";
import type { Destination } from "./network.ts";
import type { EnvVar } from "./workload.ts";

/** A room's part of the proof's settings. */
export interface Proven {
  /** Name of its service. */
  readonly room: string;
  /** As its `hops.ts` declares them. */
  readonly settings: object;
  /** Each becomes an environment variable of the proof. */
  readonly secrets: Readonly<Record<string, SecretKeyRef>>;
  /** Variables that its clients read by themselves, such as how to speak to it. */
  readonly env: readonly EnvVar[];
  /** What must be there before the proof asks. */
  readonly ready: Ready;
  /** What the proof connects to for it. */
  readonly reaches: readonly Destination[];
  /** Whether a hop asks the cluster which Jobs have failed. */
  readonly seesJobs: boolean;
}

type InputsOf<T> = { [Key in keyof T]: pulumi.Input<T[Key]> };
type SecretsOf<Hops extends AnyRoomHops> = keyof NonNullable<Hops["secrets"]>;

/** What a room of these hops has to tell. */
export type ProvenPart<Hops extends AnyRoomHops> = {
  readonly settings: InputsOf<z.input<NonNullable<Hops["settings"]>>>;
  /** Variables that its clients read by themselves. @default - none */
  readonly env?: readonly EnvVar[];
  /** @default - none */
  readonly ready?: Ready;
  /** @default - none: what it asks, other rooms tell */
  readonly reaches?: readonly Destination[];
  /** @default false */
  readonly seesJobs?: boolean;
} & ([SecretsOf<Hops>] extends [never]
  ? object
  : { readonly secrets: Readonly<Record<SecretsOf<Hops>, SecretKeyRef>> });

/**
 * A room's part, checked by the types of its `hops.ts`, which is imported for its type alone: the program loads none of
 * the proof's clients.
 */
export function proven<Hops extends AnyRoomHops>(room: Hops["room"], part: ProvenPart<Hops>): Proven {
  return { room, secrets: {}, env: [], ready: [], reaches: [], seesJobs: false, ...part };
}
