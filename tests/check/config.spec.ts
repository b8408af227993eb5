import { expect } from "chai";
import { readConfig } from "../../check/config.ts";

const settings = {
  kafka: { bootstrapServers: "kafka:9092" },
  s3: { protocol: "http", host: "object-store", port: 3900, region: "us-east-1" },
  metastore: { uri: "thrift://metastore:9083" },
  presto: { url: "http://presto:8080" },
};
const environment = { PROOF_CONFIG: JSON.stringify(settings), S3_ACCESS_KEY: "GK1", S3_SECRET_KEY: "s" };

describe("proof settings", () => {
  it("fill in what is left out", () => {
    const config = readConfig(environment);
    expect(config).to.deep.include({ namespace: "telemetry", records: 200, poison: 5, stream: true, skipped: {} });
    expect(config.timeoutSeconds).to.equal(undefined);
    expect(config.s3).to.include({ bucket: "lake", warehouse: "warehouse", accessKey: "GK1" });
  });

  it("let a variable of its own set the time limit", () => {
    expect(readConfig({ ...environment, PROOF_TIMEOUT_SECONDS: "30" }).timeoutSeconds).to.equal(30);
    expect(() => readConfig({ ...environment, PROOF_TIMEOUT_SECONDS: "soon" })).to.throw("PROOF_TIMEOUT_SECONDS");
  });

  it("prove Airflow and JupyterHub only where they are there, each with a password from a variable of its own", () => {
    expect(readConfig(environment)).to.include({ airflow: undefined, jupyterhub: undefined });
    const parts = {
      ...settings,
      airflow: { url: "http://airflow:8080", user: "proof" },
      jupyterhub: { url: "http://jupyterhub:8000", user: "proof", home: { bucket: "home-proof" } },
    };
    const passwords = { AIRFLOW_PASSWORD: "pa", JUPYTERHUB_PASSWORD: "pj" };
    const config = readConfig({ ...environment, ...passwords, PROOF_CONFIG: JSON.stringify(parts) });
    expect(config.airflow).to.deep.equal({
      url: "http://airflow:8080",
      user: "proof",
      password: "pa",
      dag: "telemetry_report",
      runs: true,
      lastRuns: {},
      table: "reports.telemetry_summary",
      bucket: "notebooks",
      prefix: "runs/telemetry-report",
    });
    expect(config.jupyterhub).to.deep.include({
      password: "pj",
      home: { bucket: "home-proof", prefix: "" },
      asks: ["spark", "presto"],
    });
    expect(() => readConfig({ ...environment, PROOF_CONFIG: JSON.stringify(parts) })).to.throw(
      "AIRFLOW_PASSWORD is not set: it holds the password of proof\n" +
        "JUPYTERHUB_PASSWORD is not set: it holds the password of proof",
    );
  });

  it("prove the path to the display only where it is there, with a token and a password of their own", () => {
    expect(readConfig(environment)).to.include({ pipeline: undefined });
    const pipeline = {
      pump: "http://random-numbers:8080",
      display: "http://display:8080",
      cassandra: { contactPoints: ["cassandra-0"], port: 9042, datacenter: "datacenter1", user: "proof" },
      windowSeconds: 10,
    };
    const withCensus = { ...pipeline, census: { bucket: "inputs", rows: 20_000 } };
    const secrets = { PUMP_TOKEN: "pt", CASSANDRA_PASSWORD: "pc" };
    const read = (part: object): ReturnType<typeof readConfig> =>
      readConfig({ ...environment, ...secrets, PROOF_CONFIG: JSON.stringify({ ...settings, pipeline: part }) });
    expect(read(pipeline).pipeline).to.deep.equal({
      ...pipeline,
      pump: { url: pipeline.pump, token: "pt" },
      cassandra: { ...pipeline.cassandra, password: "pc" },
    });
    expect(read(withCensus).pipeline?.census).to.deep.equal({
      bucket: "inputs",
      prefix: "census/",
      rows: 20_000,
      run: "static-file",
    });
    expect(() => readConfig({ ...environment, PROOF_CONFIG: JSON.stringify({ ...settings, pipeline }) })).to.throw(
      "PUMP_TOKEN is not set: it holds the token that the pumps ask for\n" +
        "CASSANDRA_PASSWORD is not set: it holds the password of proof",
    );
    expect(() => read({ ...pipeline, windowSeconds: 0, pump: "random-numbers" })).to.throw(
      /pipeline\.pump: [^]*pipeline\.windowSeconds: /,
    );
  });

  it("ask for no key and no password of what is not there", () => {
    const config = readConfig({ PROOF_CONFIG: JSON.stringify({ kafka: settings.kafka, pipeline: {} }) });
    expect([config.s3, config.metastore, config.presto]).to.deep.equal([undefined, undefined, undefined]);
    expect(config.pipeline).to.deep.equal({ pump: undefined, cassandra: undefined });
  });

  it("report every problem at once, without the keys", () => {
    const wrong = JSON.stringify({ ...settings, presto: { url: "presto" }, metastore: { uri: "metastore:9083" } });
    expect(() => readConfig({ PROOF_CONFIG: wrong, S3_SECRET_KEY: "hidden" }))
      .to.throw(/S3_ACCESS_KEY is not set[^]*metastore\.uri[^]*presto\.url/)
      .with.property("message")
      .that.does.not.contain("hidden");
  });

  it("say when they are not there at all, or not JSON", () => {
    expect(() => readConfig({})).to.throw("PROOF_CONFIG is not set");
    expect(() => readConfig({ ...environment, PROOF_CONFIG: "{" })).to.throw("PROOF_CONFIG is not JSON");
  });
});
