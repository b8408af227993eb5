/** Faults that end: what one step could not put back, the next one tries before anything else. */
import { messageOf } from "../../../cli/errors.ts";

/** What is done to the platform before a check, and undone after it. */
export interface Fault {
  /** In the words of "with … the check names …". */
  readonly what: string;
  /** Settles when it has taken effect. */
  readonly begin: () => Promise<void>;
  /** Undoes it, also where `begin` got half way, and again; does not wait until all serves again. */
  readonly end: () => Promise<void>;
}

/** Faults that begin together, and end together. */
export function together(...faults: readonly [Fault, ...Fault[]]): Fault {
  const each = new PutBack();
  return {
    what: faults.map(({ what }) => what).join(" and "),
    begin: async () => {
      await Promise.all(faults.map((fault) => each.begin(fault)));
    },
    end: () => each.all(),
  };
}

export class PutBack {
  readonly #open = new Set<Fault>();

  async begin(fault: Fault): Promise<void> {
    this.#open.add(fault);
    await fault.begin();
  }

  /**
   * Ends every fault that has begun.
   * @throws Error that names those that could not be ended; they are tried again the next time
   */
  async all(): Promise<void> {
    const problems: string[] = [];
    for (const fault of this.#open) {
      try {
        await fault.end();
        this.#open.delete(fault);
      } catch (error) {
        problems.push(`not put back: ${fault.what} (${messageOf(error)})`);
      }
    }
    if (problems.length > 0) throw new Error(problems.join("; "));
  }
}
