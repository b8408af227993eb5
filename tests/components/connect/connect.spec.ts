import { expect } from "chai";
import { podProblems } from "../../../platform/hardening.ts";
import { Connect, connectProblems } from "../../../components/connect/connect.ts";
import { raceSamples } from "../../../components/connect/race-samples.ts";
import { catalog, envOf, kafka, resources, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

describe("Connect", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (replicas?: number): Connect =>
    new Connect("connect", {
      namespace: "data",
      image: "connect:1",
      toolsImage: "tools:1",
      kafka: kafka(),
      copies: 3,
      catalog: catalog(),
      objectStore: s3("connect"),
      bucket: "connect",
      connectors: raceSamples(),
      resources,
      supervisorResources: resources,
      setupResources: resources,
      ...(replicas !== undefined && { replicas }),
    });

  it("tells its workers by variables where Kafka is, and with what key to use S3", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "connect");
    expect(envOf(inputs)).to.include({
      CONNECT_GROUP_ID: "connect",
      CONNECT_CONFIG_STORAGE_TOPIC: "connect-configs",
      CONNECT_OFFSET_STORAGE_TOPIC: "connect-offsets",
      CONNECT_STATUS_STORAGE_TOPIC: "connect-status",
      CONNECT_STATUS_STORAGE_REPLICATION_FACTOR: "3",
      CONNECT_EXACTLY_ONCE_SOURCE_SUPPORT: "enabled",
      CONNECT_REST_ADVERTISED_HOST_NAME: "status.podIP",
      AWS_ACCESS_KEY_ID: "key-connect/accessKey",
      AWS_SECRET_ACCESS_KEY: "key-connect/secretKey",
    });
    expect(envOf(inputs)["KAFKA_BOOTSTRAP"]).to.be.a("string").and.not.equal("");
    expect(envOf(inputs)["JAVA_OPTIONS"]).to.contain("-Xmx500m");
  });

  it("gives the connectors to the Job and to what watches over them, without a key", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "connect-connectors");
    const { connectors } = JSON.parse(String(inputs.data["connectors.json"])) as {
      connectors: Record<string, Record<string, string>>;
    };
    expect(connectors["race-samples"]).to.include({
      "iceberg.tables": "race.samples",
      "iceberg.catalog.s3.endpoint": "http://s3.example:9000",
    });
    expect(JSON.stringify(connectors)).not.to.contain("key-connect");
    const job = await mocked.get("kubernetes:batch/v1:Job", "connect-connectors");
    expect(job.inputs.spec).to.include({ backoffLimit: 0 });
    const supervisor = await mocked.get("kubernetes:apps/v1:Deployment", "connect-supervisor");
    expect(supervisor.inputs.spec.strategy).to.deep.equal({ type: "Recreate" });
    for (const { spec } of [job.inputs, supervisor.inputs]) {
      const [container] = spec.template.spec.containers;
      expect(container.env.map(({ name }: { name: string }) => name)).to.include("CONNECTORS_FILE");
      expect(container.env.map(({ name }: { name: string }) => name)).not.to.include("AWS_ACCESS_KEY_ID");
    }
  });

  it("runs hardened and without a token, and serves when the worker is well", async () => {
    make(2);
    for (const name of ["connect", "connect-supervisor"]) {
      const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", name);
      const pod = inputs.spec.template.spec;
      expect(podProblems(pod, true), name).to.deep.equal([]);
      expect(pod).to.include({ automountServiceAccountToken: false });
    }
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "connect");
    const [container] = inputs.spec.template.spec.containers;
    expect(container.readinessProbe.httpGet).to.deep.equal({ port: 8083, path: "/health" });
    expect(inputs.spec.replicas).to.equal(2);
  });

  it("has edges to Kafka, S3, the catalog and its own workers, and none from elsewhere", async () => {
    const connect = make();
    expect(await valueOf(connect.endpoint.url)).to.equal("http://connect.data.svc:8083");
    const from = (component: string) =>
      connect.edges
        .filter((edge) => edge.from.kind === "pods" && edge.from.component === component)
        .map(({ why }) => why);
    expect(from("worker")).to.have.length(4).and.include("connectors");
    expect(from("setup")).to.deep.equal(["connectors"]);
    expect(from("supervisor")).to.have.length(2);
  });

  it("refuses a number of workers or copies that is none", () => {
    expect(connectProblems({ replicas: 0, copies: 1.5 })).to.deep.equal([
      "connect: replicas is 0; give a whole number from 1",
      "connect: copies is 1.5; give a whole number from 1",
    ]);
    expect(connectProblems({ copies: 1 })).to.deep.equal([]);
  });
});
