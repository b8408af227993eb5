/** Counts steps and passes events on. */

import type { EngineEvent, EngineOptions, Operation } from "./types.ts";
import { urnName, urnType } from "./urn.ts";
import { mask, type Props, secretTexts } from "./values.ts";

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
  readonly #secrets = new Set<string>();
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

  /** From now on no message shows the secrets in `value`. */
  conceal(value: unknown): void {
    for (const text of secretTexts(value)) {
      this.#secrets.add(text);
    }
  }

  /** The text with "[secret]" in place of each secret; one that is part of another would leave the rest of that in sight. */
  scrub(text: string): string {
    let clean = text;
    for (const hidden of [...this.#secrets].sort((a, b) => b.length - a.length)) {
      clean = clean.replaceAll(hidden, "[secret]");
    }
    return clean;
  }

  log(severity: "debug" | "info" | "warning" | "error", message: string, urn?: string): void {
    this.#send({
      kind: "diagnostic",
      severity,
      message: this.scrub(message),
      ...(urn === undefined || urn === "" ? {} : { urn }),
    });
  }

  /** An error that ends the run; repeated ones are kept once. */
  error(text: string, urn?: string): void {
    const message = this.scrub(text);
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

  /** @param after what the step waited for; each event of the step says it */
  step(op: Operation, urn: string, diff?: readonly string[], after?: readonly string[]): StepReport {
    const started = Date.now();
    const base = {
      kind: "resource",
      op,
      urn,
      type: urnType(urn),
      name: urnName(urn),
      ...(diff === undefined ? {} : { diff }),
      ...(after === undefined ? {} : { dependencies: after }),
    } as const;
    const elapsed = () => Date.now() - started;
    this.#send({ ...base, status: "start" });
    return {
      urn,
      progress: (message) => {
        this.#send({ ...base, status: "progress", message: this.scrub(message), elapsedMs: elapsed() });
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
      failed: (text) => {
        const message = this.scrub(text);
        this.errors.push(`${base.type.split(":").at(-1) ?? ""} "${base.name}": ${message}`);
        this.#send({ ...base, status: "failed", message, elapsedMs: elapsed() });
      },
    };
  }
}
