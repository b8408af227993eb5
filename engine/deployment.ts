/** One run: decides for each registration what to do, does it, and deletes in the end what the program no longer names. */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { deleteResources } from "./deletions.ts";
import type { Events, StepReport } from "./events.ts";
import { type Goal, type Registered, stateOf } from "./goal.ts";
import type { Ledger } from "./ledger.ts";
import type { Limit } from "./limit.ts";
import type { PolicyPacks } from "./policy.ts";
import { type Diff, type Made, NotReadyError, type Provider, type StepContext } from "./provider.ts";
import { packageOf, type Providers, recordedOf } from "./providers.ts";
import type { PendingOperation, ResourceState } from "./state.ts";
import { makeUrn, urnName } from "./urn.ts";
import { diffPaths, hideTexts, isBelow, keepAt, merge, type Props, reveal, secret, secretTexts } from "./values.ts";

export interface DeploymentParts {
  readonly stack: string;
  readonly project: string;
  readonly preview: boolean;
  readonly ledger: Ledger;
  readonly providers: Providers;
  readonly events: Events;
  readonly policies: PolicyPacks;
  readonly limit: Limit;
  readonly signal: AbortSignal;
  /** Writes the checkpoint; nothing in a preview. */
  readonly save: () => Promise<void>;
  /** Ends the run: no further registration is taken. */
  readonly stop: () => void;
}

export interface ReadRequest {
  readonly type: string;
  readonly name: string;
  readonly parent: string;
  readonly id: string;
  readonly provider: string;
  readonly version: string;
  readonly dependencies: readonly string[];
  readonly inputs: Props;
}

type Plan = { readonly op: "create" | "same" | "update" | "replace"; readonly diff: Diff };

const noDiff: Diff = { paths: [], replaces: [], deleteBeforeReplace: false };

export class Deployment {
  readonly #parts: DeploymentParts;
  readonly #seen = new Set<string>();
  readonly #running = new Set<Promise<unknown>>();

  constructor(parts: DeploymentParts) {
    this.#parts = parts;
  }

  /** Takes one registration through to its end. */
  register(goal: Goal): Promise<Registered> {
    const running = this.#register(goal);
    this.#running.add(running);
    return running;
  }

  /** Resolves when no step is under way: a program that ended early leaves some. */
  async idle(): Promise<void> {
    await Promise.allSettled(this.#running);
  }

  async #register(goal: Goal): Promise<Registered> {
    const { stack, project, ledger } = this.#parts;
    const urn = makeUrn(stack, project, goal.type, goal.name, goal.parent);
    if (this.#seen.has(urn)) {
      throw new Error(`two resources have the URN ${urn}; give one of them another name`);
    }
    this.#seen.add(urn);
    const last = ledger.last(urn, goal.aliases);
    if (!goal.custom) {
      return this.#component(goal, urn, last);
    }
    if (goal.type.startsWith("pulumi:providers:")) {
      return this.#provider(goal, urn, last);
    }
    return this.#custom(goal, urn, last);
  }

  /** Reads an object that is not ours to change. */
  async read(wanted: ReadRequest): Promise<Registered> {
    const { stack, project, providers, ledger, events, save } = this.#parts;
    const urn = makeUrn(stack, project, wanted.type, wanted.name, wanted.parent);
    const ref = wanted.provider === "" ? providers.defaultFor(wanted.type, wanted.version) : wanted.provider;
    const provider = providers.get(ref);
    if (provider.read === undefined) {
      throw new Error(`the local engine can't read a ${wanted.type}`);
    }
    const step = events.step("read", urn);
    const made = await provider.read(wanted.type, wanted.id);
    const state: ResourceState = {
      urn,
      custom: true,
      type: wanted.type,
      id: made.id,
      external: true,
      inputs: wanted.inputs,
      outputs: made.outputs,
      ...(wanted.parent === "" ? {} : { parent: wanted.parent }),
      ...(wanted.dependencies.length === 0 ? {} : { dependencies: [...wanted.dependencies] }),
      provider: ref,
    };
    ledger.finish(state, ledger.last(urn));
    await save();
    step.done();
    return { urn, id: made.id, outputs: made.outputs };
  }

  /** Outputs of a component or of the stack. */
  async registerOutputs(urn: string, outputs: Props): Promise<void> {
    const state = this.#parts.ledger.current(urn);
    if (state !== undefined) {
      // Equal outputs keep their envelopes, and with them their ciphertext.
      if (!isDeepStrictEqual(state.outputs, outputs)) {
        state.outputs = outputs;
      }
      await this.#parts.save();
    }
  }

  /** Deletes what this run did not name, and what it replaced. */
  async deleteVanished(): Promise<void> {
    const { ledger, events } = this.#parts;
    const registered = new Set(ledger.done.map((resource) => resource.urn));
    const orphans = ledger.interrupted.filter((resource) => !registered.has(resource.urn));
    const doomed = [...ledger.left, ...orphans];
    for (const resource of doomed) {
      if (resource.protect === true && resource.delete !== true) {
        events.error(
          `"${urnName(resource.urn)}" is protected and the program no longer names it; remove its protect option first`,
          resource.urn,
        );
      }
    }
    if (!events.failed) {
      await deleteResources(this.#parts, doomed);
    }
  }

  async #component(goal: Goal, urn: string, last: ResourceState | undefined): Promise<Registered> {
    const { ledger, events } = this.#parts;
    const paths = last === undefined ? [] : diffPaths(last.inputs ?? {}, goal.inputs);
    const op = last === undefined ? "create" : paths.length > 0 ? "update" : "same";
    const step = events.step(op, urn, op === "update" ? paths : undefined);
    const now = new Date().toISOString();
    const changed = op === "same" ? last?.modified : now;
    ledger.finish(
      {
        ...stateOf(goal, urn, "", goal.inputs),
        outputs: last?.outputs ?? {},
        created: last?.created ?? now,
        modified: changed ?? now,
      },
      last,
    );
    await this.#parts.save();
    step.done(goal.inputs);
    return { urn, id: "", outputs: goal.inputs };
  }

  async #provider(goal: Goal, urn: string, last: ResourceState | undefined): Promise<Registered> {
    const { ledger, events } = this.#parts;
    const paths = last === undefined ? [] : diffPaths(last.inputs ?? {}, goal.inputs);
    const op = last === undefined ? "create" : paths.length > 0 ? "update" : "same";
    const step = events.step(op, urn, op === "update" ? paths : undefined);
    const now = new Date().toISOString();
    const id = last?.id ?? randomUUID();
    ledger.finish(
      {
        ...stateOf(goal, urn, "", goal.inputs),
        id,
        outputs: {
          ...(typeof last?.outputs?.["clusterUid"] === "string" ? { clusterUid: last.outputs["clusterUid"] } : {}),
          ...goal.inputs,
        },
        created: last?.created ?? now,
        modified: op === "same" ? (last?.modified ?? now) : now,
      },
      last,
    );
    await this.#parts.save();
    step.done(goal.inputs);
    return { urn, id, outputs: goal.inputs };
  }

  async #custom(goal: Goal, urn: string, last: ResourceState | undefined): Promise<Registered> {
    const { providers, limit, preview, signal, events, policies } = this.#parts;
    if (goal.type === "pulumi:pulumi:StackReference") {
      throw new Error("the local engine has no stack references; hand the value over in the stack's configuration");
    }
    const ref = goal.provider === "" ? providers.defaultFor(goal.type, goal.version) : goal.provider;
    const provider = providers.get(ref);
    const inputs = last === undefined ? goal.inputs : keepAt(last.inputs ?? {}, goal.inputs, goal.ignoreChanges);
    const context = this.#context(goal, urn, reveal(inputs) as Props);
    const problems = provider.check?.(context) ?? [];
    const violations = await policies.analyze(goal, urn, inputs);
    if (problems.length > 0 || violations.length > 0) {
      const step = events.step(last === undefined ? "create" : "update", urn);
      step.failed([...problems, ...violations].join("; "));
      return { urn, id: "", outputs: inputs, failed: true };
    }
    const gone = await this.#gone(ref, last);
    return limit.run(async () => {
      if (signal.aborted) {
        throw new Error("the run was interrupted");
      }
      const plan =
        last === undefined || gone ? { op: "create" as const, diff: noDiff } : planFor(goal, provider, last, inputs);
      const step = events.step(
        plan.op,
        urn,
        plan.op === "update" || plan.op === "replace" ? plan.diff.paths : undefined,
      );
      const state = stateOf(goal, urn, ref, inputs);
      try {
        const done = preview
          ? this.#foresee(plan, state, last, step)
          : await this.#carryOut(plan, state, last, provider, { ...context, progress: step.progress }, step);
        return { urn, id: done.id ?? "", outputs: done.outputs ?? {} };
      } catch (error) {
        step.failed(error instanceof Error ? error.message : String(error));
        return { urn, id: "", outputs: inputs, failed: true };
      }
    });
  }

  /** Whether the recorded object was deleted behind our back. In a preview a cluster out of reach is only a warning. */
  async #gone(ref: string, last: ResourceState | undefined): Promise<boolean> {
    const { providers, preview, events, stop, ledger } = this.#parts;
    if (preview && ![...ledger.left].some((resource) => packageOf(resource.type) === "kubernetes")) {
      return false;
    }
    try {
      const missing = await providers.ready(ref);
      return last !== undefined && missing.has(last.urn);
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (preview) {
        events.warnOnce(`the preview compares inputs only: ${message}`);
        return false;
      }
      events.error(message);
      stop();
      throw error;
    }
  }

  #context(goal: Goal, urn: string, inputs: Props): StepContext {
    const timeout = goal.timeouts.create ?? goal.timeouts.update;
    return {
      urn,
      type: goal.type,
      name: goal.name,
      inputs,
      signal: this.#parts.signal,
      progress: () => undefined,
      ...(timeout === undefined ? {} : { timeoutSeconds: timeout }),
    };
  }

  #foresee(plan: Plan, state: ResourceState, last: ResourceState | undefined, step: StepReport): ResourceState {
    const foreseen = foresee(plan, state, last);
    this.#parts.ledger.finish(foreseen, last);
    step.done(state.inputs);
    return foreseen;
  }

  async #carryOut(
    plan: Plan,
    state: ResourceState,
    last: ResourceState | undefined,
    provider: Provider,
    context: StepContext,
    step: StepReport,
  ): Promise<ResourceState> {
    const { ledger, save } = this.#parts;
    if (plan.op === "same" && last !== undefined) {
      const kept = copyRecorded(state, last);
      ledger.finish(kept, last);
      step.done();
      return kept;
    }
    if (plan.op === "replace" && last !== undefined) {
      if (last.protect === true) {
        throw new Error(
          `it is protected and would have to be replaced (${plan.diff.replaces.join(", ")}); remove its protect option first`,
        );
      }
      if (plan.diff.deleteBeforeReplace) {
        step.progress("deleting the old one first");
        await this.#deleteOld(last, provider, context);
      }
    }
    const updating = plan.op === "update" && last !== undefined;
    const operation = ledger.begin({
      resource: updating ? { ...state, id: last.id ?? "" } : state,
      type: updating ? "updating" : "creating",
    });
    await save();
    const started = new Date().toISOString();
    let result: ResourceState;
    try {
      const made = updating ? await provider.update(context, recordedOf(last)) : await provider.create(context);
      result = completed(state, made, updating ? last : undefined, started);
    } catch (error) {
      await this.#recordFailure(operation, error, state, plan, last, started);
      throw error;
    }
    ledger.end(operation);
    this.#supersede(plan, last);
    ledger.finish(result, plan.op === "replace" ? undefined : last);
    await save();
    step.done();
    return result;
  }

  /** A replaced resource stays in the state, marked, until its deletion at the end. */
  #supersede(plan: Plan, last: ResourceState | undefined): void {
    if (plan.op === "replace" && last !== undefined) {
      last.delete = true;
    }
  }

  async #deleteOld(last: ResourceState, provider: Provider, context: StepContext): Promise<void> {
    const { ledger, save } = this.#parts;
    const operation = ledger.begin({ resource: last, type: "deleting" });
    await save();
    if (last.retainOnDelete !== true) {
      try {
        await provider.delete(context, recordedOf(last));
      } catch (error) {
        ledger.end(operation);
        await save();
        throw error;
      }
    }
    ledger.end(operation);
    ledger.left.delete(last);
    await save();
  }

  async #recordFailure(
    operation: PendingOperation,
    error: unknown,
    state: ResourceState,
    plan: Plan,
    last: ResourceState | undefined,
    started: string,
  ): Promise<void> {
    const { ledger, save } = this.#parts;
    ledger.end(operation);
    if (error instanceof NotReadyError) {
      this.#supersede(plan, last);
      const made = completed(state, error.made, plan.op === "update" ? last : undefined, started);
      ledger.finish({ ...made, initErrors: [error.message] }, plan.op === "replace" ? undefined : last);
    }
    await save();
  }
}

/** Same, update or replace, from the inputs alone. */
function planFor(goal: Goal, provider: Provider, last: ResourceState, inputs: Props): Plan {
  const found = provider.diff(goal.type, reveal(last.inputs ?? {}) as Props, reveal(inputs) as Props);
  const forced = found.paths.filter((path) => goal.replaceOnChanges.some((prefix) => isBelow(path, prefix)));
  const replaces = [...new Set([...found.replaces, ...forced])];
  const deleteBeforeReplace = found.deleteBeforeReplace || goal.deleteBeforeReplace === true;
  const diff = { paths: found.paths, replaces, deleteBeforeReplace };
  if (replaces.length > 0) {
    return { op: "replace", diff };
  }
  const unfinished = (last.initErrors ?? []).length > 0;
  return { op: found.paths.length > 0 || unfinished ? "update" : "same", diff };
}

function copyRecorded(state: ResourceState, last: ResourceState): ResourceState {
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
function completed(state: ResourceState, made: Made, last: ResourceState | undefined, started: string): ResourceState {
  const outputs = hideTexts(made.outputs, secretTexts(state.inputs)) as Props;
  for (const key of state.additionalSecretOutputs ?? []) {
    if (outputs[key] !== undefined) {
      outputs[key] = secret(outputs[key]);
    }
  }
  return { ...state, id: made.id, outputs, created: last?.created ?? started, modified: started };
}

/** What a step would give: known inputs, and for a resource that exists its recorded outputs. */
function foresee(plan: Plan, state: ResourceState, last: ResourceState | undefined): ResourceState {
  if (plan.op === "same" && last !== undefined) {
    return copyRecorded(state, last);
  }
  if (plan.op === "update" && last !== undefined) {
    const outputs = merge(last.outputs ?? {}, state.inputs ?? {}) as Props;
    return { ...state, ...(last.id === undefined ? {} : { id: last.id }), outputs };
  }
  return { ...state, outputs: state.inputs ?? {} };
}
