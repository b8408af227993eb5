/** Services that are on their way back are waited for before they are judged. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ServiceStatus } from "./services.ts";

/** A broker on a slow machine takes so long to come back. */
const LIMIT_MS = 90_000;

export interface Settling {
  readonly read: () => Promise<readonly Pick<ServiceStatus, "name" | "ready">[]>;
  readonly onDetail: (words: string) => void;
  readonly signal: AbortSignal;
  /** @default 90000 */
  readonly limitMs?: number;
  /** Time between two looks, in ms. @default 1000 */
  readonly pauseMs?: number;
}

/**
 * Waits until all services are ready, or the time is over. A deploy waits for what it changes; a pod of something else may die meanwhile.
 * It throws nothing: what is not there then is for others to tell.
 */
export async function waitForServices(options: Settling): Promise<void> {
  const { read, onDetail, signal, limitMs = LIMIT_MS, pauseMs = 1000 } = options;
  const end = Date.now() + limitMs;
  while (!signal.aborted) {
    const missing = (await read().catch(() => [])).filter(({ ready }) => !ready).map(({ name }) => name);
    if (missing.length === 0 || Date.now() > end) return;
    onDetail(`waits for ${missing.join(", ")} to be ready`);
    await sleep(pauseMs, undefined, { signal }).catch(() => undefined);
  }
}
