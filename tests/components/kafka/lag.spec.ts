import { expect } from "chai";
import { AssignerProtocol } from "kafkajs";
import { createServer } from "node:net";

import type { Address } from "../../../cli/addresses.ts";
import type { Kube } from "../../../cli/kube.ts";
import { runningPlatform } from "../../../cli/running.ts";
import { askRooms } from "../../../cli/status.ts";
import { groupLags, kafkaServers, lagAnswer, type LagSource, readLags } from "../../../components/kafka/lag.ts";
import { loadConfig } from "../../../config/index.ts";
import type { Exposure } from "../../../platform/exposure.ts";
import { nodePorts } from "../../support/fixtures.ts";

const none: Exposure = { kind: "none" };

/** A platform without Airflow, whose API server is asked nothing but that. */
const platform = (addresses: readonly Address[], exposure: Exposure = none) => ({
  ...runningPlatform({} as Kube, { namespace: "data", exposure, addresses }),
  secret: () => Promise.resolve(undefined),
});

interface FakeGroup {
  readonly members?: readonly Readonly<Record<string, number[]>>[];
  readonly state?: string;
  /** Offsets written down, by topic and partition. */
  readonly written?: Readonly<Record<string, readonly string[]>>;
  /** What is written down beside the offset of each partition. */
  readonly words?: readonly string[];
}

/** A Kafka with these groups, and topics with these ends of their partitions, which has no index of times. */
function kafka(
  groups: Readonly<Record<string, FakeGroup>>,
  ends: Readonly<Record<string, readonly string[]>>,
  fetchTopicOffsetsByTimestamp: LagSource["fetchTopicOffsetsByTimestamp"] = () =>
    Promise.reject(new Error("it was asked for times")),
): LagSource {
  const describe = (groupId: string) => ({
    groupId,
    errorCode: 0,
    protocol: "",
    protocolType: "consumer",
    state: (groups[groupId]?.state ?? "Empty") as "Empty",
    members: (groups[groupId]?.members ?? []).map((assignment, index) => ({
      memberId: String(index),
      clientId: "",
      clientHost: "",
      memberMetadata: Buffer.alloc(0),
      memberAssignment: AssignerProtocol.MemberAssignment.encode({
        version: 0,
        assignment,
        userData: Buffer.alloc(0),
      }),
    })),
  });
  const partitions = (offsets: readonly string[], words: readonly string[] = []) =>
    offsets.map((offset, partition) => {
      return { partition, offset, high: offset, low: "0", metadata: words[partition] ?? null };
    });
  return {
    listGroups: () =>
      Promise.resolve({ groups: Object.keys(groups).map((groupId) => ({ groupId, protocolType: "consumer" })) }),
    describeGroups: (ids) => Promise.resolve({ groups: ids.map(describe) }),
    fetchOffsets: ({ groupId }) =>
      Promise.resolve(
        Object.entries(groups[groupId]?.written ?? {}).map(([topic, offsets]) => ({
          topic,
          partitions: partitions(offsets, groups[groupId]?.words),
        })),
      ),
    fetchTopicOffsets: (topic) => {
      const found = ends[topic];
      if (found === undefined) return Promise.reject(new Error("This server does not host this topic-partition"));
      return Promise.resolve(partitions(found));
    },
    fetchTopicOffsetsByTimestamp,
  };
}

describe("the lag of Kafka's readers", () => {
  it("is the sum over all partitions of what was written and not read yet, by group and topic", async () => {
    const source = kafka(
      {
        "spark-telemetry-lake": { written: { telemetry: ["5", "7"], "random-numbers": ["10", "20"] } },
        "airflow-report": { state: "Stable", members: [{ telemetry: [0, 1] }], written: { telemetry: ["6", "9"] } },
      },
      { telemetry: ["6", "9"], "random-numbers": ["110", "23"] },
    );
    expect(await groupLags(source)).to.deep.equal([
      { group: "airflow-report", topic: "telemetry", lag: 0, members: 1, state: "Stable" },
      { group: "spark-telemetry-lake", topic: "random-numbers", lag: 103, members: 0, state: "stream" },
      { group: "spark-telemetry-lake", topic: "telemetry", lag: 3, members: 0, state: "stream" },
    ]);
  });

  it("is never less than nothing: a reader may be ahead of the ends that were asked for before it", async () => {
    const source = kafka({ g: { written: { t: ["12", "4"] } } }, { t: ["10", "5"] });
    expect(await groupLags(source)).to.deep.equal([{ group: "g", topic: "t", lag: 1, members: 0, state: "Empty" }]);
  });

  it("counts no partition that a group has not written down", async () => {
    const source = kafka({ g: { written: { t: ["-1", "4"], u: ["-1"] } } }, { t: ["10", "5"], u: ["1"] });
    expect(await groupLags(source)).to.deep.equal([{ group: "g", topic: "t", lag: 1, members: 0, state: "Empty" }]);
  });

  it("is not known of members that write nothing down, and of topics that are gone", async () => {
    const source = kafka(
      { reader: { state: "Stable", members: [{ t: [0] }, { t: [1] }], written: { gone: ["3"] } } },
      { t: ["10", "5"] },
    );
    expect(await groupLags(source)).to.deep.equal([
      { group: "reader", topic: "gone", lag: null, members: 2, state: "Stable" },
      { group: "reader", topic: "t", lag: null, members: 2, state: "Stable" },
    ]);
  });

  it("comes with what a stream has missed, offsets and all", async () => {
    const words = [
      '{"missed": 12, "from": 100, "to": 112}',
      "",
      '{"missed": 0, "from": 70, "to": null}',
      "its owner's",
    ];
    const source = kafka(
      { "spark-a": { written: { t: ["200", "7", "5", "1"] }, words } },
      { t: ["200", "7", "5", "1"] },
    );
    const lags = await groupLags(source);
    expect(lags).to.deep.equal([
      {
        group: "spark-a",
        topic: "t",
        lag: 0,
        members: 0,
        state: "stream",
        missed: {
          records: 12,
          last: [
            { partition: 0, from: 100, to: 112 },
            { partition: 2, from: 70, to: null },
          ],
        },
      },
    ]);
    expect(lagAnswer(lags).table?.below.at(-1)).to.equal(
      "spark-a has missed 12 records of t, which Kafka had dropped before they were read; the last ones: partition 0, " +
        "offsets 100 to 111; partition 2 was made anew when it was read to offset 70. All gaps are in the table lake.streaming.gaps",
    );
  });

  describe("of a stream that is behind", () => {
    const NOW = Date.parse("2026-11-27T20:47:10.000Z");
    const batch = { began: "2026-11-27T20:46:59.123Z", seconds: 4.2, records: 200, due: 10 };
    const beside = (words: unknown): string[] => [JSON.stringify(words)];
    /** A stream that has read 100 records, one a second until now, of all that were written. */
    const stream = async (words: readonly string[], written: number, read = 100) => {
      const first = NOW - written * 1000;
      const offsetAt = (at: number): number => Math.min(written, Math.max(0, Math.ceil((at - first) / 1000)));
      const offsets = (_: string, at = 0) => Promise.resolve([{ partition: 0, offset: String(offsetAt(at)) }]);
      const group = { written: { t: [String(read)] }, words };
      return await groupLags(kafka({ "spark-a": group }, { t: [String(written)] }, offsets), NOW);
    };
    const below = (lags: Awaited<ReturnType<typeof stream>>) => lagAnswer(lags, NOW).table?.below;

    it("says by how much, and since when: as long as the oldest unread record waits", async () => {
      const lags = await stream(beside({ batch }), 460);
      expect(lags).to.have.length(1);
      expect(lags[0]).to.include({ group: "spark-a", topic: "t", lag: 360, state: "stream" });
      expect(lags[0]?.batch).to.deep.equal(batch);
      const since = Date.parse(lags[0]?.behind?.since ?? "");
      expect(since).to.be.within(NOW - 361_000, NOW - 360_000);
      const told = [{ ...lags[0]!, behind: { since: "2026-11-27T20:41:10.000Z" } }];
      expect(below(told)).to.deep.equal(["spark-a is 360 records behind since 2026-11-27 20:41:10 UTC (6 min)"]);
      expect(lagAnswer(lags, NOW).json).to.equal(lags);
    });

    it("says since when it has left records to the next batch, though each waits for less", async () => {
      const lags = await stream(beside({ batch, behind: { since: "2026-11-27T18:00:00.000Z" } }), 110);
      expect(lags[0]?.behind).to.deep.equal({ since: "2026-11-27T18:00:00.000Z" });
    });

    it("says nothing while records wait no longer than for a batch that is due and for its end", async () => {
      expect(await stream(beside({ batch, behind: { since: "2026-11-27T20:47:05.000Z" } }), 124)).to.deep.equal([
        { group: "spark-a", topic: "t", lag: 24, members: 0, state: "stream", batch },
      ]);
      expect((await stream(beside({ batch: { ...batch, due: 180 } }), 460))[0]).not.to.have.property("behind");
    });

    it("says nothing of one whose service was switched off, however much is unread", async () => {
      const lags = await stream(beside({ off: true }), 460);
      expect(lags).to.deep.equal([{ group: "spark-a", topic: "t", lag: 360, members: 0, state: "off" }]);
      expect(below(lags)).to.deep.equal([]);
      expect(lagAnswer(lags, NOW).table?.rows).to.deep.equal([["spark-a", "t", "360", "-", "off"]]);
    });

    it("is not off for a topic that it read when it was", async () => {
      const group = {
        written: { off: ["1"], on: ["-1", "9"] },
        words: [JSON.stringify({ off: true }), JSON.stringify({ batch })],
      };
      const lags = await groupLags(kafka({ "spark-a": group }, { off: ["900"], on: ["0", "9"] }), NOW);
      expect(lags.map(({ state }) => state)).to.deep.equal(["stream", "stream"]);
    });

    it("says nothing of a topic that the stream reads no more, since a room was turned off", async () => {
      const group = {
        written: { off: ["1"], on: ["-1", "9"] },
        words: [JSON.stringify({ batch }), JSON.stringify({ batch: { ...batch, began: "2026-11-27T20:46:59.124Z" } })],
      };
      const lags = await groupLags(kafka({ "spark-a": group }, { off: ["900"], on: ["0", "9"] }), NOW);
      expect(lags.map(({ topic, lag, batch: last }) => [topic, lag, last?.records])).to.deep.equal([
        ["off", 899, undefined],
        ["on", 0, 200],
      ]);
      expect(below(lags)).to.deep.equal([]);
    });

    it("asks for no times where all is read, or where the stream has not told of its batches", async () => {
      for (const [words, end] of [
        [{ batch }, "100"],
        [{ missed: 3, from: 1, to: 4 }, "900"],
      ] as const) {
        const source = kafka({ "spark-a": { written: { t: ["100"] }, words: beside(words) } }, { t: [end] });
        expect((await groupLags(source, NOW))[0]).not.to.have.property("behind");
      }
    });

    it("sums what is unread of all its topics, and takes the longest time", () => {
      const lag = { group: "spark-a", members: 0, state: "stream" };
      const lags = [
        { ...lag, topic: "t", lag: 119_000, behind: { since: "2026-11-27T20:46:00.000Z" } },
        { ...lag, topic: "u", lag: 1000, behind: { since: "2026-11-25T20:41:10.000Z" } },
        { ...lag, topic: "v", lag: 7 },
      ];
      expect(below(lags)).to.deep.equal(["spark-a is 120,000 records behind since 2026-11-25 20:41:10 UTC (48 h)"]);
    });

    it("warns of batches that take longer than the time to the next one, and says what was missed as before", async () => {
      const words = beside({ missed: 12, from: 10, to: 22, batch: { ...batch, seconds: 12.3, records: 900 } });
      const lags = await stream(words, 100);
      expect(lags[0]?.missed).to.deep.equal({ records: 12, last: [{ partition: 0, from: 10, to: 22 }] });
      expect(below([...lags, { ...lags[0]!, topic: "u" }])?.slice(0, -2)).to.deep.equal([
        "spark-a: the last batch (900 records) took 12.3 s, longer than the 10 s after which the next one was due: raise " +
          "millrace:services.telemetry.stream.quietSeconds, or give the driver more CPU (millrace:services.telemetry.stream.resources)",
      ]);
    });
  });

  it("comes with what a stream has left out of its windows, and has no line where that is nothing", async () => {
    const words = (late: number, duplicates: number): string[] => [JSON.stringify({ late, duplicates }), "its owner's"];
    const stream = async (told: string[]) =>
      await groupLags(kafka({ "spark-a": { written: { t: ["200", "7"] }, words: told } }, { t: ["200", "7"] }));
    const some = await stream(words(3, 20));
    expect(some[0]?.leftOut).to.deep.equal({ late: 3, duplicates: 20 });
    expect(lagAnswer(some).table?.below).to.deep.equal([
      "spark-a has left out 3 records of t that came after their window had closed, and 20 that came twice",
    ]);
    const none = await stream(words(0, 0));
    expect(none[0]?.leftOut).to.deep.equal({ late: 0, duplicates: 0 });
    expect(lagAnswer(none).table?.below).to.deep.equal([]);
  });

  it("leaves out groups of pods that are gone and groups that never read", async () => {
    const source = kafka(
      {
        "display-old": { written: { t: ["1"] } },
        "display-new": { state: "Stable", members: [{ t: [0] }], written: { t: ["9"] } },
        idle: {},
      },
      { t: ["10"] },
    );
    expect(await groupLags(source)).to.deep.equal([
      { group: "display-new", topic: "t", lag: 1, members: 1, state: "Stable" },
    ]);
    expect(await groupLags(kafka({}, {}))).to.deep.equal([]);
  });

  it("is asked where Kafka is published, or where it is already; else the command is named that asks in the cluster", () => {
    const address = [{ title: "Kafka", url: "127.0.0.1:30092" }];
    const reached = (kafka: unknown, addresses: typeof address, exposure: Exposure = none) =>
      kafkaServers(loadConfig({ "millrace:services": { kafka } }).services.kafka, platform(addresses, exposure));
    expect(reached({}, address)).to.equal("127.0.0.1:30092");
    expect(reached({ existing: { bootstrapServers: "b1:9093,b2:9093" } }, [])).to.equal("b1:9093,b2:9093");
    const command =
      "ask in the cluster: kubectl exec -n data kafka-0 -- env KAFKA_HEAP_OPTS=-Xmx64m " +
      "/opt/kafka/bin/kafka-consumer-groups.sh --bootstrap-server localhost:9092 --describe --all-groups";
    expect(() => reached({}, [])).to.throw(
      `the lag of Kafka's readers is not known: Kafka is not published on this target; ${command}`,
    );
    expect(reached({}, [], nodePorts)).to.equal("127.0.0.1:30092");
    expect(() => reached({}, [], { kind: "ingress", host: "data.example.com", ports: [] })).to.throw(
      "the lag of Kafka's readers is not known: an Ingress carries HTTP only, so Kafka is not published (its broker is at " +
        `127.0.0.1:9094 while kubectl port-forward -n data pod/kafka-0 9094 runs); ${command}`,
    );
    expect(() => reached({ replicas: 3 }, address)).to.throw(
      `the lag of Kafka's readers is not known: only one of its brokers is published; ${command}`,
    );
  });

  it("is not waited for when Kafka takes connections and says nothing", async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => silent.listen(0, "127.0.0.1", resolve));
    const address = silent.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      const error: unknown = await readLags(`127.0.0.1:${port}`, { protocol: "PLAINTEXT" }, 200).catch(
        (reason: unknown) => reason,
      );
      expect(error).to.have.property(
        "message",
        `Kafka at 127.0.0.1:${port} does not answer (no answer within 0.2 s), so nothing is known of its readers`,
      );
    } finally {
      silent.close();
    }
  });
});

describe("the lag in a status", () => {
  const config = loadConfig({});

  it("is a note where Kafka does not answer, and where it is not published", async () => {
    const notes: string[] = [];
    const closed = [{ title: "Kafka", url: "127.0.0.1:1" }];
    const nothing = {
      alerts: null,
      dagErrors: null,
      lags: null,
      connectors: null,
      flink: null,
      zookeeper: null,
      flows: null,
      logs: null,
    };
    expect(await askRooms(config, platform(closed), notes)).to.deep.equal(nothing);
    expect(await askRooms(config, platform([]), notes)).to.deep.equal(nothing);
    expect(notes[0]).to.match(/^Kafka at 127\.0\.0\.1:1 does not answer \(.+\), so nothing is known of its readers$/);
    expect(notes.slice(1).join()).to.match(
      /^the lag of Kafka's readers is not known: Kafka is not published .+exec -n data /,
    );
  });

  it("is not asked for without Kafka", async () => {
    const notes: string[] = [];
    const off = { enabled: false };
    const without = loadConfig({
      "millrace:services": { kafka: off, telemetry: off },
      "millrace:proof": off,
    });
    expect(await askRooms(without, platform([]), notes)).to.deep.equal({
      dagErrors: null,
      lags: null,
      alerts: null,
      connectors: null,
      flink: null,
      zookeeper: null,
      flows: null,
      logs: null,
    });
    expect(notes).to.deep.equal([]);
  });
});
