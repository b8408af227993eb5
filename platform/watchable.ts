/** What a room tells those that ask it, for its figures or for what people did: where to ask, with references to its secrets. */
import * as pulumi from "@pulumi/pulumi";
import type * as z from "zod";
import type { SecretKeyRef } from "./endpoints.ts";
import { secretVariable } from "./hops/define-hops.ts";
import type { Destination } from "./network.ts";
import { type EnvVar, secretEnv } from "./workload.ts";

/** What is known of those who ask: of its settings and secrets the types alone. */
interface Asks {
  readonly room: string;
  readonly settings: z.ZodType;
  readonly secrets?: readonly string[];
}

/** A room's part of the settings of who asks it. */
export interface Watchable {
  /** Name of its service. */
  readonly room: string;
  /** As its `watch.ts` or `audit.ts` declares them. */
  readonly settings: object;
  /** Each becomes an environment variable of who asks. */
  readonly secrets: Readonly<Record<string, SecretKeyRef>>;
  /** Variables that its clients read by themselves, such as how to speak to it. */
  readonly env: readonly EnvVar[];
  /** What is connected to for it. */
  readonly reaches: readonly Destination[];
}

type InputsOf<T> = { [Key in keyof T]: pulumi.Input<T[Key]> };
type SecretsOf<Watch extends Asks> = NonNullable<Watch["secrets"]>[number];

type WatchablePart<Watch extends Asks> = {
  readonly settings: InputsOf<z.input<Watch["settings"]>>;
  /** @default - none */
  readonly env?: readonly EnvVar[];
  readonly reaches: readonly Destination[];
} & ([SecretsOf<Watch>] extends [never]
  ? object
  : { readonly secrets: Readonly<Record<SecretsOf<Watch>, SecretKeyRef>> });

/** A room's part, checked by the types of its `watch.ts` or `audit.ts`, which is imported for its type alone. */
export function watchable<Watch extends Asks>(room: Watch["room"], part: WatchablePart<Watch>): Watchable {
  return { room, secrets: {}, env: [], ...part };
}

/** What a program is told that asks these rooms: their settings in one variable, each secret in one of its own. */
export function toldEnv(variable: string, parts: readonly Watchable[]): EnvVar[] {
  const settings = pulumi
    .all(parts.map((part) => pulumi.output(part.settings).apply((known) => [part.room, known] as const)))
    .apply((all) => JSON.stringify(Object.fromEntries(all)));
  return [
    { name: variable, value: settings },
    ...parts.flatMap(({ room, secrets }) =>
      Object.entries(secrets).map(([secret, { secretName, key }]) =>
        secretEnv(secretVariable(room, secret), secretName, key),
      ),
    ),
    ...parts.flatMap(({ env }) => env),
  ];
}
