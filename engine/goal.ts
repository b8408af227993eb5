/** What the program asks for: one registration. */

import type { ResourceState } from "./state.ts";
import type { Props } from "./values.ts";

export interface Goal {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly custom: boolean;
  /** Without output envelopes; secrets keep theirs. */
  readonly inputs: Props;
  /** `<urn>::<id>` of the provider; empty: the package's default provider. */
  readonly provider: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly propertyDependencies: Readonly<Record<string, string[]>>;
  readonly aliases: readonly string[];
  readonly protect: boolean;
  /** `undefined`: as its parent. */
  readonly retainOnDelete: boolean | undefined;
  readonly deleteBeforeReplace: boolean | undefined;
  readonly ignoreChanges: readonly string[];
  readonly replaceOnChanges: readonly string[];
  readonly additionalSecretOutputs: readonly string[];
  /** URN; empty: as its parent. */
  readonly deletedWith: string;
  /** Seconds by operation. */
  readonly timeouts: { readonly create?: number; readonly update?: number; readonly delete?: number };
}

export interface Registered {
  readonly urn: string;
  readonly id: string;
  readonly outputs: Props;
  /** The step failed: the program's outputs of it reject. */
  readonly failed?: boolean;
}

/** The goal with what it takes over from its parent: these two are the engine's to hand down, `protect` is the SDK's. */
export function inherited(goal: Goal, parent: Goal | undefined): Goal {
  const retainOnDelete = goal.retainOnDelete ?? parent?.retainOnDelete;
  const deletedWith = goal.deletedWith === "" ? (parent?.deletedWith ?? "") : goal.deletedWith;
  return { ...goal, retainOnDelete, deletedWith };
}

/** The part of a checkpoint's entry that comes from the goal. */
export function stateOf(goal: Goal, urn: string, provider: string, inputs: Props): ResourceState {
  return {
    urn,
    custom: goal.custom,
    type: goal.type,
    inputs,
    ...(goal.parent === "" ? {} : { parent: goal.parent }),
    ...(goal.protect ? { protect: true } : {}),
    ...(goal.dependencies.length === 0 ? {} : { dependencies: [...goal.dependencies] }),
    ...(provider === "" ? {} : { provider }),
    ...(Object.keys(goal.propertyDependencies).length === 0 ? {} : { propertyDependencies: goal.propertyDependencies }),
    ...(goal.additionalSecretOutputs.length === 0
      ? {}
      : { additionalSecretOutputs: [...goal.additionalSecretOutputs] }),
    ...(Object.keys(goal.timeouts).length === 0 ? {} : { customTimeouts: { ...goal.timeouts } }),
    ...(goal.retainOnDelete === true ? { retainOnDelete: true } : {}),
    ...(goal.deletedWith === "" ? {} : { deletedWith: goal.deletedWith }),
    ...(goal.ignoreChanges.length === 0 ? {} : { ignoreChanges: [...goal.ignoreChanges] }),
    ...(goal.replaceOnChanges.length === 0 ? {} : { replaceOnChanges: [...goal.replaceOnChanges] }),
  };
}
