/** Hop `pump`: the pumps send what they are asked for, and Kafka acknowledges it. */
import { describeError, poll } from "../../../platform/hops/errors.ts";
import { figuresOf } from "../../../platform/hops/hop.ts";
import type { CleanupStep, Hop } from "../../../platform/hops/hop.ts";
import { standstillMs } from "../../../platform/hops/limits.ts";
import type { LiveClient } from "../../display/hops/live-client.ts";
import { numbersMetric } from "./marked-numbers.ts";
import type { MarkedNumbers } from "./marked-numbers.ts";
import type { PumpClient } from "./pump-client.ts";

export interface PumpHopOptions {
  readonly pump: PumpClient;
  readonly numbers: MarkedNumbers;
  /** Is to see the numbers as they pass, so it is connected before they are sent. @default - nobody looks */
  readonly live?: LiveClient;
  /** Removes what the numbers leave in the stores. */
  readonly cleanups: readonly CleanupStep[];
  /** How long the display may take to connect, in ms; a restart takes less. @default 25000 */
  readonly liveLimitMs?: number;
  /** Longest pause between two looks, in ms. @default - of `poll` */
  readonly pauseMs?: number;
}

export function pumpHop(options: PumpHopOptions): Hop {
  const { pump, numbers, live } = options;
  return {
    name: "pump",
    timeoutMs: standstillMs,
    run: async ({ signal, onCleanup, onProgress }) => {
      if (live) {
        onCleanup({
          what: "live connection",
          run: () => {
            live.close();
            return Promise.resolve();
          },
        });
      }
      onCleanup(...options.cleanups);
      let tries = 0;
      let mayHaveSent = false;
      const watch = async (limitMs: number): Promise<void> => {
        if (!live) return;
        onProgress(`asks the ${live.where} for the live stream of ${numbers.run}`);
        // Whoever can't connect is named by the hop after this one.
        await watchPatiently(live, numbers.run, AbortSignal.any([signal, AbortSignal.timeout(limitMs)]));
      };
      return await poll(
        async () => {
          if (mayHaveSent) numbers.startAnew();
          if (tries === 0 || mayHaveSent) await watch(tries === 0 ? (options.liveLimitMs ?? 25_000) : 1000);
          tries++;
          onProgress(`asks the ${pump.where} for ${numbers.values.length} numbers`);
          await sendAll(options, signal).catch((error: unknown) => {
            mayHaveSent = numbers.records.length > 0 || !/ECONNREFUSED|ENOTFOUND/.test(describeError(error));
            throw error;
          });
          const poison = numbers.poison.length === 0 ? "" : `, and ${numbers.poison.length} poison ones`;
          return { ...figuresOf(numbers.records), message: `sent by the ${pump.where} and acknowledged${poison}` };
        },
        { signal, pauseMs: options.pauseMs },
      );
    },
  };
}

/** All at once: so many records begin a batch of the stream, where a few would wait for others. */
async function sendAll({ pump, numbers }: PumpHopOptions, signal: AbortSignal): Promise<void> {
  const { run, values } = numbers;
  const poison = numbers.poison.map(({ value }) => value);
  numbers.add(await pump.send({ run, values, metric: numbersMetric, poison }, signal));
}

async function watchPatiently(live: LiveClient, run: string, signal: AbortSignal): Promise<void> {
  await poll(
    async () => {
      await live.watch(run, signal);
      return live.isReading ? live : `the ${live.where} does not read Kafka yet`;
    },
    { signal },
  ).catch(() => undefined);
}
