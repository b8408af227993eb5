import { expect } from "chai";
import { waitForServices } from "../../cli/settling.ts";

describe("services before the proof", () => {
  const signal = new AbortController().signal;
  const waiting = async (looks: readonly (readonly string[] | Error)[], limitMs?: number) => {
    const told: string[] = [];
    let look = 0;
    const read = () => {
      const now = looks[Math.min(look++, looks.length - 1)] ?? [];
      if (now instanceof Error) return Promise.reject(now);
      return Promise.resolve(["kafka", "presto"].map((name) => ({ name, ready: !now.includes(name) })));
    };
    await waitForServices({
      read,
      onDetail: (words) => told.push(words),
      signal,
      pauseMs: 1,
      ...(limitMs !== undefined && { limitMs }),
    });
    return { told, look };
  };

  it("are waited for until all are ready", async () => {
    expect(await waiting([["kafka", "presto"], ["kafka"], []])).to.deep.equal({
      told: ["waits for kafka, presto to be ready", "waits for kafka to be ready"],
      look: 3,
    });
    expect(await waiting([[]])).to.deep.equal({ told: [], look: 1 });
  });

  it("are not waited for beyond the time, nor where nobody tells how they are", async () => {
    expect((await waiting([["kafka"]], 20)).look).to.be.greaterThan(1);
    expect(await waiting([new Error("no answer")])).to.deep.equal({ told: [], look: 1 });
  });
});
