import { expect } from "chai";
import { missingTopicWords, ratesOf, refuseRemote, resultOf } from "../../bench/ramp.ts";
import {
  highestFlat,
  isFlat,
  LagSamples,
  type Reader,
  type Step,
  whatBreaks,
  worstLag,
} from "../../bench/ramp-step.ts";
import { throttledShare, throttlingOf } from "../../bench/usage.ts";
import { UserError } from "../../cli/errors.ts";

const reader = (growth: number, group = "spark-telemetry-lake"): Reader => ({
  group,
  topic: "random-numbers",
  meanLag: 5000,
  mostLag: 9000,
  growth,
});
const step = (over: Partial<Step> = {}): Step => ({
  rate: 1000,
  taken: 1000,
  readers: [reader(3)],
  pods: [{ name: "kafka-0", cores: 0.2, limit: 2, throttled: 0 }],
  machine: 1.2,
  sender: 0.1,
  events: [],
  ...over,
});

describe("the lag of readers", () => {
  it("grows by the line through its samples, most first; what says nothing is left out", () => {
    const samples = new LagSamples();
    for (let look = 0; look < 4; look++) {
      samples.add(look * 5000, [
        { group: "slow", topic: "t", lag: 100 + look * 500 },
        { group: "steady", topic: "t", lag: 70 },
        { group: "silent", topic: "t", lag: null },
        ...(look === 0 ? [{ group: "once", topic: "t", lag: 1 }] : []),
      ]);
    }
    expect(samples.readers()).to.deep.equal([
      { group: "slow", topic: "t", meanLag: 850, mostLag: 1600, growth: 100 },
      { group: "steady", topic: "t", meanLag: 70, mostLag: 70, growth: 0 },
    ]);
  });

  it("is flat for a reader in batches, whose lag goes up and down", () => {
    const samples = new LagSamples();
    // 1,000 records/s, read every 12 s.
    for (let at = 0; at <= 180; at += 5) samples.add(at * 1000, [{ group: "g", topic: "t", lag: (at % 12) * 1000 }]);
    const readers = samples.readers();
    expect(Math.abs(readers[0]?.growth ?? Infinity)).to.be.lessThan(20);
    expect(isFlat(step({ readers }))).to.equal(true);
  });

  it("is at its worst the largest of a look", () => {
    expect(worstLag([{ lag: 3 }, { lag: null }, { lag: 9 }])).to.equal(9);
    expect(worstLag([])).to.equal(0);
  });
});

describe("a rate", () => {
  it("is flat when Kafka takes it and every reader keeps up to 2 %", () => {
    expect(isFlat(step({ readers: [reader(20), reader(-400)] }))).to.equal(true);
    expect(isFlat(step({ readers: [reader(20.1)] }))).to.equal(false);
    expect(isFlat(step({ taken: 980 }))).to.equal(true);
    expect(isFlat(step({ taken: 979 }))).to.equal(false);
    expect(isFlat(step({ readers: [] }))).to.equal(false);
  });

  it("is the highest before the first that is not flat", () => {
    const flat = (rate: number): Step => step({ rate, taken: rate });
    const broken = step({ rate: 3000, taken: 3000, readers: [reader(400)] });
    expect(highestFlat([flat(1000), flat(2000), broken])).to.equal(2000);
    expect(highestFlat([broken, flat(4000)])).to.equal(null);
    expect(highestFlat([flat(1000)])).to.equal(1000);
    expect(highestFlat([])).to.equal(null);
  });

  it("says what breaks: Kafka, readers, pods that restarted or are at their limit, the machine", () => {
    const broken = step({
      rate: 3000,
      taken: 2500,
      readers: [reader(1412), reader(61, "spark-windows-cassandra"), reader(60, "ok")],
      pods: [
        { name: "windows", cores: 0.95, limit: 1, throttled: 0.63 },
        { name: "held", cores: 0.3, limit: 1, throttled: 0.25 },
        { name: "cassandra-0", cores: 0.9, limit: null, throttled: null },
        { name: "kafka-0", cores: 0.5, limit: 2, throttled: 0.1 },
      ],
      machine: 1.97,
      sender: 0.31,
      events: ["restarted: windows"],
    });
    expect(whatBreaks(broken, 2)).to.deep.equal([
      "Kafka took 2,500 of 3,000 records/s",
      "spark-telemetry-lake falls behind on random-numbers by 1,412 records/s",
      "spark-windows-cassandra falls behind on random-numbers by 61 records/s",
      "pods restarted: windows",
      "windows takes 0.95 of its limit of 1.00 cores, and was held back in 63 % of the time",
      "held takes 0.30 of its limit of 1.00 cores, and was held back in 25 % of the time",
      "the machine has no CPU left: 1.97 of 2 cores, of which the sender takes 0.31",
    ]);
    expect(whatBreaks(step(), 2)).to.deep.equal([]);
    expect(whatBreaks(step({ readers: [] }), 2)).to.deep.equal(["no reader of Kafka says how far it is"]);
  });
});

describe("the ramp", () => {
  const counts = { sent: 100, rows: 100, distinct: 100 };

  it("ends with the highest flat rate, what broke, and what was lost", () => {
    const steps = [step(), step({ rate: 2000, taken: 2000, readers: [reader(300)] })];
    const { document, text, figures } = resultOf(steps, counts, 2);
    expect(document).to.include({ bench: "ok", highest: 1000, broken: 2000, lost: 0, duplicates: 0 });
    expect(figures).to.deep.equal([{ measure: "highest rate with flat lag", value: 1000, unit: "records/s" }]);
    expect(text.split("\n").slice(-4)).to.deep.equal([
      "highest rate with flat lag: 1000 records/s",
      "at 2000 records/s:",
      "- spark-telemetry-lake falls behind on random-numbers by 300 records/s",
      "sent 100, lost 0, twice 0",
    ]);
  });

  it("is bad when no rate is flat, when records are missing or twice, and when nobody counted them", () => {
    const verdicts = (steps: Step[], of: typeof counts | null): unknown => resultOf(steps, of, 2).document.verdicts;
    expect(verdicts([step({ taken: 1 })], counts)).to.deep.equal({ flat: false, noLoss: true, noDuplicates: true });
    expect(verdicts([step()], { sent: 100, rows: 101, distinct: 99 })).to.deep.equal({
      flat: true,
      noLoss: false,
      noDuplicates: false,
    });
    expect(verdicts([step()], null)).to.deep.equal({ flat: true, noLoss: false, noDuplicates: false });
    expect(resultOf([step()], counts, 2).text).to.contain("no rate broke anything: give higher ones with --rates");
  });

  it("takes rates that rise", () => {
    expect(ratesOf()).to.deep.equal([500, 1000, 2000, 3000, 4000, 6000, 8000]);
    expect(ratesOf("10, 20")).to.deep.equal([10, 20]);
    for (const wrong of ["", "1,,2", "20,10", "10,10", "0", "x"]) {
      expect(() => ratesOf(wrong)).to.throw(
        UserError,
        `--rates "${wrong}" is not allowed: give numbers from 1 that rise`,
      );
    }
  });

  it("says what topics there are when its own is not", () => {
    expect(missingTopicWords("a", ["b", "a"])).to.equal(undefined);
    expect(missingTopicWords("a", ["c", "__consumer_offsets", "b"])).to.match(
      /^Kafka has no topic "a"; it has b, c\. /,
    );
    expect(missingTopicWords("a", [])).to.contain("it has none. ");
  });

  it("sends to this machine only", () => {
    for (const own of ["127.0.0.1:30092", "localhost:9092", "[::1]:9092", "127.1.2.3:1"]) refuseRemote(own);
    for (const other of ["10.0.0.1:9092", "kafka.example.com:9092", "127.0.0.1.example.com:9092", "localhost:1,b:2"]) {
      expect(() => {
        refuseRemote(other);
      }).to.throw(UserError, `--kafka "${other}" is not on this machine`);
    }
  });
});

describe("throttling", () => {
  const metrics = (periods: number, throttled: number): string =>
    [
      "# TYPE container_cpu_cfs_periods_total counter",
      `container_cpu_cfs_burst_periods_total{container="",id="/a",pod="kafka-0"} 7 1795807857312`,
      `container_cpu_cfs_periods_total{container="",id="/a",image="",namespace="millrace",pod="kafka-0"} ${periods} 1795807857312`,
      `container_cpu_cfs_periods_total{container="kafka",id="/a/b",namespace="millrace",pod="kafka-0"} 5 1795807857312`,
      `container_cpu_cfs_throttled_periods_total{container="",id="/a",namespace="millrace",pod="kafka-0"} ${throttled} 1795807857312`,
    ].join("\n");

  it("is read by pod, and told as the share of the time between two looks", () => {
    const [before, after] = [throttlingOf(metrics(100, 10)), throttlingOf(metrics(300, 60))];
    expect(after.get("kafka-0")).to.deep.equal({ periods: 300, throttled: 60 });
    expect(throttledShare(before.get("kafka-0"), after.get("kafka-0"))).to.equal(0.25);
    expect(throttledShare(undefined, after.get("kafka-0"))).to.equal(0.2);
    expect(throttledShare(after.get("kafka-0"), after.get("kafka-0"))).to.equal(undefined);
    expect(throttledShare(undefined, undefined)).to.equal(undefined);
  });
});
