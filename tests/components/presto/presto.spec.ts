import { expect } from "chai";
import { icebergCatalog, kafkaCatalog } from "../../../components/presto/presto-catalogs.ts";
import { Presto, prestoConfig, prestoJvmConfig, prestoProblems } from "../../../components/presto/presto.ts";
import { catalog, envOf, kafka, nodePorts, resources, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

describe("Presto", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (workers = 0) =>
    new Presto("presto", {
      namespace: "data",
      image: "presto:1",
      exposure: nodePorts,
      resources,
      workers,
      catalogs: {
        lake: icebergCatalog({ catalog: catalog(), objectStore: s3("presto") }),
        topics: kafkaCatalog({ kafka: kafka(), topics: ["telemetry", "other"] }),
      },
    });

  it("offers its address and the names of its catalogs", async () => {
    const presto = make();
    expect(await valueOf(presto.endpoint.url)).to.equal("http://presto.data.svc:8080");
    expect(presto.endpoint.catalogs).to.deep.equal(["lake", "topics"]);
    expect(await valueOf(presto.address.url)).to.equal("http://127.0.0.1:30080");
  });

  it("writes each catalog from its endpoints, without a key", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "presto-settings");
    expect(String(inputs.data["catalog.lake.properties"]).split("\n")).to.deep.equal([
      "connector.name=iceberg",
      "hive.metastore.uri=thrift://metastore.example:9083",
      "hive.s3.endpoint=http://s3.example:9000",
      "hive.s3.path-style-access=true",
      "hive.s3.ssl.enabled=false",
      "iceberg.catalog.type=HIVE",
      "",
    ]);
    expect(inputs.data["catalog.topics.properties"]).to.contain("kafka.table-names=telemetry,other");
    const { inputs: coordinator } = await mocked.get("kubernetes:apps/v1:Deployment", "presto");
    expect(envOf(coordinator)).to.include({ AWS_ACCESS_KEY_ID: "key-presto/accessKey" });
  });

  it("makes no catalog of a Kafka that asks for more than its connector gives", () => {
    const secured = { ...kafka(), securityProtocol: "SASL_SSL" as const };
    expect(() => kafkaCatalog({ kafka: secured, topics: ["telemetry"] })).to.throw(
      "presto: a catalog of Kafka's topics needs securityProtocol PLAINTEXT, and this cluster's is SASL_SSL; query the tables of the lake, or give Presto a listener without TLS and login",
    );
  });

  it("puts all files where the upstream image looks for them", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "presto");
    const pod = inputs.spec.template.spec;
    expect(pod.containers[0].volumeMounts[0]).to.include({ mountPath: "/opt/presto-server/etc" });
    expect(pod.volumes[0].projected.sources[0].configMap.items).to.deep.include({
      key: "catalog.lake.properties",
      path: "catalog/lake.properties",
    });
  });

  it("has started when it says so, not when it first answers, and then runs no program to see that it is ready", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "presto");
    const { startupProbe, readinessProbe, livenessProbe } = inputs.spec.template.spec.containers[0];
    expect(startupProbe.exec.command.join(" ")).to.contain("/v1/info").and.to.contain("starting");
    expect(startupProbe.exec.command.slice(-4)).to.deep.equal(["8080", "6", "lake", "topics"]);
    expect(readinessProbe).to.deep.include({ httpGet: { port: 8080, path: "/v1/info" }, periodSeconds: 10 });
    expect(livenessProbe.httpGet.path).to.equal("/v1/info");
  });

  it("works alone without workers, and leaves the work to them when there are any", async () => {
    const common = {
      role: "coordinator",
      discoveryUri: "http://127.0.0.1:8080",
      memoryLimit: "1000Mi",
      cpuLimit: "2000m",
    } as const;
    expect(prestoConfig({ ...common, workers: 0 })).to.contain("node-scheduler.include-coordinator=true");
    const two = prestoConfig({ ...common, workers: 2 });
    expect(two).to.contain("include-coordinator=false").and.to.contain("query.max-memory=300MB");
    expect(prestoConfig({ ...common, role: "worker", workers: 2 })).not.to.contain("discovery-server");
    make(2);
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "presto-worker");
    expect(inputs.spec.replicas).to.equal(2);
    const config = await mocked.get("kubernetes:core/v1:ConfigMap", "presto-worker");
    expect(config.inputs.data["config.properties"]).to.contain("discovery.uri=http://presto.data.svc:8080");
  });

  it("cuts a query into as many parts as it has cores, and forgets ended tasks soon", () => {
    const settings = (cpuLimit: string): string[] =>
      prestoConfig({
        role: "coordinator",
        workers: 0,
        discoveryUri: "http://h",
        memoryLimit: "1000Mi",
        cpuLimit,
      }).split("\n");
    expect(settings("2000m")).to.include.members(["task.concurrency=2", "task.info.max-age=1m"]);
    expect(settings("4000m")).to.include("task.concurrency=4");
    expect(settings("3500m")).to.include("task.concurrency=2");
    expect(settings("500m")).to.include("task.concurrency=1");
  });

  it("gives Java flags that every version understands", () => {
    const limits = { cpu: "2", memory: "1000Mi" };
    expect(prestoJvmConfig(limits)).to.contain("-Xmx600M").and.not.to.contain("--add-opens");
  });

  it("collects a large heap while it works, unless another collector is asked for", () => {
    const collector = (cpu: string, memory: string, asked?: "parallel") =>
      prestoJvmConfig({ cpu, memory }, asked).match(/\+Use\w+GC/)?.[0];
    expect(collector("2000m", "1664Mi")).to.equal("+UseSerialGC");
    expect(collector("2000m", "8Gi")).to.equal("+UseG1GC");
    expect(collector("2000m", "8Gi", "parallel")).to.equal("+UseParallelGC");
  });

  it("reads a timestamp as its text says, whatever the zone of a client or of the machine", () => {
    const common = {
      discoveryUri: "http://127.0.0.1:8080",
      memoryLimit: "1000Mi",
      cpuLimit: "2000m",
      workers: 1,
    } as const;
    for (const role of ["coordinator", "worker"] as const) {
      const settings = prestoConfig({ ...common, role }).split("\n");
      expect(settings, role).to.include("deprecated.legacy-timestamp=false");
    }
    expect(prestoJvmConfig({ cpu: "2", memory: "1000Mi" }).split("\n")).to.include("-Duser.timezone=UTC");
  });

  it("refuses no catalog, a catalog that is no name in SQL, and a fraction of a worker", () => {
    expect(prestoProblems({ catalogs: {} })).to.deep.equal([
      "presto: no catalog is given, so there is nothing to query; give at least one",
    ]);
    expect(prestoProblems({ catalogs: { "my lake": {} }, workers: 0.5 })).to.have.length(2);
  });
});
