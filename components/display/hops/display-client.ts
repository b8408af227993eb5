/** A small client of the display's figures. */
import { z } from "zod";
import type { Sink, Stream } from "../../../display/protocol.ts";
import { describeError, isConnectionRefused } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { HttpSession, refusedForGood, wordsOfAnswer } from "../../../platform/hops/http-session.ts";

const figures = {
  count: z.number(),
  mean: z.number(),
  deviation: z.number().nullable(),
  minimum: z.number(),
  maximum: z.number(),
};
const time = z.iso.datetime();
const windowsShape = z.looseObject({
  sink: z.string(),
  stream: z.string(),
  series: z.string().nullable(),
  metric: z.string().nullable(),
  windowSeconds: z.number(),
  windows: z.array(z.looseObject({ start: time, ...figures })),
  lastRecordAt: time.nullable(),
});
const censusShape = z.looseObject({
  sink: z.string(),
  run: z.string(),
  runs: z.array(z.string()),
  figures: z.array(z.looseObject({ grouping: z.string(), member: z.string(), measure: z.string(), ...figures })),
  madeAt: time.nullable(),
});

export type WindowsShown = z.infer<typeof windowsShape>;
export type CensusShown = z.infer<typeof censusShape>;

/**
 * Asks one of several questions, so that all that is wrong comes in one message.
 * @param what - names the question where it has no answer
 * @param ask - what is wrong with the answer; `undefined`: nothing
 * @throws what says something of the display itself, not of this question alone
 */
export async function problemsOf(
  what: string,
  signal: AbortSignal,
  ask: () => Promise<string | undefined>,
): Promise<string[]> {
  try {
    const problem = await ask();
    return problem === undefined ? [] : [problem];
  } catch (error) {
    // A request that the end of the time cuts off says nothing of the display.
    if (error instanceof HopFailure || signal.aborted || isConnectionRefused(error)) throw error;
    return [`${what}, ${describeError(error)}`];
  }
}

export class DisplayClient {
  readonly #http: HttpSession;

  /** @param url - `http://host:port` */
  constructor({ url }: { readonly url: string }) {
    this.#http = new HttpSession({ service: "display", url });
  }

  get where(): string {
    return this.#http.where;
  }

  /** @throws {HopFailure} when the request is refused for good; other errors when it can't be answered now */
  async windows(
    sink: Sink,
    stream: Stream,
    asked: { readonly series: string; readonly metric: string; readonly minutes: number },
    signal?: AbortSignal,
  ): Promise<WindowsShown> {
    const query = new URLSearchParams({ ...asked, minutes: String(asked.minutes) }).toString();
    return this.#read(windowsShape, `/api/spark-streaming/${sink}/${stream}?${query}`, signal);
  }

  /** @throws as {@link windows} */
  async census(sink: Sink, run: string, signal?: AbortSignal): Promise<CensusShown> {
    const query = new URLSearchParams({ run }).toString();
    return this.#read(censusShape, `/api/spark/${sink}/census-data?${query}`, signal);
  }

  async #read<T>(shape: z.ZodType<T>, path: string, signal: AbortSignal | undefined): Promise<T> {
    const answer = await this.#http.send("GET", path, { headers: { accept: "application/json" }, signal });
    const page = path.split("?")[0] ?? "";
    if (answer.status >= 300) {
      const words = `${this.where} does not answer ${page}: ${wordsOfAnswer(answer)}`;
      throw refusedForGood(answer.status) ? new HopFailure(words) : new Error(words);
    }
    const parsed = shape.safeParse(jsonOf(answer.text));
    if (parsed.success) return parsed.data;
    const issue = parsed.error.issues[0];
    const at = issue === undefined || issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
    throw new HopFailure(`${this.where} answers ${page} with something else: ${at}${issue?.message ?? ""}`);
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
