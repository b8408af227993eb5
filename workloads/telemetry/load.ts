/** Made-up records at a steady rate, for the bench. */
import { setTimeout as sleep } from "node:timers/promises";
import { makeRecord } from "./record.ts";
import type { RecordOrigin, TelemetryRecord } from "./record.ts";

export interface LoadOptions {
  /** Records per second. */
  readonly rate: number;
  readonly seconds: number;
  readonly origin: Omit<RecordOrigin, "at">;
  /** @default 50 */
  readonly tickMs?: number;
}

/** Called with the signal that ends it early and a taker of records; settles when the time is over. */
export type Load = (signal: AbortSignal, take: (records: readonly TelemetryRecord[]) => void) => Promise<void>;

/**
 * Sends what is due by the clock at each tick, so that a late tick is made up for and the sum is exactly
 * `rate * seconds`. Values are whole numbers: their sum is a checksum that SQL computes alike.
 */
export function makeLoad(options: LoadOptions): Load {
  return async (signal, take) => {
    const total = Math.round(options.rate * options.seconds);
    const started = performance.now();
    let made = 0;
    while (made < total && !signal.aborted) {
      const due = Math.min(total, Math.floor(((performance.now() - started) / 1000) * options.rate));
      const at = new Date();
      const records: TelemetryRecord[] = [];
      for (; made < due; made++) {
        // A new key every 100 records spreads the load over the partitions.
        const node = `${options.origin.node}-${Math.floor(made / 100) % 16}`;
        records.push(makeRecord({ ...options.origin, node, at }, { metric: "load.sequence", value: made }));
      }
      if (records.length > 0) take(records);
      await sleep(options.tickMs ?? 50, undefined, { signal }).catch(() => undefined);
    }
  };
}
