/** Counts steps and passes events on. */

import type { EngineEvent, EngineOptions, Operation } from "./types.ts";
import { urnName, urnType } from "./urn.ts";
import { mask, type Props } from "./values.ts";

export interface StepReport {
  readonly urn: string;
  readonly progress: (message: string) => void;
  readonly done: (inputs?: Props) => void;
  readonly failed: (message: string) => void;
}

export class Events {
  readonly changes: Record<Operation, number> = { create: 0, update: 0, replace: 0, delete: 0, same: 0, read: 0 };
  readonly errors: string[] = [];
  readonly #warned = new Set<string>();
  readonly #send: (event: EngineEvent) => void;

  constructor(options: Pick<EngineOptions, "onEvent">) {
    this.#send = options.onEvent ?? (() => undefined);
  }

  get failed(): boolean {
    return this.errors.length > 0;
  }

  send(event: EngineEvent): void {
    this.#send(event);
  }

  log(severity: "debug" | "info" | "warning" | "error", message: string, urn?: string): void {
    this.#send({ kind: "diagnostic", severity, message, ...(urn === undefined || urn === "" ? {} : { urn }) });
  }

  /** An error that ends the run; repeated ones are kept once. */
  error(message: string, urn?: string): void {
    if (!this.errors.includes(message)) {
      this.errors.push(message);
      this.log("error", message, urn);
    }
  }

  /** A warning that several resources share is said once. */
  warnOnce(message: string): void {
    if (!this.#warned.has(message)) {
      this.#warned.add(message);
      this.log("warning", message);
    }
  }

  step(op: Operation, urn: string, diff?: readonly string[]): StepReport {
    const started = Date.now();
    const base = {
      kind: "resource",
      op,
      urn,
      type: urnType(urn),
      name: urnName(urn),
      ...(diff === undefined ? {} : { diff }),
    } as const;
    const elapsed = () => Date.now() - started;
    this.#send({ ...base, status: "start" });
    return {
      urn,
      progress: (message) => {
        this.#send({ ...base, status: "progress", message, elapsedMs: elapsed() });
      },
      done: (inputs) => {
        this.changes[op]++;
        this.#send({
          ...base,
          status: "done",
          elapsedMs: elapsed(),
          ...(inputs === undefined ? {} : { inputs: mask(inputs) as Props }),
        });
      },
      failed: (message) => {
        this.errors.push(`${base.type.split(":").at(-1) ?? ""} "${base.name}": ${message}`);
        this.#send({ ...base, status: "failed", message, elapsedMs: elapsed() });
      },
    };
  }
}
