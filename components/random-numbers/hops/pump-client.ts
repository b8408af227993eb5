/** A small client of the pumps of random numbers. */
import { z } from "zod";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { HttpSession, refusedForGood, wordsOfAnswer } from "../../../platform/hops/http-session.ts";
import { answerMs } from "../../../platform/hops/limits.ts";
import type { NumberRecord } from "./marked-numbers.ts";

export interface PumpOptions {
  /** `http://host:port` */
  readonly url: string;
  readonly token: string;
}

/** Numbers to send, and raw texts beside them that are no records. */
export interface PumpOrder {
  readonly run: string;
  readonly values: readonly number[];
  readonly metric: string;
  readonly poison?: readonly string[];
}

/** Longer than a pump itself waits for Kafka, whose words are then lost. */
const patientMs = 2 * answerMs;

const answerShape = z.looseObject({
  run: z.string(),
  records: z.array(z.looseObject({ id: z.string().min(1), ts: z.iso.datetime(), value: z.number() })),
});

export class PumpClient {
  readonly #token: string;
  readonly #http: HttpSession;

  constructor({ url, token }: PumpOptions) {
    this.#token = token;
    this.#http = new HttpSession({ service: "pump of random numbers", url, timeoutMs: patientMs });
  }

  get where(): string {
    return this.#http.where;
  }

  /**
   * Sends numbers and settles when Kafka has acknowledged them all.
   * @returns the records, in the order of the values
   * @throws {HopFailure} when no second try can help; other errors when a part may have been sent
   */
  async send({ run, values, metric, poison = [] }: PumpOrder, signal?: AbortSignal): Promise<NumberRecord[]> {
    const answer = await this.#http.send("POST", "/marked", {
      headers: { authorization: `Bearer ${this.#token}`, accept: "application/json" },
      json: { run, values, metric, ...(poison.length === 0 ? {} : { poison }) },
      signal,
    });
    const words = wordsOfAnswer(answer);
    if (answer.status === 401) throw new HopFailure(`${this.where} refuses the proof's token: ${words}`);
    if (answer.status >= 300) {
      const refused = `${this.where} did not send the numbers: ${words}`;
      throw refusedForGood(answer.status) ? new HopFailure(refused) : new Error(refused);
    }
    return this.#records(answer.text, run, values);
  }

  #records(text: string, run: string, values: readonly number[]): NumberRecord[] {
    const wrong = (what: string): HopFailure => new HopFailure(`${this.where} answers ${what}: ${text.slice(0, 200)}`);
    const parsed = answerShape.safeParse(jsonOf(text));
    if (!parsed.success) throw wrong("what is no list of records");
    const { run: named, records } = parsed.data;
    if (named !== run) throw wrong(`for run ${named} where ${run} was asked`);
    if (records.length !== values.length) throw wrong(`with ${records.length} records for ${values.length} numbers`);
    if (!values.every((value, index) => records[index]?.value === value)) throw wrong("with other numbers");
    if (new Set(records.map(({ id }) => id)).size < records.length) throw wrong("with an id that is there twice");
    return records.map(({ id, ts, value }) => ({ id, ts: Date.parse(ts), value }));
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
