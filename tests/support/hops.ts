/** Runs one hop as the proof does, and makes numbers that a pump has sent. */
import type { Hop } from "../../platform/hops/hop.ts";
import { MarkedNumbers } from "../../components/random-numbers/hops/marked-numbers.ts";
import type { NumberRecord } from "../../components/random-numbers/hops/marked-numbers.ts";
import { makeMarkedRun } from "../../components/telemetry/hops/marked-records.ts";
import { runBranches } from "../../check/runner.ts";
import type { HopResult, ProofResult } from "../../check/runner.ts";

export interface HopOutcome {
  readonly proof: ProofResult;
  readonly result: HopResult;
  readonly progress: readonly string[];
}

/** @param limit - after how many ms the hop must say what is missing, or at which words of its progress */
export async function runHop(hop: Hop, limit: number | RegExp = 10_000): Promise<HopOutcome> {
  const progress: string[] = [];
  const stop = new AbortController();
  const timeoutMs = typeof limit === "number" ? limit : 10_000;
  const proof = await runBranches([{ hops: [hop], timeoutMs }], {
    signal: stop.signal,
    onProgress: (_, words) => {
      progress.push(words);
      if (limit instanceof RegExp && limit.test(words)) stop.abort();
    },
  });
  const [result] = proof.hops;
  if (result === undefined) throw new Error("the hop was not judged");
  const message = result.message.replace(/^the proof was stopped here: /, "");
  return { proof, result: { ...result, message }, progress };
}

/** Begin of a window, of a minute and of an hour. */
export const hourStart = Date.UTC(2026, 10, 21, 12);

/** Numbers that were sent: by ids `n-0`, `n-1`, one each second from 12:00:05 on, so that two windows of 10 s have some. */
export function sentNumbers(count = 10, poison = 0): MarkedNumbers {
  const numbers = new MarkedNumbers(makeMarkedRun({ records: count, poison }, new Date(hourStart)));
  numbers.add(recordsOf(numbers.values));
  return numbers;
}

export function recordsOf(values: readonly number[]): NumberRecord[] {
  return values.map((value, index) => ({ id: `n-${index}`, ts: hourStart + 5000 + index * 1000, value }));
}
