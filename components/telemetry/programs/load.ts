/** Made-up records at a steady rate, for the bench. */
import { keepPace } from "./pace.ts";
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
  const { rate, tickMs, origin } = options;
  const pace = { rate, total: Math.round(rate * options.seconds), ...(tickMs === undefined ? {} : { tickMs }) };
  return async (signal, take) => {
    await keepPace(pace, signal, (from, to) => {
      const at = new Date();
      const records: TelemetryRecord[] = [];
      for (let made = from; made < to; made++) {
        // A new key every 100 records spreads the load over the partitions.
        const node = `${origin.node}-${Math.floor(made / 100) % 16}`;
        records.push(makeRecord({ ...origin, node, at }, { metric: "load.sequence", value: made }));
      }
      take(records);
    });
  };
}
