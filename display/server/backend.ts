/** What the server reads from: whether it answers, since when it does not, and how to say so. */
import { setTimeout as sleep } from "node:timers/promises";
import { describeError } from "../../platform/describe-error.ts";
import { Problem } from "./problem.ts";

export interface BackendOptions {
  /** In the user's words: "Cassandra". */
  readonly name: string;
  /** Most time that an answer may take, in ms. @default 8000 */
  readonly timeoutMs?: number;
  readonly log: (line: string) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

/** For `/readyz`. */
export interface BackendState {
  readonly name: string;
  /** ISO 8601 in UTC; `null` while it answers, or when nobody has asked yet. */
  readonly downSince: string | null;
}

export class Backend {
  readonly #options: BackendOptions;
  #downSince: Date | null = null;

  constructor(options: BackendOptions) {
    this.#options = options;
  }

  get state(): BackendState {
    return { name: this.#options.name, downSince: this.#downSince?.toISOString() ?? null };
  }

  /** @throws {Problem} 503 that says what does not answer, since when, and why */
  async ask<Answer>(look: () => Promise<Answer>): Promise<Answer> {
    const { name, log, timeoutMs = 8000, now = Date.now } = this.#options;
    const stop = new AbortController();
    try {
      const late = sleep(timeoutMs, undefined, { signal: stop.signal }).then(() => {
        throw new Error(`no answer within ${timeoutMs / 1000} s`);
      });
      const answer = await Promise.race([look(), late]);
      if (this.#downSince !== null) log(`${name} answers again`);
      this.#downSince = null;
      return answer;
    } catch (error) {
      const reason = describeError(error);
      if (this.#downSince === null) log(`${name} does not answer: ${reason}`);
      this.#downSince ??= new Date(now());
      const since = timeOfDay(this.#downSince);
      throw new Problem(503, `${name} does not answer since ${since}: ${reason.slice(0, 300)}`, { cause: error });
    } finally {
      stop.abort();
    }
  }
}

/** `12:03:04 UTC` */
export function timeOfDay(time: Date): string {
  return `${time.toISOString().slice(11, 19)} UTC`;
}
