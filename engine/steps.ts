/** Carries out what was planned for one resource, and keeps the state true at every moment of it. */

import type { StepReport } from "./events.ts";
import type { Ledger } from "./ledger.ts";
import { completed, copyRecorded, type Plan } from "./plan.ts";
import { type Made, NoAnswerError, NotReadyError, type Provider, type StepContext } from "./provider.ts";
import { recordedOf } from "./providers.ts";
import type { PendingOperation, ResourceState } from "./state.ts";

/** Most seconds to wait, by operation; absent: the provider's own default. */
export interface Timeouts {
  readonly create?: number;
  readonly update?: number;
  readonly delete?: number;
}

/** What shall become of a resource. */
export interface Intent {
  readonly plan: Plan;
  readonly state: ResourceState;
  readonly last: ResourceState | undefined;
}

export interface Step extends Intent {
  /** By `announce`. */
  readonly announced: PendingOperation | undefined;
  readonly provider: Provider;
  /** Without a timeout of its own. */
  readonly context: Omit<StepContext, "timeoutSeconds">;
  readonly timeouts: Timeouts;
  readonly report: StepReport;
}

export interface StepParts {
  readonly ledger: Ledger;
  readonly save: () => Promise<void>;
  /** Takes secrets out of a text. */
  readonly scrub: (text: string) => string;
}

/**
 * Records that a resource is about to be made or changed, before its turn comes: whoever is killed then leaves word of it.
 * A replacement is recorded when its predecessor is gone, and what stays needs no word.
 */
export async function announce(
  { ledger, save }: Pick<StepParts, "ledger" | "save">,
  intent: Intent,
): Promise<PendingOperation | undefined> {
  if (intent.plan.op !== "create" && intent.plan.op !== "update") return undefined;
  const operation = begin(ledger, intent);
  await save();
  return operation;
}

function begin(ledger: Ledger, { plan, state, last }: Intent): PendingOperation {
  return ledger.begin(
    plan.op === "update"
      ? { resource: { ...state, id: last?.id ?? "" }, type: "updating" }
      : { resource: state, type: "creating" },
  );
}

/** Resolves with the resource's new entry; rejects when the step failed, with the state saying how far it came. */
export async function carryOut(parts: StepParts, step: Step): Promise<ResourceState> {
  const { plan, state, last, report } = step;
  if (plan.op === "same" && last !== undefined) {
    const kept = copyRecorded(state, last);
    parts.ledger.finish(kept, last);
    report.done();
    return kept;
  }
  if (plan.op === "replace" && last !== undefined) {
    if (last.protect === true) {
      throw new Error(
        `it is protected and would have to be replaced (${plan.diff.replaces.join(", ")}); remove its protect option first`,
      );
    }
    if (plan.diff.deleteBeforeReplace) {
      report.progress("deleting the old one first");
      await deleteOld(parts, step, last);
    }
  }
  const result = await make(parts, step);
  report.done();
  return result;
}

async function make(parts: StepParts, step: Step): Promise<ResourceState> {
  const { ledger, save, scrub } = parts;
  const { plan, state, last, provider, context, timeouts } = step;
  const updated = plan.op === "update" ? last : undefined;
  let operation = step.announced;
  if (operation === undefined) {
    operation = begin(ledger, step);
    await save();
  }
  const started = new Date().toISOString();
  const record = (made: Made, errors: Pick<ResourceState, "initErrors">) => {
    const result = { ...completed(state, made, updated, started), ...errors };
    ledger.end(operation);
    if (plan.op === "replace" && last !== undefined && last.pendingReplacement !== true) {
      // The replaced one stays in the state, marked, until its deletion at the end.
      last.delete = true;
      ledger.finish(result);
    } else {
      ledger.finish(result, last);
    }
    return result;
  };
  try {
    const made =
      updated === undefined
        ? await provider.create(timed(context, timeouts.create))
        : await provider.update(timed(context, timeouts.update), recordedOf(updated));
    const result = record(made, {});
    context.onlyWaiting?.(); // for the disk
    await save();
    return result;
  } catch (error) {
    if (error instanceof NotReadyError) {
      record(error.made, { initErrors: [scrub(error.message)] });
    } else {
      ledger.end(operation);
      if (error instanceof NoAnswerError && updated === undefined) {
        ledger.interrupted.push(state); // it may exist: the next run takes it over, or deletes it
      }
    }
    await save();
    throw error;
  }
}

/** The entry stays, marked, until the replacement is there: what depends on it refers to it. */
async function deleteOld(parts: StepParts, step: Step, last: ResourceState): Promise<void> {
  const { ledger, save } = parts;
  const { provider, context, timeouts } = step;
  const operation = ledger.begin({ resource: last, type: "deleting" });
  await save();
  try {
    if (last.retainOnDelete !== true) {
      await provider.delete(timed(context, timeouts.delete), recordedOf(last));
    }
    last.pendingReplacement = true;
  } finally {
    ledger.end(operation);
    await save();
  }
}

function timed(context: Step["context"], seconds: number | undefined): StepContext {
  return { ...context, ...(seconds === undefined ? {} : { timeoutSeconds: seconds }) };
}
