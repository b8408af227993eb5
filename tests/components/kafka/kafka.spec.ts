import { expect } from "chai";
import { existingKafka, Kafka, kafkaProblems, kafkaSettings } from "../../../components/kafka/kafka.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, nodePorts, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const storage = new Storage({ storageClass: "default" });
const common = { namespace: "data", image: "kafka:1", storage, resources };

describe("Kafka", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  it("offers its brokers by the Service's name", async () => {
    const kafka = new Kafka("kafka", { ...common, exposure: nodePorts });
    expect(await valueOf(kafka.endpoint.bootstrapServers)).to.equal("kafka.data.svc:9092");
    expect(await valueOf(kafka.address.url)).to.equal("127.0.0.1:30092");
  });

  it("gives one broker the environment of the upstream image", async () => {
    new Kafka("kafka", { ...common, exposure: nodePorts });
    const set = await mocked.get("kubernetes:apps/v1:StatefulSet", "kafka");
    expect(envOf(set.inputs)).to.include({
      CLUSTER_ID: "kafka-cluster-id/clusterId",
      KAFKA_NODE_ID: "metadata.labels['apps.kubernetes.io/pod-index']",
      KAFKA_PROCESS_ROLES: "broker,controller",
      KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS: "kafka-0.kafka-brokers.data.svc:9093",
      KAFKA_CONTROLLER_QUORUM_AUTO_JOIN_ENABLE: "true",
      BROKERS: "1",
      BROKER_HOSTS: "kafka-0.kafka-brokers.data.svc",
      KAFKA_LISTENERS: "INTERNAL://:9092,CONTROLLER://:9093,EXTERNAL://:9094",
      KAFKA_ADVERTISED_LISTENERS:
        "INTERNAL://$(POD_NAME).kafka-brokers.data.svc:9092,CONTROLLER://$(POD_NAME).kafka-brokers.data.svc:9093," +
        "EXTERNAL://127.0.0.1:30092",
      KAFKA_LOG_DIRS: "/var/lib/kafka/data/log",
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "false",
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: "1",
      KAFKA_LOG_SEGMENT_BYTES: "16777216",
      KAFKA_METADATA_MAX_IDLE_INTERVAL_MS: "5000",
      KAFKA_HEAP_OPTS: "-Xms340m -Xmx340m",
    });
    // As a setting of the brokers' it would take records of topics that were there before it.
    expect(envOf(set.inputs)).not.to.have.property("KAFKA_LOG_RETENTION_BYTES");
    const pod = set.inputs.spec.template.spec;
    expect(pod.enableServiceLinks).to.equal(false);
    const answers = { tcpSocket: { port: 9092 }, timeoutSeconds: 10 };
    expect(pod.containers[0].readinessProbe).to.deep.equal({ ...answers, periodSeconds: 5 });
    // Ten minutes to start: whoever ends a slow start makes the next one as slow.
    expect(pod.containers[0].startupProbe).to.deep.equal({ ...answers, periodSeconds: 2, failureThreshold: 600 });
  });

  it("behind an Ingress has one broker found where its port is forwarded to, and publishes nothing", async () => {
    const exposure = { kind: "ingress", host: "data.example.com", ports: ["kafka"] } as const;
    const kafka = new Kafka("kafka", { ...common, exposure });
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "kafka");
    expect(envOf(inputs)["KAFKA_ADVERTISED_LISTENERS"]).to.contain(",EXTERNAL://127.0.0.1:9094");
    expect(await valueOf(kafka.address.url)).to.equal(undefined);
    expect(await mocked.ofType("kubernetes:networking.k8s.io/v1:Ingress")).to.deep.equal([]);
  });

  it("keeps the cluster's id in a Secret and gives it a form that Kafka's tools take", async () => {
    new Kafka("kafka", { ...common, exposure: nodePorts });
    const secret = await mocked.get("kubernetes:core/v1:Secret", "kafka-cluster-id");
    expect(secret.inputs.stringData["clusterId"]).to.equal("AAAAAAAAAAAAAAAAAAAAAA");
  });

  it("lets three brokers vote, copies records three times and guards them against eviction", async () => {
    new Kafka("kafka", { ...common, exposure: nodePorts, replicas: 3 });
    const set = await mocked.get("kubernetes:apps/v1:StatefulSet", "kafka");
    const env = envOf(set.inputs);
    expect(env["KAFKA_CONTROLLER_QUORUM_BOOTSTRAP_SERVERS"]?.split(",")).to.have.length(3);
    expect(env).not.to.have.property("KAFKA_CONTROLLER_QUORUM_VOTERS");
    expect(env).to.include({ KAFKA_DEFAULT_REPLICATION_FACTOR: "3", KAFKA_MIN_INSYNC_REPLICAS: "2" });
    expect(env["KAFKA_LISTENERS"]).not.to.contain("EXTERNAL");
    expect(await mocked.ofType("kubernetes:policy/v1:PodDisruptionBudget")).to.have.length(1);
    expect(JSON.stringify(set.inputs.spec.template.spec.affinity)).to.contain("kubernetes.io/hostname");
  });

  it("publishes nothing when the target publishes nothing", async () => {
    const kafka = new Kafka("kafka", { ...common, exposure: { kind: "none" } });
    expect(await valueOf(kafka.address.url)).to.equal(undefined);
    const services = await mocked.ofType("kubernetes:core/v1:Service");
    expect(services.map(({ name }) => name)).to.have.members(["kafka", "kafka-brokers"]);
  });

  it("owns all its children", async () => {
    new Kafka("kafka", { ...common, exposure: nodePorts });
    const children = (await mocked.lineages()).filter((lineage) => !lineage.startsWith("pulumi:pulumi:Stack"));
    for (const lineage of children) expect(lineage).to.match(/^millrace:index:Kafka(\$|::)/);
  });

  it("refuses an even number of brokers and a size without unit, in one message", () => {
    const wrong = { replicas: 2, data: { kind: "persistent", size: "5" } } as const;
    expect(kafkaProblems({ replicas: 2 })).to.have.length(1);
    expect(
      () =>
        new Kafka("kafka", { ...common, exposure: nodePorts, ...wrong, data: { kind: "persistent", size: "5 GB" } }),
    ).to.throw(/size "5 GB".*replicas is 2.*give 1, 3 or 5/);
  });

  it("offers an existing cluster as the same endpoint", async () => {
    const endpoint = existingKafka({ bootstrapServers: "a:9092,b:9092" });
    expect(await valueOf(endpoint.bootstrapServers)).to.equal("a:9092,b:9092");
    expect(endpoint).to.include({ kind: "kafka", securityProtocol: "PLAINTEXT" });
  });

  it("has threads for its CPU limit, and the collector for its heap", () => {
    const settings = (cpu: string, memory: string) => {
      const { KAFKA_NUM_NETWORK_THREADS, KAFKA_NUM_IO_THREADS, KAFKA_JVM_PERFORMANCE_OPTS } = kafkaSettings({
        name: "kafka",
        namespace: "data",
        replicas: 1,
        autoCreateTopics: false,
        limits: { cpu, memory },
        data: { kind: "ephemeral" },
      });
      return [KAFKA_NUM_NETWORK_THREADS, KAFKA_NUM_IO_THREADS, KAFKA_JVM_PERFORMANCE_OPTS?.match(/\+Use\w+GC/)?.[0]];
    };
    expect(settings("500m", "768Mi")).to.deep.equal(["1", "2", "+UseSerialGC"]);
    expect(settings("2000m", "768Mi")).to.deep.equal(["1", "2", "+UseSerialGC"]);
    expect(settings("4000m", "8Gi")).to.deep.equal(["2", "4", "+UseG1GC"]);
  });

  it("creates topics on first use only when asked to", () => {
    const limits = { cpu: "2", memory: "1Gi" };
    const settings = { namespace: "data", replicas: 1, limits, data: { kind: "ephemeral" } as const };
    expect(kafkaSettings({ name: "kafka", ...settings, autoCreateTopics: true })).to.include({
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: "true",
    });
  });
});
