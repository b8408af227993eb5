import { expect } from "chai";
import { boundOtherTopics, type BrokerAdmin } from "../../../../components/kafka/programs/unbounded-topics.ts";

type Settings = Record<string, string>;

/** Brokers and topics with what is set on each by itself. */
function cluster(brokers: Record<number, Settings>, topics: Record<string, Settings>): BrokerAdmin {
  const BROKER = 4;
  const of = (type: number, name: string): Settings =>
    type === BROKER ? (brokers[Number(name)] ?? {}) : (topics[name] ?? {});
  const admin = {
    describeCluster: () =>
      Promise.resolve({ brokers: Object.keys(brokers).map((nodeId) => ({ nodeId: Number(nodeId) })) }),
    listTopics: () => Promise.resolve(Object.keys(topics)),
    describeConfigs: ({ resources }: { resources: { type: number; name: string }[] }) =>
      Promise.resolve({
        resources: resources.map(({ type, name }) => ({
          configEntries: [
            { configName: "log.segment.bytes", configValue: "16777216", configSource: 4, isDefault: false },
            ...Object.entries(of(type, name)).map(([configName, configValue]) => ({
              configName,
              configValue,
              configSource: type === BROKER ? 2 : 1,
              isDefault: false,
            })),
          ],
        })),
      }),
    alterConfigs: ({
      resources,
    }: {
      resources: { type: number; name: string; configEntries: { name: string; value: string }[] }[];
    }) => {
      for (const { type, name, configEntries } of resources) {
        const all = Object.fromEntries(configEntries.map((entry) => [entry.name, entry.value]));
        if (type === BROKER) brokers[Number(name)] = all;
        else topics[name] = all;
      }
      return Promise.resolve();
    },
  };
  return admin as unknown as BrokerAdmin;
}

describe("topics without a bound by bytes", () => {
  it("keeps all records of topics that were there before the brokers had a bound", async () => {
    const brokers = { 0: { "log.cleaner.threads": "2" } };
    const topics = {
      orders: { "cleanup.policy": "delete" },
      small: { "retention.bytes": "1000" },
      telemetry: {},
      __consumer_offsets: { "cleanup.policy": "compact" },
    };
    expect(await boundOtherTopics(cluster(brokers, topics), 117440512, ["telemetry"])).to.deep.equal([
      "topic orders: was there before topics were bounded by bytes, and keeps all its records (retention.bytes -1); " +
        "a full claim stops its broker, so give it a bound of its own",
      "broker 0: log.retention.bytes is now 117440512",
    ]);
    expect(topics).to.deep.equal({
      orders: { "cleanup.policy": "delete", "retention.bytes": "-1" },
      small: { "retention.bytes": "1000" },
      telemetry: {},
      __consumer_offsets: { "cleanup.policy": "compact" },
    });
    expect(brokers).to.deep.equal({ 0: { "log.cleaner.threads": "2", "log.retention.bytes": "117440512" } });
  });

  it("leaves topics that were made under the bound to it, also when brokers are added", async () => {
    const brokers = { 0: { "log.retention.bytes": "117440512" }, 1: {} };
    const topics = { orders: {} };
    expect(await boundOtherTopics(cluster(brokers, topics), 117440512, [])).to.deep.equal([
      "broker 1: log.retention.bytes is now 117440512",
    ]);
    expect(topics).to.deep.equal({ orders: {} });
  });

  it("changes nothing the second time", async () => {
    const brokers = { 0: { "log.retention.bytes": "117440512" } };
    expect(await boundOtherTopics(cluster(brokers, { orders: {} }), 117440512, [])).to.deep.equal([]);
  });
});
