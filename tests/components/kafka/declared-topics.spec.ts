import { expect } from "chai";
import {
  declaredTopics,
  RECORD_BYTES,
  retentionWarnings,
  topicBounds,
} from "../../../components/kafka/declared-topics.ts";
import { numberMessage } from "../../../components/random-numbers/programs/numbers.ts";
import { makeRecord } from "../../../components/telemetry/programs/record.ts";
import { loadConfig } from "../../../config/index.ts";
import { topicsOf } from "../../../config/rooms.ts";
import { riskWarnings } from "../../../config/rules.ts";

function declared(settings: object = {}, profile = "pipeline") {
  const config = loadConfig({ "millrace:profile": profile, "millrace:services": settings });
  return [config.services.kafka, topicsOf(config)] as const;
}

describe("what topics take on the brokers' claims", () => {
  it("is bounded by bytes on the declared topics", () => {
    const bounds = { "retention.bytes": String(448 * 2 ** 20), "segment.bytes": String(64 * 2 ** 20) };
    expect(topicBounds(...declared())).to.deep.equal(bounds);
    expect(declaredTopics(...declared())["random-numbers"]?.config).to.include(bounds);
  });

  it("leaves compacted topics as they are: the last record of each key stays, however old", () => {
    const [brokers, loads] = declared();
    const all = {
      ...loads,
      settings: { partitions: 5, used: 5, recordsPerSecond: 1000, from: "x", isCompacted: true },
    };
    const { settings, telemetry } = declaredTopics(brokers, all);
    expect(settings?.config).to.include({ "cleanup.policy": "compact" }).and.not.to.have.property("retention.bytes");
    expect(settings).not.to.have.property("retentionHours");
    expect(telemetry).to.deep.equal(declaredTopics(brokers, loads)["telemetry"]);
    expect(retentionWarnings(brokers, all)).to.deep.equal([]);
  });

  it("takes no share where little comes", () => {
    const [brokers, loads] = declared();
    const all = { ...loads, bad: { partitions: 1, used: 1, recordsPerSecond: 0, from: "x" } };
    expect(declaredTopics(brokers, all)["bad"]?.config).to.include({ "retention.bytes": String(64 * 2 ** 20) });
    expect(topicBounds(brokers, all)).to.deep.equal(topicBounds(brokers, loads));
  });

  it("is not bounded where the brokers are others', or have no claim", () => {
    const existing = { kafka: { existing: { bootstrapServers: "a:9092" } } };
    expect(topicBounds(...declared(existing))).to.deep.equal({});
    expect(topicBounds(...declared({ kafka: { storage: { kind: "ephemeral" } } }))).to.deep.equal({});
  });

  it("lasts for the hours of the config in every profile", () => {
    for (const profile of ["core", "studio", "pipeline", "streams", "full"]) {
      expect(retentionWarnings(...declared({}, profile)), profile).to.deep.equal([]);
    }
  });

  it("is told with the numbers and the way where it does not last", () => {
    expect(retentionWarnings(...declared({ randomNumbers: { rate: 500, replicas: 2 } }))).to.deep.equal([
      "millrace:services.kafka.storage.size: 5Gi holds about 78 minutes of topic random-numbers, not the 24 hours of " +
        "millrace:services.kafka.retentionHours: millrace:services.randomNumbers.rate (500) and replicas (2) make about " +
        "1030 MiB an hour, and each partition keeps 448 MiB; older records go, also those that nobody has read; raise it " +
        "to 92Gi, or lower the hours or the rate",
    ]);
  });

  it("is told as a warning of the config", () => {
    const config = loadConfig({
      "millrace:profile": "pipeline",
      "millrace:services": { kafka: { storage: { kind: "persistent", size: "100Mi" } } },
    });
    expect(riskWarnings(config).join("\n")).to.contain(
      "millrace:services.kafka.storage.size: 100Mi is too small for the 6 partitions of telemetry and random-numbers",
    );
  });

  it("is reckoned with no less than a record takes", () => {
    const origin = { source: "random-numbers", node: "random-numbers-7d4b9c6f5-abcde", at: new Date() } as const;
    const { key, value } = numberMessage(makeRecord(origin, { metric: "uniform", value: 0.12345678901234567 }));
    const bytes = Buffer.byteLength(key) + Buffer.byteLength(value ?? "");
    expect(bytes).to.be.within(RECORD_BYTES - 50, RECORD_BYTES);
  });
});
