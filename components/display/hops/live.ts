/** Hop `live`: the display shows the numbers as they pass, straight from Kafka. */
import { poll } from "../../../platform/hops/errors.ts";
import { figuresOf, HopFailure } from "../../../platform/hops/hop.ts";
import type { Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import type { LiveClient } from "./live-client.ts";
import type { MarkedNumbers, NumberRecord } from "../../random-numbers/hops/marked-numbers.ts";

export interface LiveHopOptions {
  readonly live: LiveClient;
  readonly numbers: MarkedNumbers;
  /** After which the display is asked once for what was missed, in ms: a slow client is not sent everything. @default 8000 */
  readonly missedAfterMs?: number;
  /** Time that the display has to take that wish, in ms. @default 5000 */
  readonly againLimitMs?: number;
  /** @default 100 */
  readonly pauseMs?: number;
}

export function liveHop(options: LiveHopOptions): Hop {
  const { live, numbers } = options;
  return {
    name: "live",
    timeoutMs: standstillMs,
    run: async ({ signal, onProgress }) => {
      const started = performance.now();
      let hasAsked = false;
      return await poll(
        async () => {
          const seen = seenRecords(options);
          const problem = numbers.differenceOf(seen);
          if (problem === undefined) {
            const late = live.points.filter(({ times }) => times === 0).length;
            const missed = late === 0 ? "" : `, ${late} of them only when asked again`;
            return { ...figuresOf(seen), message: `over Socket.IO from the ${live.where}${missed}` };
          }
          if (!hasAsked && performance.now() - started > (options.missedAfterMs ?? 8000)) {
            hasAsked = true;
            onProgress(`asks again for the live stream: ${problem}`);
            const limit = AbortSignal.timeout(options.againLimitMs ?? 5000);
            await live.watch(numbers.run, AbortSignal.any([signal, limit])).catch((error: unknown) => {
              throw new HopFailure(`the live stream has shown ${problem}; ${live.describe()}`, { cause: error });
            });
            return problem;
          }
          return `the live stream has shown ${problem}; ${live.describe()}`;
        },
        { signal, onProgress, pauseMs: options.pauseMs ?? 100 },
      );
    },
  };
}

/** The live stream carries no ids: a point is the record that has its time and value, as often as it came. */
function seenRecords({ live, numbers }: LiveHopOptions): NumberRecord[] {
  const sent = new Map(numbers.records.map((record) => [`${record.ts}/${record.value}`, record]));
  return live.points.flatMap(({ ts, value, times }) => {
    const record = sent.get(`${ts}/${value}`);
    if (record === undefined) {
      throw new HopFailure(`the ${live.where} shows the value ${value} in series ${numbers.run}, which was never sent`);
    }
    return Array.from({ length: Math.max(1, times) }, () => record);
  });
}
