import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { branchesOf, skippedHops } from "../../../check/branches.ts";
import { readConfig } from "../../../check/config.ts";
import { hopNames } from "../../../check/hop-names.ts";
import { makeMarkedRun } from "../../../check/marked-records.ts";
import { Proof, type ProofArgs, proofProblems, type ProvenPipeline } from "../../../components/proof/proof.ts";
import { TelemetryProducer, telemetryProblems } from "../../../components/telemetry/telemetry.ts";
import { catalog, envOf, presto, resources, s3, topic } from "../../support/fixtures.ts";
import type { Ready } from "../../../platform/endpoints.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

describe("Proof", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (records?: number, more: Partial<ProofArgs> = {}) =>
    new Proof("proof", {
      namespace: "data",
      image: "tools:1",
      topic: topic(),
      objectStore: s3("proof"),
      catalog: catalog(),
      presto: presto(),
      resources,
      timeoutSeconds: 60,
      ...(records === undefined ? {} : { records }),
      ...more,
    });
  const login = (service: string) => ({
    url: pulumi.output(`http://${service}.example`),
    robot: "proof",
    robotPassword: { secretName: pulumi.output(`${service}-users`), key: "proof" },
    ready: [],
  });

  it("hands the check settings that the check accepts", async () => {
    make(10);
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const config = readConfig({ ...envOf(inputs), S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    expect(config).to.deep.include({
      kafka: { bootstrapServers: "kafka.example:9092", topic: "telemetry" },
      metastore: { uri: "thrift://metastore.example:9083" },
      presto: { url: "http://presto.example:8080", catalog: "lake" },
      records: 10,
      timeoutSeconds: 60,
    });
    expect(config.s3).to.include({
      host: "s3.example",
      port: 9000,
      region: "eu-1",
      bucket: "lake",
      warehouse: "warehouse",
    });
  });

  it("takes its S3 key from its Secret", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    expect(envOf(inputs)).to.include({
      S3_ACCESS_KEY: "key-proof/accessKey",
      S3_SECRET_KEY: "key-proof/secretKey",
    });
  });

  it("proves Airflow and JupyterHub where it is given them, with the robot's passwords from their Secrets", async () => {
    make(10, {
      airflow: {
        endpoint: { kind: "airflow", ...login("airflow") },
        bucket: "notebooks",
        logs: { bucket: "airflow", prefix: "logs" },
      },
      jupyterhub: {
        endpoint: { kind: "jupyterhub", ...login("jupyterhub") },
        home: { bucket: "homes", prefix: "proof/" },
        asks: ["presto"],
      },
    });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const environment = envOf(inputs);
    expect(environment).to.include({
      AIRFLOW_PASSWORD: "airflow-users/proof",
      JUPYTERHUB_PASSWORD: "jupyterhub-users/proof",
    });
    const config = readConfig({ ...environment, S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    expect(config.airflow).to.deep.include({
      url: "http://airflow.example",
      user: "proof",
      bucket: "notebooks",
      logs: { bucket: "airflow", prefix: "logs" },
    });
    expect(config.jupyterhub).to.deep.include({ user: "proof", home: { bucket: "homes", prefix: "proof/" } });
  });

  it("looks at the last runs of DAGs, the batch in Spark's history and the newest backup where it is given them", async () => {
    make(10, {
      airflow: {
        endpoint: { kind: "airflow", ...login("airflow") },
        runs: false,
        lastRuns: { maintenance: "lake_maintenance" },
        bucket: "notebooks",
        logs: { bucket: "airflow", prefix: "logs" },
      },
      sparkHistory: { url: pulumi.output("http://history.example:18080"), keepDays: 7 },
      backup: { bucket: "backups", prefix: "postgres/", cronJob: "postgres-backup", schedule: "17 3 * * *" },
      pipeline: pipeline(),
    });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const config = readConfig({ ...envOf(inputs), S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    expect(config.sparkHistory).to.deep.equal({ url: "http://history.example:18080", keepDays: 7 });
    const branches = branchesOf(config, makeMarkedRun(config)).map(({ hops }) => hops.map(({ name }) => name));
    expect(branches.slice(-3)).to.deep.equal([["spark-history"], ["maintenance"], ["backup"]]);
    expect(branches.flat()).to.not.include("airflow");
  });

  it("may see which Jobs failed where it looks at backups, and is else no account of the cluster", async () => {
    make(10, {
      backup: { bucket: "backups", prefix: "postgres/", cronJob: "postgres-backup", schedule: "17 3 * * *" },
    });
    const role = await mocked.get("kubernetes:rbac.authorization.k8s.io/v1:Role", "proof");
    expect(role.inputs.rules).to.deep.equal([{ apiGroups: ["batch"], resources: ["jobs"], verbs: ["list"] }]);
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    expect(inputs.spec.template.spec).to.include({ serviceAccountName: "proof", automountServiceAccountToken: true });
    expect(envOf(inputs)).to.include({
      NODE_EXTRA_CA_CERTS: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    });
    mocked = await mock();
    make(10);
    const alone = await mocked.get("kubernetes:batch/v1:Job", "proof");
    expect(alone.inputs.spec.template.spec).to.include({ automountServiceAccountToken: false });
  });

  const ready: Ready = [];
  const pipeline = (): ProvenPipeline => ({
    pump: {
      kind: "random-numbers",
      url: pulumi.output("http://random-numbers.example:8080"),
      token: { secretName: pulumi.output("random-numbers"), key: "token" },
      ready,
    },
    display: { kind: "display", url: pulumi.output("http://display.example:8080"), ready },
    cassandra: {
      kind: "cassandra",
      contactPoints: pulumi.output("cassandra-0.example,cassandra-1.example"),
      port: pulumi.output(9042),
      datacenter: "datacenter1",
      user: "proof",
      password: { secretName: pulumi.output("cassandra-role-proof"), key: "password" },
      ready,
    },
    windowSeconds: 10,
    census: { bucket: "inputs", prefix: "census/", rows: 20_000, ready },
  });

  const without = (...parts: (keyof ProvenPipeline)[]): ProvenPipeline =>
    Object.fromEntries(Object.entries(pipeline()).filter(([part]) => !parts.includes(part as keyof ProvenPipeline)));

  it("follows the numbers to the display where it is given the way, with token and password from their Secrets", async () => {
    make(10, { pipeline: pipeline() });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const environment = envOf(inputs);
    expect(environment).to.include({
      PUMP_TOKEN: "random-numbers/token",
      CASSANDRA_PASSWORD: "cassandra-role-proof/password",
    });
    const config = readConfig({ ...environment, S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    expect(config.pipeline).to.deep.equal({
      pump: { url: "http://random-numbers.example:8080", token: "random-numbers/token" },
      display: "http://display.example:8080",
      cassandra: {
        contactPoints: ["cassandra-0.example", "cassandra-1.example"],
        port: 9042,
        datacenter: "datacenter1",
        user: "proof",
        password: "cassandra-role-proof/password",
      },
      windowSeconds: 10,
      census: { bucket: "inputs", prefix: "census/", rows: 20_000, run: "static-file" },
    });
  });

  it("leaves out the census where there is none", async () => {
    make(10, { pipeline: without("census") });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const config = readConfig({ ...envOf(inputs), S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    expect(config.pipeline).to.have.property("windowSeconds", 10);
    expect(config.pipeline).to.not.have.property("census");
  });

  it("proves the data path alone where there is nothing else", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const config = readConfig({ ...envOf(inputs), S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    expect(config).to.include({ airflow: undefined, jupyterhub: undefined, pipeline: undefined });
  });

  it("asks each hop where what it asks is there, and hands on why the others are left out", async () => {
    make(10, {
      pipeline: without("display", "census"),
      telemetry: { intervalSeconds: 5 },
      skipped: { display: "display is off" },
    });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const config = readConfig({ ...envOf(inputs), S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    const branches = branchesOf(config, makeMarkedRun(config));
    const path = ["kafka", "object-store", "spark", "catalog", "presto", "dead-letter"];
    expect(branches.map(({ hops }) => hops.map(({ name }) => name))).to.deep.equal([
      path,
      ["telemetry"],
      ["pump", "cassandra", "lake"],
    ]);
    expect(skippedHops(config, branches).find(({ hop }) => hop === "display")).to.deep.equal({
      hop: "display",
      reason: "display is off",
    });
  });

  it("asks the stores alone where nothing writes into them", async () => {
    new Proof("proof", { namespace: "data", image: "tools:1", objectStore: s3("proof"), resources });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const config = readConfig({ ...envOf(inputs), S3_ACCESS_KEY: "key", S3_SECRET_KEY: "secret" });
    const branches = branchesOf(config, makeMarkedRun(config));
    expect(branches.map(({ hops }) => hops.map(({ name }) => name))).to.deep.equal([["object-store"]]);
    expect(skippedHops(config, branches)).to.have.length(hopNames.length - 1);
  });

  it("runs again when what it stands on has changed, and only then", async () => {
    const hashOf = async (revision: string): Promise<string | undefined> => {
      const fresh = await mock();
      make(10, { revision });
      const { inputs } = await fresh.get("kubernetes:batch/v1:Job", "proof");
      return inputs.spec.template.metadata.annotations["millrace/config-hash"];
    };
    const first = await hashOf("one");
    expect(first).to.match(/^[0-9a-f]{16}$/);
    expect(await hashOf("one")).to.equal(first);
    expect(await hashOf("two")).to.not.equal(first);
  });

  it("fails at the first miss, and is not ended while its hops make progress", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    expect(inputs.spec).to.include({ backoffLimit: 0, activeDeadlineSeconds: 2040 });
    expect(inputs.spec.template.spec.restartPolicy).to.equal("Never");
    expect(inputs.spec.template.spec).to.include({ terminationGracePeriodSeconds: 75 });
  });

  it("keeps the same pod in a CronJob that never runs by itself", async () => {
    const proof = make();
    const job = await mocked.get("kubernetes:batch/v1:Job", "proof");
    const onDemand = await mocked.get("kubernetes:batch/v1:CronJob", "proof-on-demand");
    expect(onDemand.inputs.spec.suspend).to.equal(true);
    expect(onDemand.inputs.spec.jobTemplate.spec).to.deep.equal(job.inputs.spec);
    expect(await valueOf(proof.onDemandName)).to.equal("proof-on-demand");
  });

  it("refuses a catalog that Presto does not have, and numbers out of range", () => {
    expect(proofProblems({ presto: { catalogs: ["hive"] } })[0]).to.equal(
      'proof: Presto has no catalog "lake"; it has hive. Give it that catalog or name another',
    );
    expect(proofProblems({ presto: { catalogs: ["lake"] }, records: 0, timeoutSeconds: 0 })).to.have.length(2);
    expect(() => make(0)).to.throw("proof: records is 0");
  });
});

describe("TelemetryProducer", () => {
  it("sends to the topic under its node's name and tells its health", async () => {
    const mocked = await mock();
    new TelemetryProducer("telemetry", {
      namespace: "data",
      image: "tools:1",
      topic: topic(),
      resources,
      intervalSeconds: 2,
    });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "telemetry-producer");
    expect(envOf(inputs)).to.deep.equal({
      KAFKA_BOOTSTRAP: "kafka.example:9092",
      KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
      TOPIC: "telemetry",
      INTERVAL_SECONDS: "2",
      HEALTH_PORT: "8080",
      NODE_NAME: "spec.nodeName",
    });
    expect(inputs.spec.template.spec.containers[0].readinessProbe.httpGet).to.deep.equal({
      port: 8080,
      path: "/healthz",
    });
  });

  it("is not killed for a broker's outage, with the records that wait in it", async () => {
    const mocked = await mock();
    new TelemetryProducer("telemetry", { namespace: "data", image: "tools:1", topic: topic(), resources });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "telemetry-producer");
    expect(inputs.spec.template.spec.containers[0].livenessProbe).to.have.property("tcpSocket");
    expect(inputs.spec.template.spec.containers[0].startupProbe).to.have.property("tcpSocket");
  });

  it("refuses an interval of no time", () => {
    expect(telemetryProblems({ intervalSeconds: 0 })).to.deep.equal([
      "telemetry: intervalSeconds is 0; give a whole number from 1 to 3600",
    ]);
    expect(telemetryProblems({})).to.deep.equal([]);
  });
});
