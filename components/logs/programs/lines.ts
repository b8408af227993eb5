/** Lines of a container's log, as the API server has them: each begins with its time. */

export interface Line {
  /** In ISO 8601, to the nanosecond: its text is in the order of time. */
  readonly time: string;
  readonly text: string;
}

/** Most of a line that is kept, in bytes. */
export const LONGEST_LINE = 64 * 1024;

/** Cuts a stream of bytes into lines. What is longer than the longest is not held in memory. */
export class LineSplitter {
  readonly #longest: number;
  #parts: Buffer[] = [];
  #held = 0;
  #cut = 0;

  constructor(longest = LONGEST_LINE) {
    this.#longest = longest;
  }

  *push(chunk: Buffer): Generator<string> {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(0x0a, from);
      this.#take(chunk.subarray(from, end === -1 ? chunk.length : end));
      if (end === -1) return;
      yield this.#line();
      from = end + 1;
    }
  }

  /** The last line, where no line feed ended it. */
  *end(): Generator<string> {
    if (this.#held > 0) yield this.#line();
  }

  #take(part: Buffer): void {
    const kept = part.subarray(0, this.#longest - this.#held);
    this.#cut += part.length - kept.length;
    this.#held += kept.length;
    if (kept.length > 0) this.#parts.push(kept);
  }

  #line(): string {
    const [only = Buffer.alloc(0)] = this.#parts;
    const bytes = this.#parts.length > 1 ? Buffer.concat(this.#parts) : only;
    const text = bytes.toString("utf8").replace(/\r$/, "");
    const cut = this.#cut;
    this.#parts = [];
    this.#held = 0;
    this.#cut = 0;
    return cut === 0 ? text : `${text} [… ${cut} bytes more are left out]`;
  }
}

/** A line with its time; `undefined`: it is none of a log. */
export function readLine(line: string): Line | undefined {
  const space = line.indexOf(" ");
  const time = nanoseconds(space === -1 ? line : line.slice(0, space));
  return time === undefined ? undefined : { time, text: space === -1 ? "" : line.slice(space + 1) };
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/;

/** A time with all of its digits, in UTC: others leave out zeros at the end, or name a zone. */
export function nanoseconds(time: string): string | undefined {
  const [, whole = "", fraction = "", zone = ""] = TIME.exec(time) ?? [];
  if (whole === "") return undefined;
  const utc = zone === "Z" ? whole : new Date(`${whole}${zone}`).toISOString().slice(0, 19);
  return `${utc}.${fraction.padEnd(9, "0")}Z`;
}

/** A time so many seconds before another one. */
export function before(time: string, seconds: number): string {
  return new Date(Date.parse(`${time.slice(0, 19)}Z`) - seconds * 1000).toISOString();
}
