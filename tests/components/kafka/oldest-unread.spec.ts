import { expect } from "chai";

import { oldestUnread } from "../../../components/kafka/oldest-unread.ts";

const HOUR = 3_600_000;
const NOW = Date.parse("2026-11-27T20:47:10.000Z");

/** Kafka's index over the times of records, by partition. It says the end where no record is younger. */
function index(...partitions: readonly (readonly number[])[]) {
  const asked: number[] = [];
  const fetchTopicOffsetsByTimestamp = (_: string, time = 0) => {
    asked.push(time);
    return Promise.resolve(
      partitions.map((times, partition) => {
        const found = times.findIndex((of) => of >= time);
        return { partition, offset: String(found < 0 ? times.length : found) };
      }),
    );
  };
  return { asked, fetchTopicOffsetsByTimestamp };
}

describe("the oldest unread record", () => {
  it("is found to a second among all partitions, however long it waits, with few questions", async () => {
    for (const age of [26_000, 40_500, 6 * 60_000, 30 * HOUR, 400 * 24 * HOUR]) {
      const kafka = index([NOW - age - HOUR, NOW - 50, NOW - 20], [NOW - age - 9000, NOW - age, NOW - 10]);
      const next = new Map([
        [0, 1n],
        [1, 1n],
      ]);
      const found = await oldestUnread(kafka, "t", next, NOW - 25_000);
      expect(found, `${age} ms`).to.be.within(NOW - age - 1000, NOW - age);
      expect(kafka.asked.length).to.be.below(2 * Math.log2(age / 1000) + 3);
    }
  });

  it("is not looked for where all unread records are younger", async () => {
    const kafka = index([NOW - HOUR, NOW - 24_000, NOW]);
    expect(await oldestUnread(kafka, "t", new Map([[0, 1n]]), NOW - 25_000)).to.equal(undefined);
    expect(kafka.asked).to.deep.equal([NOW - 25_000]);
  });

  it("is none of a partition that is not asked for", async () => {
    const kafka = index([NOW - HOUR], [NOW - HOUR, NOW]);
    expect(await oldestUnread(kafka, "t", new Map([[1, 1n]]), NOW - 25_000)).to.equal(undefined);
  });

  it("is as old as time where Kafka had no time of it, and the search ends", async () => {
    const kafka = index([0, 0]);
    expect(await oldestUnread(kafka, "t", new Map([[0, 0n]]), NOW)).to.be.within(-1000, 1000);
  });
});
