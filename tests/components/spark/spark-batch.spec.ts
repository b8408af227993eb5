import { expect } from "chai";
import { podProblems, type PodSpec } from "../../../platform/hardening.ts";
import { SparkBatch, sparkBatchProblems } from "../../../components/spark/spark-batch.ts";
import { Spark } from "../../../components/spark/spark.ts";
import { catalog, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, valueOf } from "../../support/mocks.ts";

const main = { file: "census.py", content: "print('counted')\n" };
const application = { main, driverMemory: "640Mi", executors: 2 };

interface Template {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: PodSpec & {
    readonly restartPolicy: string;
    readonly containers: readonly [
      {
        readonly name: string;
        readonly command: readonly string[];
        readonly args?: readonly string[];
        readonly env: readonly {
          readonly name: string;
          readonly valueFrom?: { readonly secretKeyRef?: { readonly name: string } };
        }[];
        readonly volumeMounts: readonly object[];
      },
    ];
    readonly volumes: readonly object[];
  };
}

describe("SparkBatch", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = () =>
    new SparkBatch("spark-batch", {
      spark: new Spark("spark", {
        namespace: "data",
        image: "spark:1",
        objectStore: s3(),
        catalog: catalog(),
        executors: { memory: "768Mi" },
      }).endpoint,
      eventLog: "s3a://spark-events/",
      applications: {
        "census-batch": {
          ...application,
          objectStore: s3("dag-census-batch"),
          env: { TABLE: "lake.census.summary" },
          settings: { "spark.sql.shuffle.partitions": "4" },
        },
      },
    });
  const template = async (): Promise<Template> => {
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-batch");
    return JSON.parse(inputs.data["census-batch.yaml"] ?? "") as Template;
  };

  it("offers a ConfigMap with a template for each application", async () => {
    const batch = make();
    expect(await valueOf(batch.template.configMapName)).to.equal("spark-batch");
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-batch");
    expect(Object.keys(inputs.data)).to.deep.equal(["census-batch.yaml"]);
    expect(await valueOf(batch.template.text)).to.equal(JSON.stringify(inputs.data));
  });

  it("is shaped for KubernetesPodOperator: a container called base whose arguments are left to the caller", async () => {
    make();
    const { apiVersion, kind, metadata, spec } = await template();
    expect({ apiVersion, kind }).to.deep.equal({ apiVersion: "v1", kind: "Pod" });
    expect(metadata).to.include({ name: "spark-census-batch-driver", namespace: "data" });
    expect(spec.restartPolicy).to.equal("Never");
    const [container] = spec.containers;
    expect(container.name).to.equal("base");
    expect(container.args).to.equal(undefined);
    expect(container.command.slice(0, 3)).to.deep.equal(["/opt/entrypoint.sh", "driver", "--properties-file"]);
    expect(container.command.at(-1)).to.equal("/opt/millrace/jobs/census.py");
  });

  it("is a driver by its own address, so that runs at the same time need no Service and do not meet", async () => {
    make();
    const [{ command }] = (await template()).spec.containers;
    expect(command).to.include.members([
      "spark.app.name=census-batch",
      "spark.driver.host=$(SPARK_DRIVER_BIND_ADDRESS)",
      "spark.kubernetes.driver.pod.name=$(POD_NAME)",
      "spark.executor.instances=2",
      "spark.sql.shuffle.partitions=4",
      "spark.eventLog.dir=s3a://spark-events/",
    ]);
    expect(command.join(" ")).not.to.contain("podNamePrefix");
    expect(await mocked.ofType("kubernetes:core/v1:Service")).to.deep.equal([]);
  });

  it("gives driver and executors the application's own key, and no other", async () => {
    make();
    const [{ command, env }] = (await template()).spec.containers;
    expect(command).to.include.members([
      "spark.kubernetes.executor.secretKeyRef.AWS_ACCESS_KEY_ID=key-dag-census-batch:accessKey",
      "spark.kubernetes.executor.secretKeyRef.AWS_SECRET_ACCESS_KEY=key-dag-census-batch:secretKey",
    ]);
    const secrets = env.flatMap(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? []);
    expect(secrets).to.deep.equal(["key-dag-census-batch", "key-dag-census-batch"]);
    expect(env).to.deep.include({ name: "TABLE", value: "lake.census.summary" });
  });

  it("is hardened, runs under the drivers' account and finds its program and settings", async () => {
    make();
    const { spec } = await template();
    expect(podProblems(spec, false)).to.deep.equal([]);
    expect(spec).to.include({ serviceAccountName: "spark", automountServiceAccountToken: true });
    const program = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-census-batch-driver");
    expect(program.inputs.data).to.deep.equal({ "census.py": main.content });
    expect(spec.volumes).to.deep.include({ name: "files", configMap: { name: "spark-census-batch-driver" } });
    expect(spec.containers[0].volumeMounts).to.deep.include({
      name: "files",
      mountPath: "/opt/millrace/jobs",
      readOnly: true,
    });
  });

  it("refuses a name that no pod can have, and what Spark would refuse at its start", () => {
    const problems = sparkBatchProblems({
      eventLog: "hdfs://logs/",
      applications: { Census_Batch: { main: { file: "census", content: "" }, driverMemory: "1Mi", executors: 1.5 } },
    });
    expect(problems).to.deep.equal([
      'spark batch "Census_Batch": the name is not one of a pod; use up to 32 lower-case letters, digits and dashes',
      'spark batch "Census_Batch": driverMemory is "1Mi"; Spark needs a heap of at least 450Mi, for example "640Mi"',
      'spark batch "Census_Batch": main file "census" is not a Python file; name it like job.py',
      'spark batch "Census_Batch": executors is 1.5; give a whole number from 1',
      'spark batch: eventLog is "hdfs://logs/"; give a bucket or a folder in one with a slash at its end, like s3a://spark-events/',
    ]);
    expect(sparkBatchProblems({ applications: { ["x".repeat(33)]: application } })).to.have.length(1);
    expect(sparkBatchProblems({ applications: { "census-batch": application } })).to.deep.equal([]);
  });
});
