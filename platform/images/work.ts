/** What preparing an image needs from its caller: a place to report to, and a way to be told to stop. */
export interface Work {
  /** Says how far this piece of work is. */
  readonly report: (detail: string) => void;
  /** Aborted when another piece of work has failed, so that nothing goes on in vain. */
  readonly signal: AbortSignal;
}

/** Lets at most `limit` jobs run at once; the others wait their turn. */
export function limiter(limit: number): <T>(job: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async (job) => {
    // A job that ends hands its turn to the next one, so that no newcomer can slip in between.
    if (running >= limit) await new Promise<void>((resume) => waiting.push(resume));
    else running++;
    try {
      return await job();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
    }
  };
}
