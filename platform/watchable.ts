/** What a room tells the exporter of its figures: where to ask it, with references to its secrets. */
import type * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";
import type { SecretKeyRef } from "./endpoints.ts";
import type { Destination } from "./network.ts";
import type { AnyRoomWatch } from "./watching.ts";
import type { EnvVar } from "./workload.ts";

/** A room's part of the exporter's settings. */
export interface Watchable {
  /** Name of its service. */
  readonly room: string;
  /** As its `watch.ts` declares them. */
  readonly settings: object;
  /** Each becomes an environment variable of the exporter. */
  readonly secrets: Readonly<Record<string, SecretKeyRef>>;
  /** Variables that its clients read by themselves, such as how to speak to it. */
  readonly env: readonly EnvVar[];
  /** What the exporter connects to for it. */
  readonly reaches: readonly Destination[];
}

type InputsOf<T> = { [Key in keyof T]: pulumi.Input<T[Key]> };
type SecretsOf<Watch extends AnyRoomWatch> = NonNullable<Watch["secrets"]>[number];

type WatchablePart<Watch extends AnyRoomWatch> = {
  readonly settings: InputsOf<z.input<Watch["settings"]>>;
  /** @default - none */
  readonly env?: readonly EnvVar[];
  readonly reaches: readonly Destination[];
} & ([SecretsOf<Watch>] extends [never]
  ? object
  : { readonly secrets: Readonly<Record<SecretsOf<Watch>, SecretKeyRef>> });

/** A room's part, checked by the types of its `watch.ts`, which is imported for its type alone. */
export function watchable<Watch extends AnyRoomWatch>(room: Watch["room"], part: WatchablePart<Watch>): Watchable {
  return { room, secrets: {}, env: [], ...part };
}
