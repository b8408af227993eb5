/** One run: decides for each registration what to do, does it, and deletes in the end what the program no longer names. */

import { randomUUID } from "node:crypto";
import { isDeepStrictEqual } from "node:util";
import { adopt } from "./adopt.ts";
import { deleteResources } from "./deletions.ts";
import type { Events } from "./events.ts";
import { type Goal, inherited, type Registered, stateOf } from "./goal.ts";
import type { Ledger } from "./ledger.ts";
import type { Limit } from "./limit.ts";
import type { PolicyPacks } from "./policy.ts";
import { creation, foresee, type Live, planFor } from "./plan.ts";
import { outputsOf, packageOf, type Providers } from "./providers.ts";
import type { ResourceState } from "./state.ts";
import { announce, carryOut } from "./steps.ts";
import { makeUrn, urnName } from "./urn.ts";
import { keepAt } from "./property-path.ts";
import { diffPaths, type Props, reveal } from "./values.ts";

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

export class Deployment {
  readonly #parts: DeploymentParts;
  /** What was registered so far, by URN. */
  readonly #goals = new Map<string, Goal>();
  readonly #aliases = new Map<string, readonly string[]>();
  readonly #running = new Set<Promise<unknown>>();
  /** Whether the last run left anything in a cluster. */
  readonly #hasRecorded: boolean;

  constructor(parts: DeploymentParts) {
    this.#parts = parts;
    this.#hasRecorded = [...parts.ledger.left].some(({ type }) => packageOf(type) === "kubernetes");
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

  async #register(asked: Goal): Promise<Registered> {
    const { stack, project, ledger, events } = this.#parts;
    const goal = inherited(asked, this.#goals.get(asked.parent));
    const urn = makeUrn(stack, project, goal.type, goal.name, goal.parent);
    if (this.#goals.has(urn)) {
      throw new Error(`two resources have the URN ${urn}; give one of them another name`);
    }
    this.#goals.set(urn, goal);
    events.conceal(goal.inputs);
    const last = ledger.last(urn, this.#aliasesOf(goal, urn));
    if (!goal.custom) {
      return this.#component(goal, urn, last);
    }
    if (goal.type.startsWith("pulumi:providers:")) {
      return this.#provider(goal, urn, last);
    }
    return this.#custom(goal, urn, last);
  }

  /** The SDK hands an alias of a parent down to its children only; those below have other parents' types in their URNs, too. */
  #aliasesOf(goal: Goal, urn: string): readonly string[] {
    const { stack, project } = this.#parts;
    const ofParent = this.#aliases.get(goal.parent) ?? [];
    const inherited = ofParent.map((parent) => makeUrn(stack, project, goal.type, goal.name, parent));
    const aliases = [...new Set([...goal.aliases, ...inherited])];
    if (aliases.length > 0) this.#aliases.set(urn, aliases);
    return aliases;
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
    const step = events.step("read", urn, undefined, wanted.dependencies);
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
        await this.#parts.save();
      }
    }
  }

  /** Deletes what this run did not name, and what it replaced. */
  async deleteVanished(): Promise<void> {
    const { ledger, events } = this.#parts;
    const registered = new Set(ledger.done.map((resource) => resource.urn));
    const orphans = () => ledger.interrupted.filter((resource) => !registered.has(resource.urn));
    if (!events.failed && !this.#parts.preview) {
      for (const orphan of orphans()) await adopt(this.#parts, orphan);
    }
    const doomed = [...ledger.left, ...orphans()];
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
    if (op !== "same") await this.#parts.save();
    step.done(goal.inputs);
    return { urn, id: "", outputs: goal.inputs };
  }

  async #provider(goal: Goal, urn: string, last: ResourceState | undefined): Promise<Registered> {
    const { ledger, events } = this.#parts;
    const paths = last === undefined ? [] : diffPaths(ofProgram(last.inputs ?? {}), ofProgram(goal.inputs));
    const op = last === undefined ? "create" : paths.length > 0 ? "update" : "same";
    const step = events.step(op, urn, op === "update" ? paths : undefined);
    const now = new Date().toISOString();
    const id = last?.id ?? randomUUID();
    const inputs = op === "same" ? (last?.inputs ?? {}) : goal.inputs;
    const recorded = { ...inputs, ...(goal.version === "" ? {} : { version: goal.version }) };
    ledger.finish(
      {
        ...stateOf(goal, urn, "", recorded),
        id,
        outputs: outputsOf(recorded),
        created: last?.created ?? now,
        modified: op === "same" ? (last?.modified ?? now) : now,
      },
      last,
    );
    if (op !== "same") await this.#parts.save();
    step.done(goal.inputs);
    return { urn, id, outputs: goal.inputs };
  }

  async #custom(goal: Goal, urn: string, recorded: ResourceState | undefined): Promise<Registered> {
    const { providers, limit, preview, signal, events, policies, ledger, save } = this.#parts;
    if (goal.type === "pulumi:pulumi:StackReference") {
      throw new Error("the local engine has no stack references; hand the value over in the stack's configuration");
    }
    const ref = goal.provider === "" ? providers.defaultFor(goal.type, goal.version) : goal.provider;
    const provider = providers.get(ref);
    const { type, name } = goal;
    const asked = recorded === undefined ? goal.inputs : keepAt(recorded.inputs ?? {}, goal.inputs, goal.ignoreChanges);
    const inputs = (await provider.checked?.(type, asked)) ?? asked;
    const context = { urn, type, name, inputs: reveal(inputs) as Props, signal, progress: () => undefined };
    const problems = provider.check?.(context) ?? [];
    const violations = await policies.analyze(goal, urn, inputs);
    if (problems.length > 0 || violations.length > 0) {
      const report = events.step(recorded === undefined ? "create" : "update", urn, undefined, goal.dependencies);
      report.failed([...problems, ...violations].join("; "));
      return { urn, id: "", outputs: inputs, failed: true };
    }
    const live = await this.#survey(ref, recorded);
    const last = (await this.#adopted(urn, recorded)) ?? recorded;
    const plan =
      last === undefined || live.gone || last.pendingReplacement === true
        ? creation
        : planFor(goal, provider, last, inputs, live);
    const state = stateOf(goal, urn, ref, inputs);
    // Before its turn, so that one checkpoint names all that wait.
    const announced = preview ? undefined : await announce({ ledger, save }, { plan, state, last });
    return limit.run(async (leave) => {
      if (signal.aborted) {
        if (announced !== undefined) ledger.end(announced);
        throw new Error("the run was interrupted");
      }
      const isChange = plan.op === "update" || plan.op === "replace";
      const report = events.step(plan.op, urn, isChange ? plan.diff.paths : undefined, goal.dependencies);
      try {
        if (preview) {
          const foreseen = foresee(plan, state, last);
          ledger.finish(foreseen, last);
          report.done(state.inputs);
          return { urn, id: foreseen.id ?? "", outputs: foreseen.outputs ?? {} };
        }
        const done = await carryOut(
          { ledger, save, scrub: (text) => events.scrub(text) },
          {
            plan,
            announced,
            state,
            last,
            provider,
            context: { ...context, progress: report.progress, onlyWaiting: leave },
            timeouts: goal.timeouts,
            report,
          },
        );
        events.conceal(done.outputs);
        return { urn, id: done.id ?? "", outputs: done.outputs ?? {} };
      } catch (error) {
        report.failed(error instanceof Error ? error.message : String(error));
        return { urn, id: "", outputs: inputs, failed: true };
      }
    });
  }

  /** What an interrupted create of this resource has made. */
  async #adopted(urn: string, recorded: ResourceState | undefined): Promise<ResourceState | undefined> {
    const { ledger, preview } = this.#parts;
    const interrupted = ledger.interrupted.find((resource) => resource.urn === urn);
    const isRecorded = recorded !== undefined && recorded.pendingReplacement !== true;
    return preview || interrupted === undefined || isRecorded ? undefined : await adopt(this.#parts, interrupted);
  }

  /** What became of the recorded object behind our back. In a preview a cluster out of reach is only a warning. */
  async #survey(ref: string, last: ResourceState | undefined): Promise<Live> {
    const { providers, preview, events, stop } = this.#parts;
    const unknown: Live = { gone: false, drifted: [], failed: false };
    if (preview && !this.#hasRecorded) {
      return unknown;
    }
    try {
      const { gone, drifted, failed } = await providers.survey(ref);
      return last === undefined
        ? unknown
        : { gone: gone.has(last.urn), drifted: drifted.get(last.urn) ?? [], failed: failed.has(last.urn) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      if (preview) {
        events.warnOnce(`the preview compares inputs only: ${message}`);
        return unknown;
      }
      events.error(message);
      stop();
      throw error;
    }
  }
}

/** A provider's inputs without what an engine adds to them. */
function ofProgram(inputs: Props): Props {
  const added = ["version", "__internal"];
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !added.includes(key)));
}
