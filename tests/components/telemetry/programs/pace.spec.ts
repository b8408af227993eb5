import { expect } from "chai";
import { keepPace, type PaceOptions } from "../../../../components/telemetry/programs/pace.ts";

/** Runs with a clock whose readings are given; ends when they are used up. */
async function steps(
  options: Omit<PaceOptions, "now" | "tickMs">,
  clock: readonly number[],
  told: number[][] = [],
): Promise<[number, number][]> {
  const taken: [number, number][] = [];
  const end = new AbortController();
  const times = [0, ...clock];
  let reading = 0;
  // Each tick reads the clock more than once, and must see the same time.
  let reads = 0;
  const now = (): number => {
    const time = times[reading] ?? 0;
    if (reading === 0) reading = 1;
    else reads++;
    return time;
  };
  const ticks = setInterval(() => {
    if (reads === 0) return;
    reads = 0;
    reading++;
    if (reading >= times.length) end.abort();
  }, 1);
  await keepPace({ ...options, now, tickMs: 4 }, end.signal, (from, to, dueAgo) => {
    taken.push([from, to]);
    told.push(Array.from({ length: to - from }, (_, index) => dueAgo(from + index)));
  });
  clearInterval(ticks);
  return taken;
}

describe("pace", () => {
  it("takes at each tick what is due, none of it twice and none left out", async () => {
    expect(await steps({ rate: 10 }, [50, 100, 350, 1000])).to.deep.equal([
      [0, 1],
      [1, 3],
      [3, 10],
    ]);
  });

  it("makes up for a late tick", async () => {
    expect(await steps({ rate: 1000 }, [50, 60_050])).to.deep.equal([
      [0, 50],
      [50, 60_050],
    ]);
  });

  it("makes up for no more than it is told", async () => {
    expect(await steps({ rate: 1000, mostLateMs: 2000 }, [50, 60_050, 60_100])).to.deep.equal([
      [0, 50],
      [50, 2050],
      [2050, 2100],
    ]);
  });

  it("tells how long ago each step was due, also when it has made up for no more than it is told", async () => {
    const told: number[][] = [];
    await steps({ rate: 10, mostLateMs: 300 }, [130, 350, 60_050, 60_250], told);
    expect(told.map((tick) => tick.map(Math.round))).to.deep.equal([[30], [150, 50], [200, 100, 0], [100, 0]]);
  });

  it("ends after the total, and takes exactly that much", async () => {
    expect(await steps({ rate: 100, total: 7 }, [50, 500])).to.deep.equal([
      [0, 5],
      [5, 7],
    ]);
  });
});
