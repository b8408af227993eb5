import { expect } from "chai";
import { Flink, type FlinkArgs, flinkProblems } from "../../../components/flink/flink.ts";
import { catalog, envOf, kafka, resources, s3 } from "../../support/fixtures.ts";
import { type Inputs, mock, type Mocked, valueOf } from "../../support/mocks.ts";

const pods = { jobManager: resources, taskManager: resources, gateway: resources, setup: resources };
const common: Pick<FlinkArgs, "namespace" | "image" | "toolsImage" | "exposure" | "bucket" | "resources"> = {
  namespace: "data",
  image: "flink:1",
  toolsImage: "tools:1",
  exposure: { kind: "nodePort", host: "127.0.0.1", ports: { flink: 30081 } },
  bucket: "flink",
  resources: pods,
};
const job = { name: "windows", sql: "INSERT INTO a SELECT 1" };

/** Lines of `config.yaml`. */
function settingsOf(inputs: Inputs): string[] {
  return (envOf(inputs)["FLINK_PROPERTIES"] ?? "").split("\n");
}

describe("Flink", () => {
  let mocked: Mocked;
  const build = (more: Partial<FlinkArgs> = {}) =>
    new Flink("flink", { ...common, objectStore: s3("flink"), catalog: catalog(), ...more });
  const deploymentOf = async (name: string) => (await mocked.get("kubernetes:apps/v1:Deployment", name)).inputs;
  beforeEach(async () => {
    mocked = await mock();
  });

  it("offers its JobManager to pods and its page to people", async () => {
    const flink = build();
    expect(await valueOf(flink.endpoint.url)).to.equal("http://flink.data.svc:8081");
    expect(await valueOf(flink.address.url)).to.equal("http://127.0.0.1:30081");
  });

  it("keeps who leads in ConfigMaps and its state in its bucket", async () => {
    build({ checkpointSeconds: 7 });
    expect(settingsOf(await deploymentOf("flink"))).to.include.members([
      'high-availability.type: "kubernetes"',
      'high-availability.storageDir: "s3://flink/ha"',
      'kubernetes.cluster-id: "flink"',
      'kubernetes.namespace: "data"',
      'execution.checkpointing.dir: "s3://flink/checkpoints"',
      'execution.checkpointing.interval: "7 s"',
      'execution.checkpointing.externalized-checkpoint-retention: "RETAIN_ON_CANCELLATION"',
      's3.endpoint: "http://s3.example:9000"',
      's3.directory.marker.retention: "keep"',
      'flink.hadoop.fs.s3a.endpoint: "http://s3.example:9000"',
      'jobmanager.memory.process.size: "1000m"',
      "web.submit.enable: false",
    ]);
  });

  it("has no key or password in its settings", async () => {
    build({ kafka: kafka(), jobs: [job] });
    const inputs = await deploymentOf("flink-taskmanager");
    expect(envOf(inputs)).to.include({
      AWS_ACCESS_KEY_ID: "key-flink/accessKey",
      AWS_SECRET_ACCESS_KEY: "key-flink/secretKey",
      KAFKA_BOOTSTRAP: "kafka.example:9092",
    });
    expect(settingsOf(inputs).filter((line) => /secret|password|access-key/i.test(line))).to.deep.equal([]);
  });

  it("gives each role the rights that it needs, and the gateway none", async () => {
    build();
    const rules = async (name: string) =>
      (await mocked.get("kubernetes:rbac.authorization.k8s.io/v1:Role", name)).inputs;
    const verbs = ["create", "get", "list", "watch", "update", "patch", "delete"];
    expect((await rules("flink-jobmanager"))["rules"]).to.deep.equal([
      { apiGroups: [""], resources: ["configmaps"], verbs },
    ]);
    expect((await rules("flink-taskmanager"))["rules"]).to.deep.equal([
      { apiGroups: [""], resources: ["configmaps"], verbs: ["get", "list", "watch"] },
    ]);
    expect((await deploymentOf("flink-gateway")).spec.template.spec).to.include({
      automountServiceAccountToken: false,
    });
  });

  it("tells the gateway of the lake", async () => {
    build();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "flink-catalogs");
    expect(inputs["data"]).to.deep.equal({
      "lake.yaml": [
        'catalog-type: "hive"',
        'clients: "2"',
        'type: "iceberg"',
        'uri: "thrift://metastore.example:9083"',
        'warehouse: "s3a://lake/warehouse"',
      ].join("\n"),
    });
  });

  it("hands its jobs to a program, and those that shall begin from zero", async () => {
    build({ jobs: [job, { ...job, name: "other", parallelism: 1 }], startAnew: { other: "today" } });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "flink-jobs");
    expect(JSON.parse(envOf(inputs)["FLINK_JOBS"] ?? "")).to.deep.equal({
      restUrl: "http://flink.data.svc:8081",
      gatewayUrl: "http://flink-gateway.data.svc:8083",
      bucket: "flink",
      jobs: [
        { name: "windows", sql: job.sql, parallelism: 1 },
        { name: "other", sql: job.sql, parallelism: 1, startAnew: "today" },
      ],
    });
  });

  it("refuses jobs that can't run", () => {
    expect(flinkProblems({ jobs: [job] })).to.deep.equal([]);
    expect(flinkProblems({ jobs: [{ ...job, name: "Windows" }] })).to.deep.equal([
      'flink: job "Windows": use up to 63 small letters, digits and dashes as a name, and a letter first',
    ]);
    expect(flinkProblems({ jobs: [job, job] })).to.deep.equal([
      'flink: there are two jobs "windows"; give each a name of its own',
    ]);
    expect(flinkProblems({ jobs: [{ ...job, parallelism: 3 }] })).to.deep.equal([
      "flink: its jobs need 3 slots, and 1 TaskManagers of 2 have 2; raise taskManagers or slots",
    ]);
    expect(flinkProblems({ jobs: [job], startAnew: { window: "now" } })).to.deep.equal([
      "flink: startAnew names window, which no job is called; there are windows",
    ]);
  });
});
