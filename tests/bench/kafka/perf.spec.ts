import { expect } from "chai";
import { resultOf } from "../../../bench/kafka.ts";
import { loads, type PerfRun, readPerf, recordsFor, sideOf } from "../../../bench/kafka/perf.ts";

const output = `Created topic bench.
49152 records sent, 9830.4 records/sec (9.38 MB/sec), 1500.1 ms avg latency, 2100.0 ms max latency.
200000 records sent, 51234.5 records/sec (48.86 MB/sec), 555.55 ms avg latency, 900.00 ms max latency, 543 ms 50th, 800 ms 95th, 870 ms 99th, 899 ms 99.9th.
start.time, end.time, data.consumed.in.MB, MB.sec, data.consumed.in.nMsg, nMsg.sec, rebalance.time.ms, fetch.time.ms, fetch.MB.sec, fetch.nMsg.sec
2026-01-01 00:00:00:000, 2026-01-01 00:00:04:000, 190.7349, 47.6837, 200000, 50000.0000, 3000, 1000, 190.7349, 200000.0000
`;

describe("what Kafka's load tools print", () => {
  it("is read: the whole run of the producer, and the consumer's time of fetching alone", () => {
    expect(readPerf(output)).to.deep.equal({
      produced: { records: 200_000, recordsPerSecond: 51_234.5, mbPerSecond: 48.86, p50Ms: 543, p99Ms: 870 },
      consumed: { records: 200_000, mbPerSecond: 190.7349, recordsPerSecond: 200_000 },
    });
  });

  it("is an error with its last words when a tool has not ended", () => {
    expect(() => readPerf("Created topic bench.\nexception: broker is gone\n")).to.throw("broker is gone");
    expect(() => readPerf(output.split("\n").slice(0, 3).join("\n"))).to.throw("not ended well");
    expect(() => readPerf(output.split("\n").slice(0, 4).join("\n"))).to.throw("not ended well");
  });
});

describe("how many records are sent", () => {
  const [kilobyte] = loads;
  it("is what fills the time, in thousands, and no more than the load has", () => {
    if (kilobyte === undefined) throw new Error("no load");
    expect(recordsFor(kilobyte, 12_345, 10)).to.equal(123_000);
    expect(recordsFor(kilobyte, 500_000, 20)).to.equal(1_000_000);
    expect(recordsFor(kilobyte, 1, 1)).to.equal(1000);
  });
});

describe("the comparison of the brokers", () => {
  const run = (mbPerSecond: number): PerfRun => ({
    produced: { records: 10, recordsPerSecond: mbPerSecond * 1000, mbPerSecond, p50Ms: 5, p99Ms: 50 },
    consumed: { records: 10, recordsPerSecond: mbPerSecond * 2000, mbPerSecond: mbPerSecond * 2 },
  });
  const compared = (platform: number, outside: number) => ({
    load: "1 KB",
    records: 1000,
    platform: sideOf([run(platform)]),
    outside: sideOf([run(outside)]),
  });

  it("takes the middle one of the rounds", () => {
    expect(sideOf([run(10), run(50), run(20)]).produceMbPerSecond).to.equal(20);
  });

  it("is good from 0.85 on", () => {
    const { document, text } = resultOf([compared(85, 100)]);
    expect(document.bench).to.equal("ok");
    expect(document.verdicts).to.deep.equal({ "produce 1 KB": true, "consume 1 KB": true });
    expect(text).to.contain("0.85");
  });

  it("names what is below", () => {
    const { document, text } = resultOf([compared(84, 100)]);
    expect(document.bench).to.equal("failed");
    expect(text).to.contain("less than 0.85 × outside: produce 1 KB, consume 1 KB");
  });
});
