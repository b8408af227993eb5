/** What to do with a resource, and what its entry in the state becomes. */

import type { Goal } from "./goal.ts";
import type { Diff, Made, Provider } from "./provider.ts";
import type { ResourceState } from "./state.ts";
import { isBelow } from "./property-path.ts";
import { hideAt, hideTexts, isSecret, merge, type Props, reveal, secret, secretTexts } from "./values.ts";

export interface Plan {
  readonly op: "create" | "same" | "update" | "replace";
  readonly diff: Diff;
}

export const creation: Plan = { op: "create", diff: { paths: [], replaces: [], deleteBeforeReplace: false } };

/** What became of a recorded object since the last run. */
export interface Live {
  readonly gone: boolean;
  readonly drifted: readonly string[];
  readonly failed: boolean;
}

/** Same, update or replace, from the inputs and from what became of the object. */
export function planFor(
  goal: Goal,
  provider: Provider,
  last: ResourceState,
  inputs: Props,
  { drifted, failed }: Live,
): Plan {
  const found = provider.diff(goal.type, reveal(last.inputs ?? {}) as Props, reveal(inputs) as Props, failed);
  const forced = found.paths.filter((path) => goal.replaceOnChanges.some((prefix) => isBelow(path, prefix)));
  const replaces = [...new Set([...found.replaces, ...forced])];
  const deleteBeforeReplace = found.deleteBeforeReplace || goal.deleteBeforeReplace === true;
  if (replaces.length > 0) {
    return { op: "replace", diff: { paths: found.paths, replaces, deleteBeforeReplace } };
  }
  const edited = drifted.filter((path) => !goal.ignoreChanges.some((prefix) => isBelow(path, prefix)));
  const paths = [...new Set([...found.paths, ...edited])];
  const unfinished = (last.initErrors ?? []).length > 0;
  return { op: paths.length > 0 || unfinished ? "update" : "same", diff: { paths, replaces, deleteBeforeReplace } };
}

/** The entry of a resource that stays as it is. */
export function copyRecorded(state: ResourceState, last: ResourceState): ResourceState {
  return {
    ...state,
    ...(last.id === undefined ? {} : { id: last.id }),
    // The recorded envelopes keep their ciphertext, so an unchanged state stays the same text.
    ...(last.inputs === undefined ? {} : { inputs: last.inputs }),
    ...(last.outputs === undefined ? {} : { outputs: last.outputs }),
    ...(last.created === undefined ? {} : { created: last.created }),
    ...(last.modified === undefined ? {} : { modified: last.modified }),
  };
}

/** The entry of a finished step; every secret of the inputs is secret in the outputs too. */
export function completed(
  state: ResourceState,
  made: Made,
  last: ResourceState | undefined,
  started: string,
): ResourceState {
  const inputs = merge(state.inputs ?? {}, made.noted) as Props;
  const outputs = hideAt(inputs, hideTexts(made.outputs, secretTexts(inputs))) as Props;
  if (outputs["__inputs"] !== undefined) {
    outputs["__inputs"] = isSecret(outputs["__inputs"]) ? secret(reveal(inputs)) : inputs;
  }
  for (const key of state.additionalSecretOutputs ?? []) {
    if (outputs[key] !== undefined) {
      outputs[key] = secret(outputs[key]);
    }
  }
  return { ...state, inputs, id: made.id, outputs, created: last?.created ?? started, modified: started };
}

/** What a step would give: known inputs, and for a resource that exists its recorded outputs. */
export function foresee(plan: Plan, state: ResourceState, last: ResourceState | undefined): ResourceState {
  if (plan.op === "same" && last !== undefined) {
    return copyRecorded(state, last);
  }
  if (plan.op === "update" && last !== undefined) {
    const outputs = merge(last.outputs ?? {}, state.inputs ?? {}) as Props;
    return { ...state, ...(last.id === undefined ? {} : { id: last.id }), outputs };
  }
  return { ...state, outputs: state.inputs ?? {} };
}
