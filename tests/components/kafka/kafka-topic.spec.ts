import { expect } from "chai";
import { KafkaTopics, topicProblems } from "../../../components/kafka/kafka-topic.ts";
import { envOf, kafka, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("KafkaTopics", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const topics = (settings: { partitions: number; replicationFactor?: number; retentionHours?: number }) =>
    new KafkaTopics("kafka-topics", {
      namespace: "data",
      kafka: kafka(),
      toolsImage: "tools:1",
      resources,
      topics: { telemetry: settings },
    });

  it("hands the declared topics to one Job", async () => {
    const made = topics({ partitions: 3, retentionHours: 24 });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "kafka-topics");
    expect(JSON.parse(envOf(inputs)["TOPICS_CONFIG"] ?? "")).to.deep.equal({
      bootstrapServers: "kafka.example:9092",
      topics: [{ name: "telemetry", partitions: 3, replicationFactor: 1, config: { "retention.ms": "86400000" } }],
    });
    expect(inputs.spec.template.spec.containers[0].command).to.deep.equal([
      "node",
      "/opt/millrace/components/kafka/programs/kafka-topics.ts",
    ]);
    expect(await valueOf(made.topics.telemetry.topic)).to.equal("telemetry");
    expect(await namesOf(made.topics.telemetry.ready)).to.deep.equal(["kafka-topics"]);
  });

  const wrong: [string, Parameters<typeof topicProblems>[0], RegExp][] = [
    ["no partition", { topics: { t: { partitions: 0 } } }, /partitions is 0/],
    [
      "more copies than brokers",
      { brokers: 1, topics: { t: { partitions: 1, replicationFactor: 3 } } },
      /\(3\).*\(1\)/,
    ],
    ["a name with a space", { topics: { "a b": { partitions: 1 } } }, /"a b"/],
    ["a retention of no time", { topics: { t: { partitions: 1, retentionHours: 0 } } }, /retentionHours is 0/],
  ];
  for (const [what, args, message] of wrong) {
    it(`refuses ${what}`, () => {
      expect(topicProblems(args).join()).to.match(message);
    });
  }

  it("throws the problems on the resource", () => {
    expect(() => topics({ partitions: -1 })).to.throw('topic "telemetry": partitions is -1');
  });
});
