import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { sparkVersions } from "../../../components/spark/image/versions.ts";
import { podProblems, type PodSpec } from "../../../platform/hardening.ts";
import {
  SparkApplication,
  type SparkApplicationArgs,
  sparkApplicationProblems,
} from "../../../components/spark/spark-application.ts";
import { bakedPackages, sparkPackageProblems } from "../../../components/spark/spark-packages.ts";
import { Spark, sparkProblems } from "../../../components/spark/spark.ts";
import { Kafka } from "../../../components/kafka/kafka.ts";
import type { ComponentOptions } from "../../../platform/component.ts";
import type { SparkEndpoint } from "../../../components/spark/endpoint.ts";
import { ownQuarters, type Quarters } from "../../../platform/quarters.ts";
import { Storage } from "../../../platform/storage.ts";
import { secretEnv } from "../../../platform/workload.ts";
import { catalog, envOf, nodePorts, resources, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const storage = new Storage({ storageClass: "none" });
const executors = { memory: "768Mi", cores: 2 };
const makeSpark = () =>
  new Spark("spark", { namespace: "data", image: "spark:1", objectStore: s3(), catalog: catalog(), executors });
const main = { file: "job.py", content: "print('hello')\n" };
const makeApplication = (mode: "stream" | "batch", more: Partial<SparkApplicationArgs> = {}, opts?: ComponentOptions) =>
  new SparkApplication(
    "copy",
    {
      spark: more.spark ?? makeSpark().endpoint,
      mode,
      main,
      exposure: nodePorts,
      driverMemory: "640Mi",
      executors: 2,
      arguments: ["--once"],
      env: { TOPIC: "telemetry" },
      readyFile: "/tmp/ready",
      ...more,
    },
    opts,
  );

describe("Spark", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  it("injects the store and the catalog into the shared settings, and the key by reference", async () => {
    makeSpark();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-settings");
    const lines = String(inputs.data["spark-defaults.conf"]).split("\n");
    expect(lines).to.include.members([
      "spark.hadoop.fs.s3a.endpoint http://s3.example:9000",
      "spark.hadoop.fs.s3a.endpoint.region eu-1",
      "spark.hadoop.fs.s3a.path.style.access true",
      "spark.kubernetes.executor.secretKeyRef.AWS_ACCESS_KEY_ID key-spark:accessKey",
      "spark.kubernetes.executor.secretKeyRef.AWS_SECRET_ACCESS_KEY key-spark:secretKey",
      "spark.sql.catalog.lake org.apache.iceberg.spark.SparkCatalog",
      "spark.sql.catalog.lake.type hive",
      "spark.sql.catalog.lake.uri thrift://metastore.example:9083",
      "spark.sql.catalog.lake.warehouse s3a://lake/warehouse",
      "spark.kubernetes.container.image spark:1",
      "spark.executor.memory 768m",
      "spark.executor.memoryOverhead 640m",
      "spark.executor.cores 2",
    ]);
  });

  it("gives executors a template that the restricted level accepts", async () => {
    makeSpark();
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-settings");
    const template = JSON.parse(String(inputs.data["executor-pod.yaml"])) as { kind: string; spec: PodSpec };
    expect(template.kind).to.equal("Pod");
    expect(podProblems(template.spec, false)).to.deep.equal([]);
    expect(template.spec.securityContext?.runAsUser).to.equal(185);
    expect(template.spec.automountServiceAccountToken).to.equal(false);
  });

  it("lets drivers manage pods beside them and nothing else, and makes no account where nobody has executors", async () => {
    const { endpoint } = makeSpark();
    expect(await mocked.ofType("kubernetes:core/v1:ServiceAccount")).to.deep.equal([]);
    expect(await valueOf(endpoint.accountIn(ownQuarters("data")))).to.equal("spark");
    const { inputs } = await mocked.get("kubernetes:rbac.authorization.k8s.io/v1:Role", "spark");
    expect(inputs.metadata.namespace).to.equal("data");
    expect(inputs.rules.map(({ resources: kinds, verbs }) => [kinds.join(), verbs.join()])).to.deep.equal([
      ["pods", "create,get,list,watch,patch,delete,deletecollection"],
      ["services", "deletecollection"],
    ]);
  });

  it("has the connectors of its endpoints in its own image", () => {
    expect(sparkProblems({ executors })).to.deep.equal([]);
    expect(
      sparkPackageProblems(sparkVersions.spark, bakedPackages, ["kafka", "s3", "hive-metastore", "cassandra"]),
    ).to.deep.equal([]);
  });

  it("refuses an image whose connectors are missing or made for another Spark", () => {
    expect(sparkPackageProblems("4.1.3", ["org.apache.hadoop:hadoop-aws:3.4.2"], ["s3", "kafka"])[0]).to.match(
      /^spark: a kafka endpoint needs org.apache.spark:spark-sql-kafka-0-10_2.13/,
    );
    expect(sparkPackageProblems("4.1.3", ["org.apache.spark:spark-sql-kafka-0-10_2.13:4.0.0"], ["kafka"])[0]).to.match(
      /4\.0\.0 does not fit Spark 4\.1\.3; use .*:4\.1\.3/,
    );
    expect(sparkProblems({ executors, packages: [] })).to.have.length(3);
  });

  it("refuses heaps that Spark would refuse at start", () => {
    expect(sparkProblems({ executors: { memory: "256Mi" } })).to.deep.equal([
      'spark: executors.memory is "256Mi"; Spark needs a heap of at least 450Mi, for example "640Mi"',
    ]);
  });
});

describe("SparkApplication", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  it("runs a stream as one recreated driver that submits in client mode", async () => {
    const application = makeApplication("stream");
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
    expect(inputs.spec.strategy).to.deep.equal({ type: "Recreate" });
    const pod = inputs.spec.template.spec;
    const args = pod.containers[0].args;
    expect(args.slice(0, 3)).to.deep.equal(["driver", "--properties-file", "/opt/millrace/spark/spark-defaults.conf"]);
    expect(args).to.include.members([
      "spark.driver.host=spark-copy-driver.data.svc",
      "spark.kubernetes.driver.pod.name=$(POD_NAME)",
      "spark.driver.memory=640m",
      "spark.executor.instances=2",
    ]);
    expect(args.slice(-2)).to.deep.equal(["/opt/millrace/jobs/job.py", "--once"]);
    expect(pod).to.include({ automountServiceAccountToken: true, serviceAccountName: "spark" });
    expect(pod.containers[0].readinessProbe).to.deep.include({
      exec: { command: ["test", "-f", "/tmp/ready"] },
      periodSeconds: 10,
    });
    expect(envOf(inputs)).to.include({
      SPARK_DRIVER_BIND_ADDRESS: "status.podIP",
      POD_NAME: "metadata.name",
      AWS_ACCESS_KEY_ID: "key-spark/accessKey",
      TOPIC: "telemetry",
    });
    expect(await valueOf(application.address.url)).to.equal("http://127.0.0.1:30040");
  });

  it("has executors in another namespace, whose account makes pods there only, and clears them before it starts", async () => {
    const noted: string[] = [];
    const jobs: Quarters = {
      in: "jobs",
      namespace: pulumi.output("data-jobs"),
      give: () => noted.push("key"),
      holds: ({ limits }, count) => noted.push(`${count} of ${limits.memory}`),
      lets: ({ account, of, accounts = [] }) => noted.push(`${account} of ${of ?? "data"}: ${accounts.join()}`),
    };
    const { endpoint } = new Spark("spark", {
      namespace: "data",
      image: "spark:1",
      objectStore: s3(),
      catalog: catalog(),
      executors,
      executorsIn: () => jobs,
    });
    const { edges } = makeApplication("stream", { spark: endpoint });
    expect(noted).to.deep.equal(["key", "2 of 1408Mi", "spark of data: "]);
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
    expect(inputs.metadata.namespace).to.equal("data");
    const { containers, initContainers } = inputs.spec.template.spec as unknown as {
      readonly containers: readonly [{ readonly args: readonly string[] }];
      readonly initContainers: readonly { readonly command: readonly string[]; readonly env: readonly object[] }[];
    };
    expect(containers[0].args).to.include("spark.kubernetes.namespace=data-jobs");
    expect(containers[0].args.join(" ")).not.to.contain("driver.pod.name");
    expect(initContainers.map(({ command, env }) => ({ command, env }))).to.deep.equal([
      {
        command: ["python3", "/opt/millrace/spark/clear_executors.py"],
        env: [
          { name: "EXECUTORS_NAMESPACE", value: "data-jobs" },
          { name: "EXECUTORS", value: "app.kubernetes.io/instance=copy,app.kubernetes.io/component=executor" },
        ],
      },
    ]);
    const role = await mocked.get("kubernetes:rbac.authorization.k8s.io/v1:Role", "spark");
    expect(role.inputs.metadata.namespace).to.equal("data-jobs");
    const account = await mocked.get("kubernetes:core/v1:ServiceAccount", "spark");
    expect(account.inputs.metadata.namespace).to.equal("data");
    const places = edges.flatMap(({ from }) =>
      from.kind === "pods" && from.component === "executor" ? [from.in] : [],
    );
    expect([...new Set(places)]).to.deep.equal(["jobs"]);
  });

  it("has no account and asks Kubernetes nothing where it works alone", async () => {
    const { edges } = makeApplication("stream", { executors: 0 });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
    expect(inputs.spec.template.spec).to.include({ automountServiceAccountToken: false });
    expect(edges.filter(({ to }) => to.kind === "apiServer")).to.deep.equal([]);
    expect(await mocked.ofType("kubernetes:core/v1:ServiceAccount")).to.deep.equal([]);
  });

  it("takes a Spark that is somebody else's as values, and makes nothing of it", async () => {
    const spark: SparkEndpoint = {
      kind: "spark",
      service: "their-spark",
      namespace: pulumi.output("theirs"),
      image: pulumi.output("their-spark:1"),
      objectStore: s3(),
      catalog: catalog(),
      catalogName: "lake",
      collector: "auto",
      executors: () => ownQuarters("theirs"),
      executorResources: resources,
      accountIn: () => pulumi.output("their-drivers"),
      settingsName: pulumi.output("their-settings"),
      settingsText: pulumi.output("spark.ui.port 4040\n"),
    };
    makeApplication("stream", { spark });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
    expect(inputs.metadata.namespace).to.equal("theirs");
    expect(inputs.spec.template.spec).to.deep.include({ serviceAccountName: "their-drivers" });
    expect(inputs.spec.template.spec.containers[0].image).to.equal("their-spark:1");
    const made = (await mocked.resources()).filter(({ type }) => type.startsWith("millrace:"));
    expect(made.map(({ name }) => name)).to.deep.equal(["copy"]);
  });

  it("waits with its driver for components and for what endpoints tell to wait for, and with nothing else", () => {
    const { endpoint } = new Kafka("events", {
      namespace: "data",
      image: "kafka:1",
      storage,
      exposure: nodePorts,
      resources,
    });
    const theirs = makeSpark();
    const waiting: Record<string, unknown> = {};
    const see: pulumi.ResourceTransformation = ({ type, opts }) => {
      waiting[type.split(":").at(-1) ?? ""] = opts.dependsOn;
      return undefined;
    };
    const { ready } = makeApplication("stream", { waitFor: [theirs, ...endpoint.ready] }, { transformations: [see] });
    expect(endpoint.ready).to.have.length(1);
    expect(waiting["Deployment"]).to.deep.equal([theirs, ...endpoint.ready]);
    expect(waiting["ConfigMap"]).to.equal(undefined);
    expect(ready).to.have.length(1);
    expect(ready[0]).to.be.instanceOf(k8s.apps.v1.Deployment);
  });

  it("has started when its program works, which is looked at often, and is asked for readiness rarely from then on", async () => {
    makeApplication("stream");
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
    const [{ startupProbe, readinessProbe }] = inputs.spec.template.spec.containers;
    const command = ["test", "-f", "/tmp/ready"];
    expect(startupProbe).to.deep.include({ exec: { command }, periodSeconds: 2, failureThreshold: 600 });
    expect(readinessProbe).to.deep.include({ exec: { command }, periodSeconds: 10 });
  });

  it("lets executors find the driver by a headless Service before it is ready", async () => {
    makeApplication("stream");
    const { inputs } = await mocked.get("kubernetes:core/v1:Service", "spark-copy-driver");
    expect(inputs.spec).to.include({ clusterIP: "None", publishNotReadyAddresses: true });
    expect(inputs.spec.ports.map(({ port }) => port)).to.deep.equal([7078, 7079, 4040]);
  });

  it("mounts the program from a ConfigMap and restarts the driver when it changes", async () => {
    makeApplication("stream");
    const map = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-copy-driver");
    expect(map.inputs.data).to.deep.equal({ "job.py": main.content });
    const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
    expect(inputs.spec.template.metadata.annotations["millrace/config-hash"]).to.match(/^[0-9a-f]{16}$/);
  });

  it("puts modules beside the program and restarts the driver when one changes", async () => {
    const hashes: unknown[] = [];
    for (const content of ["ONE = 1\n", "ONE = 2\n"]) {
      mocked = await mock();
      makeApplication("stream", { modules: [{ file: "parts.py", content }] });
      const map = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-copy-driver");
      expect(map.inputs.data).to.deep.equal({ "job.py": main.content, "parts.py": content });
      const { inputs } = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
      hashes.push(inputs.spec.template.metadata.annotations["millrace/config-hash"]);
    }
    expect(hashes[0]).not.to.equal(hashes[1]);
  });

  it("hands secrets to the driver by reference, and the key of its own to driver and executors", async () => {
    makeApplication("batch", {
      secretEnv: [secretEnv("CASSANDRA_PASSWORD", "cassandra-role-spark", "password")],
      objectStore: s3("census"),
    });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "spark-copy-driver");
    expect(envOf(inputs)).to.include({
      TOPIC: "telemetry",
      CASSANDRA_PASSWORD: "cassandra-role-spark/password",
      AWS_ACCESS_KEY_ID: "key-census/accessKey",
    });
    expect(inputs.spec.template.spec.containers[0].args).to.include.members([
      "spark.kubernetes.executor.secretKeyRef.AWS_ACCESS_KEY_ID=key-census:accessKey",
      "spark.kubernetes.executor.secretKeyRef.AWS_SECRET_ACCESS_KEY=key-census:secretKey",
    ]);
  });

  it("keeps the page of a second stream inside the cluster", async () => {
    const application = makeApplication("stream", { publish: false });
    expect(await valueOf(application.address.url)).to.equal(undefined);
    const services = await mocked.ofType("kubernetes:core/v1:Service");
    expect(services.map(({ name }) => name)).to.deep.equal(["spark-copy-driver"]);
  });

  it("runs a batch as a Job that is not published", async () => {
    const application = makeApplication("batch");
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "spark-copy-driver");
    expect(inputs.spec.activeDeadlineSeconds).to.equal(14_400);
    expect(await mocked.ofType("kubernetes:apps/v1:Deployment")).to.deep.equal([]);
    expect(await valueOf(application.address.url)).to.equal(undefined);
  });

  it("leaves an event log in the store when it is told to", async () => {
    makeApplication("batch", { eventLog: "s3a://spark-events/" });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "spark-copy-driver");
    expect(inputs.spec.template.spec.containers[0].args).to.include.members([
      "spark.eventLog.enabled=true",
      "spark.eventLog.dir=s3a://spark-events/",
    ]);
    makeApplication("stream");
    const stream = await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver");
    expect(stream.inputs.spec.template.spec.containers[0].args.join(" ")).not.to.contain("eventLog");
  });

  it("lets the driver of an application without executors run the tasks itself", async () => {
    makeApplication("stream", { executors: 0 });
    const { args } = (await mocked.get("kubernetes:apps/v1:Deployment", "spark-copy-driver")).inputs.spec.template.spec
      .containers[0];
    expect(args).to.include("spark.master=local[2]");
    expect(args.join(" ")).not.to.contain("spark.executor.instances");
  });

  it("refuses a program that is no Python file, half an executor, and too small a heap", () => {
    const problems = sparkApplicationProblems("copy", {
      main: { file: "job.jar", content: "" },
      executors: -1,
      driverMemory: "1Mi",
    });
    expect(problems).to.have.length(3);
    expect(problems.join())
      .to.contain('"job.jar"')
      .and.to.contain("executors is -1; give a whole number from 0")
      .and.to.contain('driverMemory is "1Mi"');
  });

  it("refuses modules that Python cannot import, and two files of one name", () => {
    const modules = ["stream-records.py", "parts.py", "parts.py", "job.py"].map((file) => ({ file, content: "" }));
    expect(sparkApplicationProblems("copy", { main, modules, driverMemory: "640Mi" })).to.deep.equal([
      'spark application "copy": module "stream-records.py" cannot be imported in Python; name it like stream_records.py',
      'spark application "copy": module "parts.py" has the name of another file; give each its own',
      'spark application "copy": module "parts.py" has the name of another file; give each its own',
      'spark application "copy": module "job.py" has the name of another file; give each its own',
    ]);
  });
});
