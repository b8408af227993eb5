/** VictoriaLogs, as far as the collector speaks to it. */
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import { before, nanoseconds } from "./lines.ts";

/** Fields that tell one container's log from all others: what the store keeps together. */
const STREAM_FIELDS = ["namespace", "pod", "container"] as const;
/** Time that an answer has, in ms. */
const ANSWER_MS = 30_000;
/** Time before the end of a container's lines in which the store may have lost some when it was killed, in seconds. */
const UNSURE_SECONDS = 15;
/** Entries in that time that are held in memory. */
const MOST_KNOWN = 50_000;

/** What the store has of a container's log. */
export interface Known {
  /** Lines before it are there. */
  readonly since: string;
  /** The rest that is there: first and last time of each entry. */
  readonly entries: readonly (readonly [string, string])[];
}

/** Whether a line is in the store. @param known in the order of time */
export function isKnown({ since, entries }: Known, time: string): boolean {
  if (time < since) return true;
  let [low, high] = [0, entries.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const [from, until] = entries[middle] ?? ["", ""];
    if (time < from) high = middle - 1;
    else if (time > until) low = middle + 1;
    else return true;
  }
  return false;
}

/** What tells the log of one container. */
export interface Stream {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export const streamKey = ({ namespace, pod, container }: Stream): string => `${namespace}/${pod}/${container}`;

const lastSchema = z.object({
  namespace: z.string(),
  pod: z.string(),
  container: z.string(),
  last: z.string(),
  until: z.string().default(""),
});
const timesSchema = z.object({ _time: z.string(), until: z.string().default("") });

export class LogStore {
  readonly #url: string;
  readonly #signal: AbortSignal;

  /** @param signal Ends what is asked. */
  constructor(url: string, signal: AbortSignal) {
    this.#url = url;
    this.#signal = signal;
  }

  /** @param lines JSON documents, one in each line. @throws Error when they may not all be there */
  async add(lines: string): Promise<void> {
    const query = new URLSearchParams({
      _stream_fields: STREAM_FIELDS.join(","),
      _time_field: "_time",
      _msg_field: "_msg",
    });
    await this.#send(`/insert/jsonline?${query.toString()}`, lines, "application/stream+json");
  }

  /** How far the store has each container's log. @param days So old are the oldest lines that are looked at. */
  async lastTimes(days: number): Promise<Map<string, string>> {
    const fields = STREAM_FIELDS.join(", ");
    const rows = await this.#query(
      `_time:${days}d | stats by (${fields}) max(_time) last, max(until) until`,
      lastSchema,
    );
    return new Map(
      rows.map((row) => {
        const [last, until] = [nanoseconds(row.last) ?? "", nanoseconds(row.until) ?? ""];
        return [streamKey(row), until > last ? until : last];
      }),
    );
  }

  /** What the store has of a container's log. @param last Time of its last line there. */
  async known(stream: Stream, last: string): Promise<Known> {
    const since = nanoseconds(before(last, UNSURE_SECONDS)) ?? "";
    const filter = STREAM_FIELDS.map((field) => `${field}=${JSON.stringify(stream[field])}`).join(",");
    const rows = await this.#query(
      `{${filter}} _time:>=${since} | fields _time, until | sort by (_time) desc limit ${MOST_KNOWN}`,
      timesSchema,
    );
    const entries = rows.map(({ _time, until }): readonly [string, string] => {
      const time = nanoseconds(_time) ?? "";
      return [time, nanoseconds(until) ?? time];
    });
    entries.sort(([a], [b]) => (a < b ? -1 : 1));
    // Of a container that logs very much the time is shorter.
    return { since: entries.length < MOST_KNOWN ? since : (entries[0]?.[0] ?? since), entries };
  }

  async #query<S extends z.ZodType>(query: string, row: S): Promise<z.output<S>[]> {
    const answer = await this.#send(
      "/select/logsql/query",
      new URLSearchParams({ query }).toString(),
      "application/x-www-form-urlencoded",
    );
    return answer
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => row.parse(JSON.parse(line)));
  }

  /** @throws Error when it does not answer with success */
  async #send(path: string, body: string, type: string): Promise<string> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(ANSWER_MS)]);
    const where = `the store at ${this.#url}`;
    let answer: Response;
    let text: string;
    try {
      answer = await fetch(`${this.#url}${path}`, { method: "POST", headers: { "content-type": type }, body, signal });
      text = await answer.text();
    } catch (error) {
      throw new Error(`${where} can't be reached: ${describeError(error)}`, { cause: error });
    }
    if (answer.ok) return text;
    throw new Error(`${where} answers ${answer.status}: ${text.trim().slice(0, 300)}`);
  }
}
