/** Answers that are kept for a moment, so that many who ask for the same cost one look. */
import { Problem } from "./problem.ts";

export interface CacheOptions {
  /** Time for which an answer, or a failure, is kept, in ms. */
  readonly keepMs: number;
  /** Most answers that are kept; the oldest goes first. @default 200 */
  readonly maxAnswers?: number;
  /** Most different questions that are looked up at the same time. @default 16 */
  readonly maxLooks?: number;
  /** @default Date.now */
  readonly now?: () => number;
}

interface Entry<Answer> {
  readonly answer: Promise<Answer>;
  /** `undefined` while it is looked up. */
  endedAt: number | undefined;
}

/**
 * Makes a reader whose answers are kept: those who ask for the same at the same time get the same answer.
 * @throws {Problem} 503 from the reader when too many different questions wait for their answers
 */
export function cached<Question extends object, Answer>(
  look: (question: Question) => Promise<Answer>,
  options: CacheOptions,
): (question: Question) => Promise<Answer> {
  const { keepMs, maxAnswers = 200, maxLooks = 16, now = Date.now } = options;
  const entries = new Map<string, Entry<Answer>>();
  let looks = 0;

  const begin = (question: Question): Entry<Answer> => {
    looks++;
    const answer = look(question);
    const entry: Entry<Answer> = { answer, endedAt: undefined };
    const end = (): void => {
      looks--;
      entry.endedAt = now();
    };
    answer.then(end, end);
    return entry;
  };

  return (question) => {
    const key = JSON.stringify(question);
    const known = entries.get(key);
    if (known !== undefined && (known.endedAt === undefined || now() - known.endedAt < keepMs)) return known.answer;
    if (looks >= maxLooks) {
      const words = `the server looks up ${looks} other answers already; ask again in a moment`;
      return Promise.reject(new Problem(503, words));
    }
    entries.delete(key);
    const entry = begin(question);
    entries.set(key, entry);
    if (entries.size > maxAnswers) {
      const oldest = [...entries].find(([, { endedAt }]) => endedAt !== undefined);
      if (oldest !== undefined) entries.delete(oldest[0]);
    }
    return entry.answer;
  };
}
