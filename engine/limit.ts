/** At most so many at once. */
export class Limit {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(most: number) {
    this.#free = most;
  }

  /** Runs the work; it calls `leave` when all that is left of it is to wait, and others go on. */
  async run<T>(work: (leave: () => void) => Promise<T>): Promise<T> {
    if (this.#free > 0) {
      this.#free--;
    } else {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    let isInside = true;
    const leave = () => {
      if (isInside) {
        isInside = false;
        this.#next();
      }
    };
    try {
      return await work(leave);
    } finally {
      leave();
    }
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) {
      this.#free++;
    } else {
      next();
    }
  }
}
