import { expect } from "chai";
import { readConfig } from "../../check/config.ts";

const rooms = {
  kafka: { bootstrapServers: "kafka:9092" },
  objectStore: { protocol: "http", host: "object-store", port: 7070, region: "us-east-1" },
  catalog: { uri: "thrift://metastore:9083" },
  presto: { url: "http://presto:8080" },
};
const keys = { OBJECT_STORE_ACCESS_KEY: "GK1", OBJECT_STORE_SECRET_KEY: "s" };
const read = (told: object, variables: object = {}, more: object = {}): ReturnType<typeof readConfig> =>
  readConfig({ PROOF_CONFIG: JSON.stringify({ ...more, rooms: told }), ...variables });

describe("proof settings", () => {
  it("fill in what is left out", () => {
    const config = read(rooms, keys);
    expect(config).to.deep.include({ records: 300, poison: 5, skipped: {}, timeoutSeconds: undefined });
    expect(config.told).to.deep.equal({
      kafka: { bootstrapServers: "kafka:9092", topic: "telemetry" },
      objectStore: { ...rooms.objectStore, pathStyle: true, bucket: "lake", accessKey: "GK1", secretKey: "s" },
      catalog: { ...rooms.catalog, bucket: "lake", warehouse: "warehouse", namespace: "telemetry" },
      presto: { ...rooms.presto, catalog: "lake", schema: "telemetry", catalogs: [] },
    });
    expect(readConfig({ PROOF_CONFIG: "{}" }).told).to.deep.equal({});
  });

  it("let a variable of its own set the time limit", () => {
    expect(read(rooms, { ...keys, PROOF_TIMEOUT_SECONDS: "30" }).timeoutSeconds).to.equal(30);
    expect(() => read(rooms, { ...keys, PROOF_TIMEOUT_SECONDS: "soon" })).to.throw("PROOF_TIMEOUT_SECONDS");
  });

  it("have the secrets of each room from variables that its name begins", () => {
    const login = { user: "proof" };
    const told = {
      airflow: { url: "http://airflow:8080", ...login },
      jupyterhub: { url: "http://jupyterhub:8000", ...login, home: { bucket: "home-proof" } },
      randomNumbers: { url: "http://random-numbers:8080" },
      cassandra: { contactPoints: ["cassandra-0"], port: 9042, datacenter: "datacenter1", ...login },
    };
    const config = read(told, {
      AIRFLOW_PASSWORD: "pa",
      JUPYTERHUB_PASSWORD: "pj",
      RANDOM_NUMBERS_TOKEN: "pt",
      CASSANDRA_PASSWORD: "pc",
    });
    expect(config.told).to.deep.equal({
      airflow: {
        ...told.airflow,
        password: "pa",
        dag: "telemetry_report",
        runs: true,
        lastRuns: {},
        table: "reports.telemetry_summary",
        bucket: "notebooks",
        prefix: "runs/telemetry-report",
      },
      jupyterhub: {
        ...told.jupyterhub,
        home: { bucket: "home-proof", prefix: "" },
        asks: ["spark", "presto"],
        password: "pj",
      },
      randomNumbers: { ...told.randomNumbers, token: "pt" },
      cassandra: { ...told.cassandra, password: "pc" },
    });
    expect(() => read(told)).to.throw(
      "AIRFLOW_PASSWORD is not set: it holds the password of proof\n" +
        "JUPYTERHUB_PASSWORD is not set: it holds the password of proof\n" +
        "RANDOM_NUMBERS_TOKEN is not set: it holds the token that the pumps ask for\n" +
        "CASSANDRA_PASSWORD is not set: it holds the password of proof",
    );
  });

  it("ask for no secret of what is not there", () => {
    expect(Object.keys(read({ kafka: rooms.kafka, display: { url: "http://display:8080" } }).told)).to.deep.equal([
      "kafka",
      "display",
    ]);
  });

  it("report every problem at once, without the secrets", () => {
    const wrong = { ...rooms, presto: { url: "presto" }, catalog: { uri: "metastore:9083" }, census: {} };
    expect(() => read(wrong, { OBJECT_STORE_SECRET_KEY: "hidden" }, { records: 0 }))
      .to.throw(
        /OBJECT_STORE_ACCESS_KEY is not set: it holds the proof's S3 access key\n[^]*rooms\.catalog\.uri: [^]*rooms\.presto\.url: [^]*rooms\.census\.rows: [^]*PROOF_CONFIG records: /,
      )
      .with.property("message")
      .that.does.not.contain("hidden");
  });

  it("refuse a room that the proof asks nothing of, and settings that a room does not have", () => {
    expect(() => read({ weather: {}, toString: {} })).to.throw(
      /^PROOF_CONFIG rooms\.weather: the proof asks nothing of it; it knows kafka, objectStore, [^]*\nPROOF_CONFIG rooms\.toString: /,
    );
    expect(() => read({ windows: { windowSeconds: 10, windowSecond: 1 } })).to.throw("rooms.windows: Unrecognized key");
    expect(() => read([] as object)).to.throw("PROOF_CONFIG rooms: ");
  });

  it("say when they are not there at all, or not JSON", () => {
    expect(() => readConfig({})).to.throw("PROOF_CONFIG is not set");
    expect(() => readConfig({ ...keys, PROOF_CONFIG: "{" })).to.throw("PROOF_CONFIG is not JSON");
    expect(() => readConfig({ ...keys, PROOF_CONFIG: "null" })).to.throw("PROOF_CONFIG");
  });
});
