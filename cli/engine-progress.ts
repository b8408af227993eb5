/** The engine's events as progress: a line per change, a live step for whatever is being waited for. */
import type { EngineEvent, Operation } from "../engine/types.ts";
import type { Progress, Step } from "./progress.ts";
import { duration } from "./table.ts";
import type { Timeline } from "./timeline.ts";

const signs: Readonly<Record<Operation, string>> = {
  create: "+",
  update: "~",
  replace: "±",
  delete: "-",
  same: " ",
  read: ">",
};

type ResourceEvent = Extract<EngineEvent, { kind: "resource" }>;

/** Id in the timeline of what comes before every resource. */
const PROGRAM = "program";

/** Follows one engine run. */
export class EngineProgress {
  /** Type and name of what this run created, updated or replaced, or tried to. */
  readonly #changed = new Set<string>();
  #progress: Progress;
  #main: Step;
  #waiting = new Map<string, Step>();
  #done = 0;
  readonly #timeline: Timeline | undefined;
  /** Ends the program's own start in the timeline; each resource comes after that. */
  #endOfStart: (() => void) | undefined;
  readonly #ends = new Map<string, () => void>();

  /** @param timeline notes each resource whose dependencies the engine tells. @default - none */
  constructor(progress: Progress, title: string, timeline?: Timeline) {
    this.#progress = progress;
    this.#main = progress.step(title);
    this.#timeline = timeline;
    this.#endOfStart = timeline?.begin(PROGRAM, "start of the program");
  }

  readonly onEvent = (event: EngineEvent): void => {
    if (event.kind === "resource") {
      this.#resource(event);
    } else if (event.kind === "policy") {
      const where = event.urn === undefined ? "" : ` (${event.urn.split("::").at(-1) ?? ""})`;
      this.#progress.log(`${event.level} policy ${event.policy}${where}: ${event.message}`);
    } else if (event.severity === "info" || event.severity === "warning") {
      // Errors come last, from the result, where people look first.
      this.#progress.log(`${event.severity === "info" ? "" : "warning: "}${event.message}`);
    }
  };

  /** Whether resources are in the timeline: an engine may tell no dependencies. */
  get isTimed(): boolean {
    return this.#ends.size > 0;
  }

  /** Whether a resource of this type and name was made or changed, or was tried to be. */
  hasChanged(type: string, name: string): boolean {
    return this.#changed.has(`${type} ${name}`);
  }

  end(ok: boolean, text: string): void {
    for (const step of this.#waiting.values()) step.failed();
    this.#waiting.clear();
    if (ok) this.#main.done(text);
    else this.#main.failed(text);
  }

  #note(event: ResourceEvent, title: string): void {
    this.#endOfStart?.();
    this.#endOfStart = undefined;
    const { urn, status, dependencies } = event;
    if (status === "start" && dependencies !== undefined && this.#timeline !== undefined) {
      this.#ends.set(urn, this.#timeline.begin(urn, title, [PROGRAM, ...dependencies]));
    } else if (status === "done") {
      this.#ends.get(urn)?.();
    }
  }

  #resource(event: ResourceEvent): void {
    const what = `${event.type.split(":").at(-1) ?? event.type} ${event.name}`;
    this.#note(event, what);
    const waiting = this.#waiting.get(event.urn);
    if (event.status === "progress") {
      const step = waiting ?? this.#progress.step(what);
      this.#waiting.set(event.urn, step);
      if (event.message !== undefined) step.detail(event.message);
      return;
    }
    if (event.status === "start") {
      this.#main.detail(`${this.#done} done, now ${what}`);
      return;
    }
    this.#waiting.delete(event.urn);
    if (event.op !== "same" && event.op !== "read" && event.op !== "delete") {
      this.#changed.add(`${event.type} ${event.name}`);
    }
    if (event.status === "failed") {
      if (waiting === undefined) this.#progress.log(`✗ ${what}: ${event.message ?? "failed"}`);
      else waiting.failed(event.message);
      return;
    }
    this.#done++;
    if (event.op !== "same" && event.op !== "read") {
      const took = event.elapsedMs === undefined || event.elapsedMs < 1000 ? "" : ` (${duration(event.elapsedMs)})`;
      const diff = event.diff === undefined || event.diff.length === 0 ? "" : `: ${event.diff.join(", ")}`;
      if (waiting === undefined) this.#progress.log(`${signs[event.op]} ${what}${took}${diff}`);
    }
    waiting?.done();
  }
}

const words: readonly (readonly [Operation, string])[] = [
  ["create", "to create"],
  ["update", "to update"],
  ["replace", "to replace"],
  ["delete", "to delete"],
  ["same", "unchanged"],
];

/** `0 changes (41 unchanged)` or `3 to create, 1 to update (37 unchanged)`, in the past tense when done. */
export function renderChanges(changes: Readonly<Record<Operation, number>>, done: boolean): string {
  const past: Readonly<Record<string, string>> = {
    "to create": "created",
    "to update": "updated",
    "to replace": "replaced",
    "to delete": "deleted",
  };
  const parts = words
    .filter(([op]) => op !== "same" && changes[op] > 0)
    .map(([op, word]) => `${changes[op]} ${done ? (past[word] ?? word) : word}`);
  return `${parts.length === 0 ? "0 changes" : parts.join(", ")} (${changes.same} unchanged)`;
}

/** Resources that were, or would be, changed. */
export function countChanges(changes: Readonly<Record<Operation, number>>): number {
  return changes.create + changes.update + changes.replace + changes.delete;
}
