/** Ctrl-C: the first asks for an orderly end, the second ends at once. */

export interface Interrupt {
  /** Aborts at the first Ctrl-C (or SIGTERM). */
  readonly signal: AbortSignal;
  release(): void;
}

/** Calls `first` at the first signal; the second exits with code 130. */
export function onInterrupt(first: () => void): Interrupt {
  const controller = new AbortController();
  const handler = (): void => {
    if (controller.signal.aborted) process.exit(130);
    controller.abort(new Error("interrupted"));
    first();
  };
  process.on("SIGINT", handler);
  process.on("SIGTERM", handler);
  return {
    signal: controller.signal,
    release() {
      process.off("SIGINT", handler);
      process.off("SIGTERM", handler);
    },
  };
}

/** Whether to stop. A call, because the compiler takes what it has read once for settled. */
export function isStopped(signal: AbortSignal): boolean {
  return signal.aborted;
}
