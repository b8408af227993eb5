/** Work that has so much time, whether it looks at its signal or not. */

/**
 * @param limitMs Time that it has, in ms.
 * @throws Error "no answer within 10 s" when it is over, or what the signal was aborted for
 */
export async function within<T>(
  limitMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  signal.throwIfAborted();
  const ended = new AbortController();
  const { promise: late, reject } = Promise.withResolvers<never>();
  const end = (reason: unknown): void => {
    ended.abort(reason);
    reject(reason instanceof Error ? reason : new Error(String(reason)));
  };
  const timer = setTimeout(() => {
    end(new Error(`no answer within ${limitMs / 1000} s`));
  }, limitMs);
  const onAbort = (): void => {
    end(signal.reason);
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    const asked = work(ended.signal);
    // It may end after nobody waits for it any more.
    asked.catch(() => undefined);
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", onAbort);
  }
}
