import { expect } from "chai";
import { connectorConfigs, type ConnectorWiring } from "../../../components/connect/programs/connector-configs.ts";
import { raceSamples } from "../../../components/connect/race-samples.ts";
import { loadConfig } from "../../../config/index.ts";

const wiring: ConnectorWiring = {
  s3Url: "http://s3:7070",
  s3Region: "us-east-1",
  s3PathStyle: true,
  bucket: "connect",
  catalogUri: "thrift://metastore:9083",
  warehouse: "s3a://lake/warehouse",
  copies: 1,
};

const connectorsOf = (connectors: unknown) =>
  loadConfig({ "millrace:services": { connect: { enabled: true, connectors } } }).services.connect.connectors;

const problemsOf = (connectors: unknown): string => {
  try {
    connectorsOf(connectors);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};

const table = { kind: "icebergSink", topics: ["a"], table: "x.y", columns: { id: "string", ts: "timestamp" } };

describe("Connectors of a stack", () => {
  it("become Connect's settings, with the bucket and the name where the stack gives none", () => {
    const configs = connectorConfigs(connectorsOf({ archive: { kind: "jsonSink", topics: ["a", "b"] } }), wiring);
    expect(configs["archive"]).to.include({
      "connector.class": "millrace.connect.JsonSinkConnector",
      "s3.bucket": "connect",
      "s3.prefix": "archive",
      topics: "a,b",
      "flush.records": "10000",
      "flush.seconds": "60",
      "errors.tolerance": "all",
      "errors.deadletterqueue.topic.name": "connect-dead-letter",
      "errors.deadletterqueue.context.headers.enable": "true",
    });
  });

  it("replay at the chosen speed, and as fast as can be where none is chosen", () => {
    const replay = { kind: "replay", prefix: "archive/a", topic: "again" };
    const configs = connectorConfigs(
      connectorsOf({ slow: { ...replay, recordsPerSecond: 50, keyField: "id", bucket: "old" }, fast: replay }),
      wiring,
    );
    expect(configs["slow"]).to.include({ "records.per.second": "50", "key.field": "id", "s3.bucket": "old" });
    expect(configs["fast"]).to.include({ "records.per.second": "0", "key.field": "", "s3.bucket": "connect" });
  });

  it("write a table by the lake's own catalog", () => {
    const settings = { ...table, required: ["id"], partitionBy: ["day(ts)"], commitSeconds: 10 };
    expect(connectorConfigs(connectorsOf({ lake: settings }), wiring)["lake"]).to.include({
      "connector.class": "millrace.connect.LakeSinkConnector",
      "iceberg.tables": "x.y",
      "lake.columns": '{"id":"string","ts":"timestamp"}',
      "lake.required": "id",
      "lake.partition.by": "day(ts)",
      "iceberg.catalog.type": "hive",
      "iceberg.catalog.uri": "thrift://metastore:9083",
      "iceberg.control.topic": "connect-control",
      "iceberg.control.commit.interval-ms": "10000",
    });
  });

  it("never hold a key or a password", () => {
    const connectors = { ...raceSamples(), ...connectorsOf({ a: { kind: "jsonSink", topics: ["a"] } }) };
    const text = JSON.stringify(connectorConfigs(connectors, wiring));
    expect(text).not.to.match(/access-key|secret|password|jaas/i);
  });

  it("have a column of the lake for each field of a race car's sample", () => {
    const sink = raceSamples()["race-samples"];
    if (sink?.kind !== "icebergSink") throw new Error("no sink");
    expect(sink.columns).to.include({ v: "int", id: "string", ts: "timestamp", seq: "long", speed: "double" });
    expect(Object.keys(sink.columns)).to.have.length(29);
    expect(sink.required).to.include("car").and.not.to.include.members(["run"]);
    expect(sink.required).not.to.include("lastLapTime");
  });

  it("are refused with the nearest setting where one has a wrong name", () => {
    expect(problemsOf({ a: { kind: "jsonSink", topics: ["a"], flushSecond: 5 } })).to.contain(
      'millrace:services.connect.connectors.a.flushSecond: unknown setting; did you mean "flushSeconds"?',
    );
    expect(problemsOf({ a: { kind: "replay", prefix: "p", topic: "t", speed: 5 } })).to.contain(
      'did you mean "recordsPerSecond"?',
    );
  });

  it("are refused where the kind, the name or a value is none", () => {
    const problems = problemsOf({
      a: { kind: "s3Sink", topics: ["a"] },
      B: { kind: "jsonSink", topics: ["a"] },
      c: { kind: "jsonSink", topics: [] },
      d: { ...table, columns: { id: "text" } },
    });
    expect(problems).to.contain("4 problems");
    expect(problems).to.contain(
      'connectors.a.kind: received "s3Sink"; give settings with kind icebergSink, jsonSink or replay',
    );
    expect(problems).to.contain('received the name "B"');
    expect(problems).to.contain("connectors.c.topics: received a list; give a list of topics");
    expect(problems).to.contain("connectors.d.columns.id");
  });

  it("are refused where they ask for columns that there are not, or get in each other's way", () => {
    const at = "millrace:services.connect.connectors";
    expect(problemsOf({ a: { ...table, required: ["od"], partitionBy: ["day(tz)"] } })).to.contain(
      `${at}.a.required: "od" is no column; its columns are id, ts`,
    );
    expect(problemsOf({ a: { ...table, partitionBy: ["day(tz)"] } })).to.contain(
      `${at}.a.partitionBy: "tz" is no column`,
    );
    const sink = { kind: "jsonSink", topics: ["a"], prefix: "p" };
    expect(problemsOf({ one: sink, two: { ...sink, topics: ["b", "a"] } })).to.contain(
      `${at}.two: writes the objects of topic a that one writes; give it another prefix`,
    );
    expect(problemsOf({ one: sink, two: { kind: "replay", prefix: "p/a", topic: "a" } })).to.contain(
      `${at}.two: topic a is replayed from the objects that it is written to; give it another topic`,
    );
    expect(problemsOf({ one: sink, two: { kind: "replay", prefix: "p/a", topic: "c" } })).to.equal("");
  });
});
