/** Makes entries of lines: a stack trace is one entry with the line that it belongs to. */
import type { Line } from "./lines.ts";

export interface Entry extends Line {
  /** Time of its last line, where it has several. */
  readonly until?: string;
}

/** Most of an entry, in lines and in letters: the store takes no longer ones. */
const MOST_LINES = 500;
const MOST_LETTERS = 180_000;

/** A line that goes on with the one before it: indented, or a further cause of an exception. */
const CONTINUED =
  /^(\s+\S|\s*$|Caused by: |Suppressed: |\.\.\. \d+ more|During handling of the above exception|The above exception was)/;
/** The exception itself, which Java's loggers write below the line of the message. */
const JAVA_EXCEPTION = /^(?:[a-z_][\w$]*\.)+[A-Z][\w$]*(?:Exception|Error|Throwable|Failure)\b/;
const PYTHON_TRACE = "Traceback (most recent call last):";

/** Joins the lines of one container, in their order. */
export class EntryMaker {
  #lines: Line[] = [];
  #letters = 0;
  /** Whether a Python trace is open: its last line is not indented. */
  #inTrace = false;

  /** @returns the entry that the line has ended */
  push(line: Line): Entry | undefined {
    const { text } = line;
    const isFull = this.#lines.length >= MOST_LINES || this.#letters + text.length > MOST_LETTERS;
    if (this.#lines.length > 0 && !isFull && this.#goesOn(text)) {
      this.#add(line);
      return undefined;
    }
    const ended = this.flush();
    this.#add(line);
    return ended;
  }

  /** Ends the entry, since nothing has come for a while. */
  flush(): Entry | undefined {
    const [first, ...rest] = this.#lines;
    if (first === undefined) return undefined;
    const until = rest.at(-1)?.time;
    this.#lines = [];
    this.#letters = 0;
    this.#inTrace = false;
    const text = [first, ...rest]
      .map((line) => line.text)
      .join("\n")
      .trimEnd();
    return { time: first.time, text, ...(until !== undefined && { until }) };
  }

  #goesOn(text: string): boolean {
    if (CONTINUED.test(text)) return true;
    if (text.startsWith(PYTHON_TRACE) || JAVA_EXCEPTION.test(text)) return true;
    if (!this.#inTrace) return false;
    this.#inTrace = false;
    return true;
  }

  #add(line: Line): void {
    this.#lines.push(line);
    this.#letters += line.text.length + 1;
    if (line.text.includes(PYTHON_TRACE)) this.#inTrace = true;
  }
}

const LEVELS: Readonly<Record<string, string>> = {
  trace: "trace",
  debug: "debug",
  info: "info",
  log: "info",
  notice: "info",
  warn: "warn",
  warning: "warn",
  error: "error",
  severe: "error",
  fatal: "fatal",
  critical: "fatal",
  panic: "fatal",
};
const LETTERS: Readonly<Record<string, string>> = {
  D: "debug",
  I: "info",
  W: "warn",
  E: "error",
  F: "fatal",
  C: "fatal",
};
/** Where a level stands within a line. */
const HEAD = 160;

/** How grave an entry says that it is; `undefined`: it does not say. */
export function levelOf(text: string): string | undefined {
  const head = text.slice(0, HEAD);
  const [, letter = ""] = /^\[?([DIWEFC])(?:\d{4}| \d{4}-)/.exec(head) ?? [];
  if (letter !== "") return LETTERS[letter];
  const [, named = ""] = /\blevel"?[=:] ?"?([a-z]+)/i.exec(head) ?? [];
  const found = LEVELS[named.toLowerCase()];
  if (found !== undefined) return found;
  const [, word = ""] =
    /(?:^|[\s[(|])(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|SEVERE|FATAL|CRITICAL|PANIC|LOG)(?:[\s\]):|]|$)/.exec(
      head,
    ) ??
    /\[(debug|info|notice|warn|warning|error|critical)\]/.exec(head) ??
    [];
  return LEVELS[word.toLowerCase()];
}
