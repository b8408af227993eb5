/** Asks the server for figures again and again; what was read last stays when the server can't answer. */
import { type ErrorAnswer, longestPollMs } from "../../../protocol.ts";

export interface Polled<Answer> {
  /** What was read last; `null`: nothing yet, or nothing of what is asked for now. */
  readonly answer: Answer | null;
  /** Where the answer is from. */
  readonly answerUrl: string | null;
  /** What is wrong, in the server's words; `null` while all is well. */
  readonly error: string | null;
  /** Whether the question itself is wrong, so that asking again is of no use. */
  readonly isRefused: boolean;
  /** Since when there is an error, ms since 1970. */
  readonly errorSince: number | null;
}

export const nothingYet: Polled<never> = {
  answer: null,
  answerUrl: null,
  error: null,
  isRefused: false,
  errorSince: null,
};

/** After an answer. */
export function answered<Answer>(answer: Answer, url: string): Polled<Answer> {
  return { ...nothingYet, answer, answerUrl: url };
}

/** After a failure: figures of the same question stay, those of another one would mislead. */
export function failed<Answer>(before: Polled<Answer>, failure: Failure, url: string, now: number): Polled<Answer> {
  const isSame = before.answerUrl === url;
  return {
    answer: isSame ? before.answer : null,
    answerUrl: isSame ? url : null,
    error: failure.words,
    isRefused: failure.isRefused,
    errorSince: before.errorSince ?? now,
  };
}

export interface Failure {
  readonly words: string;
  readonly isRefused: boolean;
}

/** What a page does with an answer of the server that is none of its figures. */
export function failureOf(status: number, body: unknown): Failure {
  const isRefused = status >= 400 && status < 500;
  return { words: errorWords(body) ?? `the server answered with status ${status} and no reason`, isRefused };
}

function errorWords(body: unknown): string | null {
  if (typeof body !== "object" || body === null || !("error" in body)) return null;
  const { error } = body as ErrorAnswer;
  return typeof error === "string" && error !== "" ? error : null;
}

/** What a poller needs of the browser. */
export interface Surroundings {
  readonly fetch: (url: string, init: { signal: AbortSignal; headers: Record<string, string> }) => Promise<Response>;
  readonly now: () => number;
  readonly isHidden: () => boolean;
}

/** Reads one address at an interval while the page is seen. */
export class Poller<Answer> {
  readonly #surroundings: Surroundings;
  readonly #onChange: (polled: Polled<Answer>) => void;
  #polled: Polled<Answer> = nothingYet;
  #url = "";
  #intervalMs = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #request: AbortController | undefined;

  constructor(surroundings: Surroundings, onChange: (polled: Polled<Answer>) => void) {
    this.#surroundings = surroundings;
    this.#onChange = onChange;
  }

  /** Begins to read an address; what was read of another one stays until the first answer, so that nothing flickers. */
  read(url: string, intervalMs: number): void {
    this.#url = url;
    this.#intervalMs = intervalMs;
    void this.#ask();
  }

  /** To be called when the page is hidden or seen again. */
  seen(): void {
    if (this.#surroundings.isHidden()) this.#pause();
    else if (this.#timer === undefined && this.#request === undefined && this.#url !== "") void this.#ask();
  }

  stop(): void {
    this.#pause();
    this.#request?.abort();
    this.#request = undefined;
    this.#url = "";
  }

  #pause(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  async #ask(): Promise<void> {
    this.#pause();
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    const url = this.#url;
    const polled = await this.#result(url, request.signal);
    // Another question was asked meanwhile, or the page was left: this answer is nobody's.
    if (this.#request !== request) return;
    this.#request = undefined;
    this.#polled = polled;
    this.#onChange(polled);
    if (!this.#surroundings.isHidden()) this.#timer = setTimeout(() => void this.#ask(), this.#intervalMs);
  }

  async #result(url: string, signal: AbortSignal): Promise<Polled<Answer>> {
    try {
      const response = await this.#surroundings.fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(longestPollMs)]),
        headers: { accept: "application/json" },
      });
      const body: unknown = await response.json().catch(() => null);
      if (response.ok && body !== null) return answered(body as Answer, url);
      return failed(this.#polled, failureOf(response.status, body), url, this.#surroundings.now());
    } catch {
      const words = "the display's server can't be reached";
      return failed(this.#polled, { words, isRefused: false }, url, this.#surroundings.now());
    }
  }
}
