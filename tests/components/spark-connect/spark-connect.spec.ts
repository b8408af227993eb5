import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { podProblems } from "../../../platform/hardening.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { SparkConnect, sparkConnectProblems } from "../../../components/spark-connect/spark-connect.ts";
import { Spark } from "../../../components/spark/spark.ts";
import { catalog, envOf, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const executors = { memory: "768Mi" };

describe("SparkConnect", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (args: { eventLog?: string; executorIdleSeconds?: number } = {}, hasLakeCatalog = false) =>
    new SparkConnect("spark-connect", {
      spark: new Spark("spark", {
        namespace: "data",
        image: "spark:1",
        hasLakeCatalog,
        objectStore: s3(),
        catalog: catalog(),
        executors,
      }).endpoint,
      objectStore: s3("spark-connect"),
      driverMemory: "640Mi",
      maxExecutors: 3,
      ...args,
    });
  const server = async () => (await mocked.get("kubernetes:apps/v1:Deployment", "spark-connect")).inputs;

  it("offers its address and a reference to its token", async () => {
    const { endpoint } = make();
    expect(await valueOf(endpoint.url)).to.equal("sc://spark-connect.data.svc:15002");
    expect(endpoint.token && (await valueOf(endpoint.token.secretName))).to.equal("spark-connect");
    expect(endpoint.token?.key).to.equal("token");
  });

  it("keeps the token in a Secret, and gives it to the server by reference only", async () => {
    make();
    const secret = await mocked.get("kubernetes:core/v1:Secret", "spark-connect");
    expect(secret.secrets).to.deep.equal(["stringData"]);
    expect(secret.inputs.stringData["token"]).to.have.length(40);
    const inputs = await server();
    expect(envOf(inputs)).to.include({ SPARK_CONNECT_AUTHENTICATE_TOKEN: "spark-connect/token" });
    const token = secret.inputs.stringData["token"] ?? "no token";
    const others = (await mocked.resources()).filter(
      ({ type }) => !type.startsWith("random:") && !/Secret$/.test(type),
    );
    expect(JSON.stringify(others)).not.to.contain(token);
  });

  it("runs Spark's own server as one hardened driver that is found by its own address", async () => {
    make();
    const inputs = await server();
    expect(inputs.spec.strategy).to.deep.equal({ type: "Recreate" });
    const { args } = inputs.spec.template.spec.containers[0];
    expect(args.slice(0, 3)).to.deep.equal(["driver", "--properties-file", "/opt/millrace/spark/spark-defaults.conf"]);
    expect(args.slice(-2)).to.deep.equal(["--class", "org.apache.spark.sql.connect.service.SparkConnectServer"]);
    expect(args).to.include.members([
      "spark.driver.host=$(SPARK_DRIVER_BIND_ADDRESS)",
      "spark.kubernetes.driver.pod.name=$(POD_NAME)",
      "spark.driver.memory=640m",
    ]);
    expect(envOf(inputs)).to.include({
      SPARK_DRIVER_BIND_ADDRESS: "status.podIP",
      AWS_ACCESS_KEY_ID: "key-spark-connect/accessKey",
    });
    const { args: all } = inputs.spec.template.spec.containers[0];
    // People's programs run in executors, which have the sessions' key too, and not that of the streams.
    expect(all.filter((one) => one.includes("secretKeyRef"))).to.have.members([
      "spark.kubernetes.executor.secretKeyRef.AWS_ACCESS_KEY_ID=key-spark-connect:accessKey",
      "spark.kubernetes.executor.secretKeyRef.AWS_SECRET_ACCESS_KEY=key-spark-connect:secretKey",
    ]);
    expect(podProblems(inputs.spec.template.spec, true)).to.deep.equal([]);
  });

  it("holds executors only while there is work, and never more than it may", async () => {
    make({ executorIdleSeconds: 60 });
    const { args } = (await server()).spec.template.spec.containers[0];
    expect(args).to.include.members([
      "spark.dynamicAllocation.enabled=true",
      "spark.dynamicAllocation.shuffleTracking.enabled=true",
      "spark.dynamicAllocation.minExecutors=0",
      "spark.dynamicAllocation.maxExecutors=3",
      "spark.dynamicAllocation.executorIdleTimeout=60s",
    ]);
    expect(args.join(" ")).not.to.contain("spark.executor.instances").and.not.to.contain("podNamePrefix");
  });

  it("limits what one session can take from the others", async () => {
    make();
    const { args } = (await server()).spec.template.spec.containers[0];
    expect(args).to.include.members([
      "spark.driver.maxResultSize=160m",
      "spark.connect.session.manager.defaultSessionTimeout=1800s",
      "spark.executor.maxNumFailures=100",
      "spark.executor.failuresValidityInterval=10m",
      "spark.scheduler.mode=FAIR",
      "spark.scheduler.allocation.file=file:///opt/millrace/jobs/pools.xml",
    ]);
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-connect");
    expect(inputs.data["pools.xml"]).to.contain('<pool name="default"><schedulingMode>FAIR</schedulingMode>');
    const { volumeMounts } = (await server()).spec.template.spec.containers[0];
    expect(volumeMounts).to.deep.include({ name: "files", mountPath: "/opt/millrace/jobs", readOnly: true });
  });

  it("puts tables without a catalog into the lake", async () => {
    make();
    expect((await server()).spec.template.spec.containers[0].args).to.include("spark.sql.defaultCatalog=lake");
  });

  it("makes times without zone of what people call TIMESTAMP, as Presto reads them", async () => {
    make();
    expect((await server()).spec.template.spec.containers[0].args).to.include("spark.sql.timestampType=TIMESTAMP_NTZ");
  });

  it("makes times without zone of new columns that a function gave a zone, where the image can", async () => {
    make({}, true);
    const setting = "spark.sql.catalog.lake=millrace.LakeCatalog";
    expect((await server()).spec.template.spec.containers[0].args).to.include(setting);
    const source = readFileSync(join(repositoryDir, "components/spark/image/java/LakeCatalog.java"), "utf8");
    expect(source).to.contain("package millrace;").and.to.contain("class LakeCatalog extends SparkCatalog");
  });

  it("takes Iceberg's own catalog from another image", async () => {
    make();
    expect((await server()).spec.template.spec.containers[0].args.join(" ")).not.to.contain("LakeCatalog");
  });

  it("leaves an event log only where it is told to", async () => {
    make();
    expect((await server()).spec.template.spec.containers[0].args.join(" ")).not.to.contain("eventLog");
    mocked = await mock();
    make({ eventLog: "s3a://spark-events/" });
    expect((await server()).spec.template.spec.containers[0].args).to.include.members([
      "spark.eventLog.enabled=true",
      "spark.eventLog.dir=s3a://spark-events/",
      "spark.eventLog.rolling.enabled=true",
      "spark.eventLog.rolling.maxFileSize=10m",
    ]);
  });

  it("refuses too small a heap, no executors, a hasty end of them, and a log that is no folder of a bucket", () => {
    expect(
      sparkConnectProblems({
        driverMemory: "256Mi",
        maxExecutors: 0,
        executorIdleSeconds: 1,
        eventLog: "spark-events",
      }),
    ).to.deep.equal([
      'spark connect: driverMemory is "256Mi"; Spark needs a heap of at least 450Mi, for example "640Mi"',
      "spark connect: maxExecutors is 0; give a whole number from 1",
      "spark connect: executorIdleSeconds is 1; give a whole number from 10 to 600, for an executor takes about ten seconds to come",
      'spark connect: eventLog is "spark-events"; give a bucket or a folder in one with a slash at its end, like s3a://spark-events/',
    ]);
    expect(sparkConnectProblems({ driverMemory: "640Mi", maxExecutors: 1, eventLog: "s3a://b-1/logs/" })).to.deep.equal(
      [],
    );
    expect(() => make({ executorIdleSeconds: 700 })).to.throw("executorIdleSeconds is 700");
  });
});
