import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { branchesOf, skippedHops } from "../../../check/branches.ts";
import { readConfig } from "../../../check/config.ts";
import { hopNames } from "../../../check/table.ts";
import type { airflowHops } from "../../../components/airflow/hops.ts";
import { provenCatalog } from "../../../components/catalog/catalog.ts";
import type { cassandraHops } from "../../../components/cassandra/hops.ts";
import type { censusHops } from "../../../components/census/hops.ts";
import type { displayHops } from "../../../components/display/hops.ts";
import type { jupyterhubHops } from "../../../components/jupyterhub/hops.ts";
import { provenTopic } from "../../../components/kafka/kafka-topic.ts";
import { provenStore } from "../../../components/object-store/object-store.ts";
import type { postgresHops } from "../../../components/postgres/hops.ts";
import { provenPresto } from "../../../components/presto/presto.ts";
import { Proof, type ProofArgs, proofProblems } from "../../../components/proof/proof.ts";
import type { randomNumbersHops } from "../../../components/random-numbers/hops.ts";
import type { sparkHistoryHops } from "../../../components/spark-history/hops.ts";
import { provenTelemetry, TelemetryProducer, telemetryProblems } from "../../../components/telemetry/telemetry.ts";
import type { windowsHops } from "../../../components/windows/hops.ts";
import { startRun } from "../../../platform/hops/run.ts";
import { type Proven, proven } from "../../../platform/proven.ts";
import { catalog, envOf, presto, resources, s3, topic } from "../../support/fixtures.ts";
import { type Inputs, mock, type Mocked, valueOf } from "../../support/mocks.ts";

describe("Proof", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const path = (): Proven[] => [
    provenTopic(topic()),
    provenStore(s3("proof")),
    provenCatalog(catalog()),
    provenPresto(presto()),
    provenTelemetry(),
  ];
  const make = (proves: readonly Proven[] = [], more: Partial<ProofArgs> = {}) =>
    new Proof("proof", {
      namespace: "data",
      image: "tools:1",
      proves: [...path(), ...proves],
      resources,
      timeoutSeconds: 60,
      ...more,
    });
  const jobInputs = async (): Promise<Inputs> => (await mocked.get("kubernetes:batch/v1:Job", "proof")).inputs;
  const told = async () => readConfig(envOf(await jobInputs()));
  const hops = async (): Promise<string[][]> =>
    branchesOf(await told(), startRun()).map((branch) => branch.hops.map(({ name }) => name));
  const secret = (secretName: string, key: string) => ({ secretName: pulumi.output(secretName), key });

  const airflow = (more: { runs?: boolean; lastRuns?: { maintenance: string } } = {}): Proven =>
    proven<typeof airflowHops>("airflow", {
      settings: {
        url: pulumi.output("http://airflow.example"),
        user: "proof",
        bucket: "notebooks",
        logs: { bucket: "airflow", prefix: "logs" },
        ...more,
      },
      secrets: { password: secret("airflow-users", "proof") },
    });
  const backup = (): Proven =>
    proven<typeof postgresHops>("postgres", {
      settings: { bucket: "backups", prefix: "postgres/", cronJob: "postgres-backup", schedule: "17 3 * * *" },
      seesJobs: true,
    });
  const pump = (): Proven =>
    proven<typeof randomNumbersHops>("randomNumbers", {
      settings: { url: pulumi.output("http://random-numbers.example:8080") },
      secrets: { token: secret("random-numbers", "token") },
    });
  const display = (): Proven =>
    proven<typeof displayHops>("display", { settings: { url: pulumi.output("http://display.example:8080") } });
  const cassandra = (): Proven =>
    proven<typeof cassandraHops>("cassandra", {
      settings: {
        contactPoints: pulumi.output(["cassandra-0.example", "cassandra-1.example"]),
        port: pulumi.output(9042),
        datacenter: "datacenter1",
        user: "proof",
      },
      secrets: { password: secret("cassandra-role-proof", "password") },
    });
  const windows = (): Proven => proven<typeof windowsHops>("windows", { settings: { windowSeconds: 10 } });
  const census = (): Proven =>
    proven<typeof censusHops>("census", {
      settings: { bucket: "inputs", prefix: "census/", rows: 20_000, job: "spark-census-driver" },
    });
  const dataPath = ["kafka", "object-store", "spark", "catalog", "presto", "dead-letter"];

  it("hands the check settings that the check accepts", async () => {
    make([], { records: 10 });
    const config = await told();
    expect(config).to.deep.include({ records: 10, timeoutSeconds: 60 });
    expect(config.told).to.deep.equal({
      kafka: { bootstrapServers: "kafka.example:9092", topic: "telemetry" },
      objectStore: {
        protocol: "http",
        host: "s3.example",
        port: 9000,
        region: "eu-1",
        pathStyle: true,
        bucket: "lake",
        accessKey: "key-proof/accessKey",
        secretKey: "key-proof/secretKey",
      },
      catalog: {
        uri: "thrift://metastore.example:9083",
        bucket: "lake",
        warehouse: "warehouse",
        namespace: "telemetry",
      },
      presto: { url: "http://presto.example:8080", catalog: "lake", schema: "telemetry", catalogs: ["lake"] },
      telemetry: { stream: true },
    });
  });

  it("takes each secret from its Secret, and has none in its settings", async () => {
    make([
      airflow(),
      proven<typeof jupyterhubHops>("jupyterhub", {
        settings: {
          url: pulumi.output("http://jupyterhub.example"),
          user: "proof",
          home: { bucket: "homes", prefix: "proof/" },
          asks: ["presto"],
        },
        secrets: { password: secret("jupyterhub-users", "proof") },
      }),
      pump(),
      cassandra(),
    ]);
    const { PROOF_CONFIG: settings, ...secrets } = envOf(await jobInputs());
    expect(secrets).to.deep.equal({
      KAFKA_SECURITY_PROTOCOL: "PLAINTEXT",
      OBJECT_STORE_ACCESS_KEY: "key-proof/accessKey",
      OBJECT_STORE_SECRET_KEY: "key-proof/secretKey",
      AIRFLOW_PASSWORD: "airflow-users/proof",
      JUPYTERHUB_PASSWORD: "jupyterhub-users/proof",
      RANDOM_NUMBERS_TOKEN: "random-numbers/token",
      CASSANDRA_PASSWORD: "cassandra-role-proof/password",
    });
    expect(settings).to.not.match(/password|accessKey|token/);
    expect(await hops()).to.deep.equal([dataPath, ["airflow"], ["notebooks"], ["pump"]]);
  });

  it("takes no part of another kind, and asks for every secret", () => {
    const settings = { url: "http://random-numbers.example:8080" };
    const token = secret("random-numbers", "token");
    const wrong: Proven[] = [
      // @ts-expect-error -- the pumps have a token
      proven<typeof randomNumbersHops>("randomNumbers", { settings }),
      // @ts-expect-error -- and no windows
      proven<typeof randomNumbersHops>("randomNumbers", { settings: { windowSeconds: 1 }, secrets: { token } }),
      // @ts-expect-error -- whose length is a number
      proven<typeof windowsHops>("windows", { settings: { windowSeconds: pulumi.output("10") } }),
      // @ts-expect-error -- they are not the display's
      proven<typeof windowsHops>("display", { settings: { windowSeconds: 10 } }),
    ];
    expect(wrong).to.have.length(4);
  });

  it("looks at the last runs of DAGs, the batch in Spark's history and the newest backup where it is given them", async () => {
    make([
      airflow({ runs: false, lastRuns: { maintenance: "lake_maintenance" } }),
      proven<typeof sparkHistoryHops>("sparkHistory", {
        settings: { url: pulumi.output("http://history.example:18080"), keepDays: 7 },
      }),
      backup(),
      census(),
    ]);
    expect(await hops()).to.deep.equal([dataPath, ["spark-history"], ["maintenance"], ["backup"]]);
  });

  it("may see which Jobs failed where it looks at backups, and is else no account of the cluster", async () => {
    make([backup()]);
    const role = await mocked.get("kubernetes:rbac.authorization.k8s.io/v1:Role", "proof");
    expect(role.inputs.rules).to.deep.equal([{ apiGroups: ["batch"], resources: ["jobs"], verbs: ["list"] }]);
    const inputs = await jobInputs();
    expect(inputs.spec.template.spec).to.include({ serviceAccountName: "proof", automountServiceAccountToken: true });
    expect(envOf(inputs)).to.include({
      NODE_EXTRA_CA_CERTS: "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt",
    });
    mocked = await mock();
    make();
    expect((await jobInputs()).spec.template.spec).to.include({ automountServiceAccountToken: false });
  });

  it("follows the numbers to the display where it is given the way", async () => {
    make([pump(), display(), cassandra(), windows(), census()]);
    const way = ["pump", "live", "cassandra", "lake", "display"];
    expect(await hops()).to.deep.equal([dataPath, way, ["census"]]);
    mocked = await mock();
    make([display(), cassandra(), windows()]);
    expect(await hops(), "without numbers").to.deep.equal([dataPath]);
  });

  it("asks Cassandra's tables by Presto too where it has their catalog", async () => {
    const both = { ...presto(), catalogs: ["lake", "cassandra"] };
    make([], { proves: [provenTopic(topic()), provenPresto(both), pump(), cassandra(), windows()] });
    expect(await hops()).to.deep.equal([["kafka"], ["pump", "cassandra", "presto-cassandra", "lake"]]);
  });

  it("asks each hop where what it asks is there, and hands on why the others are left out", async () => {
    make([pump(), cassandra(), windows()], {
      skipped: { display: "display is off" },
    });
    expect(await hops()).to.deep.equal([dataPath, ["pump", "cassandra", "lake"]]);
    const config = await told();
    const left = skippedHops(config, branchesOf(config, startRun()));
    expect(left.map(({ hop }) => hop)).to.deep.equal([
      "telemetry",
      "airflow",
      "notebooks",
      "live",
      "presto-cassandra",
      "display",
      "race",
      "race-spark",
      "race-flink",
      "census",
      "connect",
      "zookeeper",
      "nifi",
      "logs",
      "metrics",
      "audit",
      "portal",
      "logins",
      "spark-history",
      "census-dag",
      "maintenance",
      "backup",
    ]);
    expect(left.find(({ hop }) => hop === "display")?.reason).to.equal("display is off");
    expect(left.find(({ hop }) => hop === "live")?.reason).to.equal("the proof was not told where to ask it");
  });

  it("asks for the node's own figures where there is a producer, and for nothing that no stream writes", async () => {
    const stores = [provenTopic(topic()), provenStore(s3("proof")), provenCatalog(catalog()), provenPresto(presto())];
    make([], { proves: [...stores, provenTelemetry({ intervalSeconds: 5 })] });
    expect(await hops()).to.deep.equal([dataPath, ["telemetry"]]);
    for (const proves of [[...stores, provenTelemetry({ stream: false, intervalSeconds: 5 })], stores]) {
      mocked = await mock();
      make([], { proves });
      expect(await hops()).to.deep.equal([["kafka", "object-store"]]);
    }
  });

  it("asks the stores alone where nothing writes into them", async () => {
    make([], { proves: [provenStore(s3("proof"))] });
    expect(await hops()).to.deep.equal([["object-store"]]);
    const config = await told();
    expect(skippedHops(config, branchesOf(config, startRun()))).to.have.length(hopNames.length - 1);
  });

  it("waits for what it asks, and for what else it is told to", async () => {
    const [asked, other] = ["asked", "other"].map((name) => new pulumi.ComponentResource("spec:index:Service", name));
    const ready = (one: pulumi.Resource | undefined) => (one ? [one] : []);
    const waits = new Map<string, unknown>();
    const seen: pulumi.ResourceTransformation = ({ type, opts }) => void waits.set(type, opts.dependsOn);
    const proves = [provenStore({ ...s3("proof"), ready: ready(asked) })];
    const args = { namespace: "data", image: "tools:1", resources, proves, waitFor: ready(other) };
    new Proof("proof", args, { transformations: [seen] });
    await jobInputs();
    expect(waits.get("kubernetes:batch/v1:Job")).to.deep.equal([asked, other]);
  });

  it("runs again when what it stands on has changed, and only then", async () => {
    const hashOf = async (revision: string): Promise<string | undefined> => {
      const fresh = await mock();
      make([], { revision });
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
    const inputs = await jobInputs();
    expect(inputs.spec).to.include({ backoffLimit: 0, activeDeadlineSeconds: 2040 });
    expect(inputs.spec.template.spec.restartPolicy).to.equal("Never");
    expect(inputs.spec.template.spec).to.include({ terminationGracePeriodSeconds: 75 });
  });

  it("keeps the same pod in a CronJob that never runs by itself", async () => {
    const proof = make();
    const onDemand = await mocked.get("kubernetes:batch/v1:CronJob", "proof-on-demand");
    expect(onDemand.inputs.spec.suspend).to.equal(true);
    expect(onDemand.inputs.spec.jobTemplate.spec).to.deep.equal((await jobInputs()).spec);
    expect(await valueOf(proof.onDemandName)).to.equal("proof-on-demand");
  });

  it("refuses a catalog that Presto does not have, a service twice, and numbers out of range", () => {
    expect(() => provenPresto({ ...presto(), catalogs: ["hive"] })).to.throw(
      'proof: Presto has no catalog "lake"; it has hive. Give it that catalog or name another',
    );
    expect(provenPresto({ ...presto(), catalogs: ["hive"] }, "hive").settings).to.deep.include({ catalog: "hive" });
    expect(proofProblems({ proves: [windows(), census(), windows(), windows()] })).to.deep.equal([
      "proof: proves has windows more than once; give each service once",
    ]);
    expect(proofProblems({ proves: path(), records: 0, timeoutSeconds: 0 })).to.have.length(2);
    expect(() => make([], { records: 0 })).to.throw("proof: records is 0");
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
