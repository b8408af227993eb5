import { expect } from "chai";
import { podProblems } from "../../../platform/hardening.ts";
import { SparkHistory, sparkHistoryProblems } from "../../../components/spark-history/spark-history.ts";
import { envOf, nodePorts, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const sizeOf = (memory: string) => ({ requests: { cpu: "20m", memory }, limits: { cpu: "1000m", memory } });

describe("SparkHistory", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (keepDays?: number) =>
    new SparkHistory("spark-history", {
      namespace: "data",
      image: "spark:1",
      objectStore: s3("spark-history"),
      eventLog: "s3a://spark-events/",
      resources: sizeOf("512Mi"),
      exposure: nodePorts,
      ...(keepDays === undefined ? {} : { keepDays }),
    });

  it("is published under its own title", async () => {
    const history = make();
    expect(history.address.title).to.equal("Spark history");
    expect(await valueOf(history.address.url)).to.equal("http://127.0.0.1:30041");
  });

  it("reads the logs in the store with its own key, half a minute after they come at the latest", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-history");
    expect(String(inputs.data["spark-defaults.conf"]).split("\n")).to.include.members([
      "spark.history.fs.logDirectory s3a://spark-events/",
      "spark.history.fs.update.interval 30s",
      "spark.history.ui.port 18080",
      "spark.hadoop.fs.s3a.endpoint http://s3.example:9000",
      "spark.hadoop.fs.s3a.path.style.access true",
    ]);
    const server = await mocked.get("kubernetes:apps/v1:Deployment", "spark-history");
    expect(envOf(server.inputs)).to.include({
      AWS_ACCESS_KEY_ID: "key-spark-history/accessKey",
      AWS_SECRET_ACCESS_KEY: "key-spark-history/secretKey",
      SPARK_DAEMON_MEMORY: "256m",
    });
  });

  it("removes old logs, and shortens those that never end", async () => {
    make(7);
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-history");
    expect(String(inputs.data["spark-defaults.conf"]).split("\n")).to.include.members([
      "spark.history.fs.cleaner.enabled true",
      "spark.history.fs.cleaner.maxAge 7d",
      "spark.history.fs.eventLog.rolling.maxFilesToRetain 10",
    ]);
  });

  it("runs hardened, without a token, and is ready when its page answers", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-history");
    const pod = inputs.spec.template.spec;
    expect(podProblems(pod, true)).to.deep.equal([]);
    expect(pod).to.include({ automountServiceAccountToken: false });
    expect(pod.containers[0].args).to.deep.equal([
      "/opt/spark/bin/spark-class",
      "org.apache.spark.deploy.history.HistoryServer",
      "--properties-file",
      "/opt/millrace/spark/spark-defaults.conf",
    ]);
    expect(pod.containers[0].readinessProbe.httpGet).to.deep.equal({ port: 18080, path: "/api/v1/version" });
  });

  it("refuses too little memory, no days, and a folder that is none", () => {
    expect(
      sparkHistoryProblems({ eventLog: "s3a://spark-events", resources: sizeOf("256Mi"), keepDays: 0 }),
    ).to.deep.equal([
      'spark history: eventLog is "s3a://spark-events"; give a bucket or a folder in one with a slash at its end, like s3a://spark-events/',
      'spark history: memory is "256Mi"; give at least 448Mi, for example "512Mi"',
      "spark history: keepDays is 0; give a whole number from 1",
    ]);
    expect(sparkHistoryProblems({ eventLog: "s3a://spark-events/", resources: sizeOf("512Mi") })).to.deep.equal([]);
  });
});
