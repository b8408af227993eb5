import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { Airflow, airflowProblems, type AirflowArgs } from "../../../components/airflow/airflow.ts";
import { ClientEndpointsConfig } from "../../../components/notebooks/client-endpoints.ts";
import type { PostgresEndpoint } from "../../../components/postgres/endpoint.ts";
import type { SparkConnectEndpoint } from "../../../components/spark-connect/endpoint.ts";
import { configMapProblems, podProblems } from "../../../platform/hardening.ts";
import { outsideAt } from "../../../platform/network.ts";
import type { Quarters } from "../../../platform/quarters.ts";
import { envOf, kafka, nodePorts, presto, s3 } from "../../support/fixtures.ts";
import { type Inputs, mock, type Mocked, valueOf } from "../../support/mocks.ts";

const database: PostgresEndpoint = {
  kind: "postgres",
  host: pulumi.output("postgres.example"),
  port: pulumi.output(5432),
  database: "airflow",
  at: outsideAt(["postgres.example"], [5432], "PostgreSQL"),
  user: "airflow",
  password: { secretName: pulumi.output("postgres-role-airflow"), key: "password" },
  ready: [],
};

const spark: SparkConnectEndpoint = {
  kind: "spark-connect",
  url: pulumi.output("sc://spark.example:15002"),
  at: outsideAt(["spark.example"], [15002], "Spark"),
  token: undefined,
  ready: [],
};

const DEPLOYMENT = "kubernetes:apps/v1:Deployment";
const servers = ["airflow-api-server", "airflow-scheduler", "airflow-dag-processor", "airflow-triggerer"];

/** A pod spec with what Airflow's pods add to the common type of specs. */
interface Pod {
  readonly serviceAccountName?: string;
  readonly automountServiceAccountToken: boolean;
  readonly containers: readonly [
    {
      readonly env: readonly { readonly name: string; readonly valueFrom?: { readonly secretKeyRef?: object } }[];
      readonly volumeMounts: readonly { readonly name: string; readonly mountPath: string }[];
    },
  ];
  readonly volumes: readonly { readonly name: string; readonly configMap?: { readonly items?: object[] } }[];
}

interface Bound {
  readonly subjects: readonly [{ readonly namespace: string }];
}

describe("Airflow", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (args: Partial<AirflowArgs> = {}, name = "airflow") =>
    new Airflow(name, {
      namespace: "data",
      image: "airflow:1",
      exposure: nodePorts,
      database,
      logs: { objectStore: s3("airflow"), bucket: "airflow" },
      connections: { kafka: kafka(), presto: presto(), spark, objectStore: s3("airflow") },
      clients: new ClientEndpointsConfig(`${name === "airflow" ? "" : `${name}-`}client-endpoints`, {
        namespace: "data",
        objectStore: s3("airflow"),
        notebooks: "s3://notebooks",
      }).endpoints,
      jobKeys: { report: s3("dag-report") },
      ...args,
    });
  const podOf = ({ spec }: Inputs): Pod => spec.template.spec as unknown as Pod;
  const server = async (name: string): Promise<Inputs> => (await mocked.get(DEPLOYMENT, name)).inputs;
  const settings = async (): Promise<Readonly<Record<string, string>>> =>
    (await mocked.get("kubernetes:core/v1:ConfigMap", "airflow-settings")).inputs.data;
  const taskPod = async (): Promise<Pod> =>
    (JSON.parse((await settings())["task-pod.yaml"] ?? "") as { spec: Pod }).spec;

  it("can be there twice in one stack, each in a namespace of its own with objects of its own name", async () => {
    make({ namespace: "a" }, "reports");
    make({ namespace: "b" }, "models");
    const lineages = await mocked.lineages();
    expect(new Set(lineages).size).to.equal(lineages.length);
    for (const [name, namespace] of [
      ["reports", "a"],
      ["models", "b"],
    ] as const) {
      const objects = (await mocked.resources()).filter(
        ({ type, inputs }) => type.startsWith("kubernetes:") && inputs.metadata.namespace === namespace,
      );
      expect(objects.length).to.be.greaterThan(8);
      expect(objects.map((object) => object.name).filter((object) => !object.startsWith(name))).to.deep.equal([]);
    }
  });

  it("offers its address, and the robot by a reference to its password", async () => {
    const airflow = make();
    expect(await valueOf(airflow.endpoint.url)).to.equal("http://airflow.data.svc:8080");
    expect(await valueOf(airflow.address.url)).to.equal("http://127.0.0.1:30180");
    expect(airflow.endpoint.robot).to.equal("proof");
    expect(await valueOf(airflow.endpoint.robotPassword.secretName)).to.equal("airflow-users");
    expect(airflow.endpoint.robotPassword.key).to.equal("proof");
  });

  it("makes four hardened servers that start after the set-up", async () => {
    make();
    expect((await mocked.ofType(DEPLOYMENT)).map(({ name }) => name)).to.have.members(servers);
    for (const name of servers) {
      const { spec } = await server(name);
      expect(podProblems(spec.template.spec, true), name).to.deep.equal([]);
      expect(spec.strategy, name).to.deep.equal({ type: "Recreate" });
    }
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "airflow-setup");
    expect(podProblems(inputs.spec.template.spec, false)).to.deep.equal([]);
    expect(envOf(inputs)).to.include({
      ADMIN_PASSWORD: "airflow-users/admin",
      ROBOT_PASSWORD: "airflow-users/proof",
      DATABASE_PASSWORD: "postgres-role-airflow/password",
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN:
        "postgresql+psycopg2://airflow:$(DATABASE_PASSWORD)@postgres.example:5432/airflow" +
        "?connect_timeout=20&tcp_user_timeout=20000&keepalives_idle=10&keepalives_interval=5&keepalives_count=2",
      AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC:
        "postgresql+asyncpg://airflow:$(DATABASE_PASSWORD)@postgres.example:5432/airflow",
    });
  });

  it("keeps passwords and keys in Secrets only", async () => {
    make();
    const users = await mocked.get("kubernetes:core/v1:Secret", "airflow-users");
    const keys = await mocked.get("kubernetes:core/v1:Secret", "airflow-keys");
    expect(Object.keys(users.inputs.stringData)).to.deep.equal(["admin", "proof"]);
    expect(users.inputs.stringData["admin"]).to.have.length(24).and.not.to.equal(users.inputs.stringData["proof"]);
    expect(Object.keys(keys.inputs.stringData)).to.have.members(["fernet", "jwt", "api"]);
    expect(keys.inputs.stringData["fernet"]).to.match(/^[A-Za-z0-9_-]{43}=$/);
    expect([users.secrets, keys.secrets]).to.deep.equal([["stringData"], ["stringData"]]);
    expect(configMapProblems(await settings())).to.deep.equal([]);
  });

  it("gives what signs tokens only to those who give or check them", async () => {
    make();
    const signs = async (name: string) =>
      Object.keys(envOf(await server(name))).includes("AIRFLOW__API_AUTH__JWT_SECRET");
    expect(await Promise.all(servers.map(signs))).to.deep.equal([true, true, false, false]);
  });

  it("makes task pods that are hardened, without a token, the database or any key but Airflow's own", async () => {
    make();
    const pod = await taskPod();
    expect(podProblems(pod, false)).to.deep.equal([]);
    expect(pod.automountServiceAccountToken).to.equal(false);
    const { env } = pod.containers[0];
    const secret = env.filter(({ valueFrom }) => valueFrom?.secretKeyRef !== undefined);
    expect(secret.map(({ name }) => name)).to.deep.equal(["AIRFLOW_S3_ACCESS_KEY", "AIRFLOW_S3_SECRET_KEY"]);
    expect(env.map(({ name }) => name))
      .to.include.members(["AIRFLOW__CORE__EXECUTION_API_SERVER_URL", "AWS_ENDPOINT_URL", "AIRFLOW_CONN_PRESTO"])
      .and.not.to.include("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN");
    expect(pod.containers[0].volumeMounts.map(({ mountPath }) => mountPath)).to.deep.equal([
      "/etc/millrace",
      "/opt/airflow/config",
      "/tmp",
      "/opt/airflow/logs",
    ]);
  });

  it("lets a task that hands on a large value fail by itself, with a program that each task finds", async () => {
    make();
    const pod = await taskPod();
    const variables = Object.fromEntries(
      pod.containers[0].env.map((one) => [one.name, (one as { value?: string }).value]),
    );
    expect(variables).to.include({
      AIRFLOW__CORE__XCOM_BACKEND: "small_values.SmallXCom",
      PYTHONPATH: "/opt/airflow/config",
    });
    const { configMap } = pod.volumes.find(({ name }) => name === "settings") ?? {};
    expect(configMap).to.deep.equal({ name: "airflow-tasks" });
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "airflow-tasks");
    expect(Object.keys(inputs.data)).to.have.members(["small_values.py", "sitecustomize.py"]);
    expect(inputs.data["small_values.py"]).to.contain("class SmallXCom(BaseXCom)");
  });

  it("writes down which DAG of the image gets which key and account, and the key of all DAGs of the bucket", async () => {
    make({ podDags: ["census"], dagBucket: "dags", dagBucketKey: s3("dag-bucket") });
    const fields = { accessKeyField: "accessKey", secretKeyField: "secretKey" };
    expect(JSON.parse((await settings())["task-rights.json"] ?? "")).to.deep.equal({
      platform: {
        dags: {
          census: { account: "airflow-task" },
          report: { key: { secretName: "key-dag-report", ...fields } },
        },
      },
      team: { every: { key: { secretName: "key-dag-bucket", ...fields } } },
    });
    const scheduler = envOf(await server("airflow-scheduler"));
    expect(scheduler).to.include({
      TASK_POD_TEMPLATE: "/opt/airflow/config/task-pod.yaml",
      TASK_RIGHTS: "/opt/airflow/config/task-rights.json",
    });
  });

  it("mounts the templates of Spark batches into task pods", async () => {
    make({
      sparkBatch: { configMapName: pulumi.output("spark-batch"), text: pulumi.output("{}"), secrets: [], accounts: [] },
    });
    const pod = await taskPod();
    expect(pod.containers[0].volumeMounts.map(({ mountPath }) => mountPath)).to.include("/opt/airflow/spark-batch");
  });

  it("lets the scheduler make pods, the API server read logs, and nobody enter a pod or read a Secret", async () => {
    make({ podDags: ["census"] });
    const roles = await mocked.ofType("kubernetes:rbac.authorization.k8s.io/v1:Role");
    const resources = Object.fromEntries(
      roles.map(({ name, inputs }) => [name, inputs.rules.flatMap((rule) => rule.resources)]),
    );
    expect(resources).to.deep.equal({
      "airflow-scheduler": ["pods", "pods/log", "events"],
      "airflow-task": ["pods", "pods/log", "events"],
      "airflow-api-server": ["pods", "pods/log"],
    });
    expect(podOf(await server("airflow-scheduler")).serviceAccountName).to.equal("airflow-scheduler");
    expect(podOf(await server("airflow-dag-processor")).automountServiceAccountToken).to.equal(false);
  });

  it("has tasks in another namespace with what they refer to, and makes pods there only", async () => {
    const given: string[] = [];
    const tasks: Quarters = {
      in: "jobs",
      namespace: pulumi.output("data-jobs"),
      give: (...refs) => {
        for (const ref of refs) ref?.give?.(tasks);
      },
      holds: ({ limits }, count) => given.push(`${count} of ${limits.memory}`),
      lets: ({ account, of, accounts = [] }) => given.push(`${account} of ${of ?? ""}: ${accounts.join()}`),
    };
    const sparkBatch = {
      configMapName: pulumi.output("spark-batch"),
      text: pulumi.output("{}"),
      secrets: [],
      accounts: ["spark"],
    };
    const { edges } = make({ tasksIn: () => tasks, podDags: ["census"], sparkBatch });
    expect(given).to.deep.equal(["4 of 1Gi", "airflow-task of jobs: spark"]);
    const role = await mocked.ofType("kubernetes:rbac.authorization.k8s.io/v1:Role");
    expect(role.map(({ inputs }) => inputs.metadata.namespace)).to.deep.equal(["data-jobs", "data-jobs", "data-jobs"]);
    const accounts = await mocked.ofType("kubernetes:core/v1:ServiceAccount");
    expect(accounts.map(({ name, inputs }) => `${name} in ${inputs.metadata.namespace}`)).to.have.members([
      "airflow-scheduler in data",
      "airflow-api-server in data",
      "airflow-task in data-jobs",
    ]);
    const bindings = await mocked.ofType("kubernetes:rbac.authorization.k8s.io/v1:RoleBinding");
    expect(bindings.map(({ inputs }) => (inputs as unknown as Bound).subjects[0].namespace)).to.have.members([
      "data",
      "data",
      "data-jobs",
    ]);
    expect(envOf(await server("airflow-scheduler"))).to.include({
      AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE: "data-jobs",
    });
    const { inputs } = await mocked.get("kubernetes:core/v1:ConfigMap", "client-endpoints-in-jobs");
    expect(inputs.metadata).to.include({ name: "client-endpoints", namespace: "data-jobs" });
    const ofTasks = edges.flatMap(({ from }) => (from.kind === "pods" && from.component === "task" ? [from.in] : []));
    expect([...new Set(ofTasks)]).to.deep.equal(["jobs"]);
  });

  it("runs tasks inside the scheduler on demand, with the keys of all DAGs there and no rights in Kubernetes", async () => {
    make({ executor: "local" });
    const scheduler = await server("airflow-scheduler");
    expect(envOf(scheduler)).to.include({
      AIRFLOW__CORE__EXECUTOR: "LocalExecutor",
      TASK_KEYS_FOLDER: "/opt/airflow/task-keys",
    });
    expect(podOf(scheduler).volumes.find(({ name }) => name === "task-keys")).to.deep.equal({
      name: "task-keys",
      projected: {
        sources: [
          {
            secret: {
              name: "key-dag-report",
              items: [
                { key: "accessKey", path: "platform/dags/report/accessKey" },
                { key: "secretKey", path: "platform/dags/report/secretKey" },
              ],
            },
          },
        ],
      },
    });
    expect(podOf(scheduler).serviceAccountName).to.equal(undefined);
    expect(await mocked.ofType("kubernetes:rbac.authorization.k8s.io/v1:Role")).to.deep.equal([]);
    expect(Object.keys(await settings()))
      .to.include("task_keys.py")
      .and.not.to.include("airflow_local_settings.py");
  });

  it("mounts plugins file by file into those that use them", async () => {
    make();
    const mounts = podOf(await server("airflow-api-server")).containers[0].volumeMounts;
    expect(mounts[1]).to.deep.equal({
      name: "settings",
      mountPath: "/opt/airflow/plugins/login_limit.py",
      subPath: "login_limit.py",
      readOnly: true,
    });
    const plugins = mounts.map(({ mountPath }) => mountPath).filter((path) => path.includes("plugins"));
    expect(plugins).to.deep.equal(
      ["login_limit.py", "body_limit.py", "small_logs.py"].map((file) => `/opt/airflow/plugins/${file}`),
    );
    expect((await settings())["small_logs.py"]).to.contain("class SmallLogsPlugin(AirflowPlugin)");
    const triggerer = podOf(await server("airflow-triggerer")).containers[0].volumeMounts;
    expect(triggerer.filter(({ mountPath }) => mountPath.includes("plugins"))).to.deep.equal([]);
  });

  it("asks each part for its own health, so that one that is down does not take the others along", async () => {
    make();
    const probe = async (name: string) => (await server(name)).spec.template.spec.containers[0];
    const api = await probe("airflow-api-server");
    expect(api.readinessProbe.httpGet).to.deep.equal({ port: 8080, path: "/api/v2/monitor/health" });
    expect(api.livenessProbe.httpGet.path).to.equal("/api/v2/version");
    expect(api.startupProbe.httpGet.path, "the API of tasks is built before the first task").to.equal(
      "/execution/health",
    );
    for (const name of servers.slice(1)) {
      const { startupProbe, readinessProbe, livenessProbe } = await probe(name);
      for (const { httpGet } of [startupProbe, readinessProbe]) {
        expect(httpGet, name).to.deep.equal({ port: 8974, path: "/health" });
      }
      expect(livenessProbe.httpGet, name).to.deep.equal({ port: 8974, path: "/alive" });
    }
    expect((await settings())["health.py"]).to.contain("PORT = 8974");
  });

  it("starts what rests while nothing is to be done, with programs that are there", async () => {
    make();
    const args = async (name: string) => (await server(name)).spec.template.spec.containers[0].args;
    expect(await Promise.all(servers.map(args))).to.deep.equal([
      ["api-server"],
      ["python", "/opt/airflow/config/quiet.py", "scheduler"],
      ["python", "/opt/airflow/config/quiet.py", "dag-processor"],
      ["python", "/opt/airflow/config/triggerer.py"],
    ]);
    expect(await settings()).to.include.keys("quiet.py", "triggerer.py", "health.py");
  });

  it("knows where people find it behind an Ingress, and nowhere else", async () => {
    make();
    expect(envOf(await server("airflow-api-server"))).not.to.have.property("AIRFLOW__API__BASE_URL");
    mocked = await mock();
    const tls = { secretName: "pages" };
    const airflow = make({ exposure: { kind: "ingress", host: "data.example.com", ports: ["airflow"], tls } });
    expect(envOf(await server("airflow-api-server"))).to.include({
      AIRFLOW__API__BASE_URL: "https://airflow.data.example.com",
    });
    expect(await valueOf(airflow.address.url)).to.equal("https://airflow.data.example.com");
  });

  it("restarts its pods when a setting, an address or a right changes", async () => {
    make();
    const hash = async (name: string) =>
      (await server(name)).spec.template.metadata.annotations["millrace/config-hash"];
    const first = await Promise.all(servers.map(hash));
    expect(new Set(first).size).to.equal(1);
    mocked = await mock();
    make({ jobKeys: { other: s3("dag-report") } });
    expect(await hash("airflow-scheduler")).not.to.equal(first[0]);
  });

  it("refuses what can be no DAG and no time zone, and a key for no DAG", () => {
    expect(airflowProblems({ jobKeys: {}, podDags: ["fine"], timezone: "Europe/Berlin" })).to.deep.equal([]);
    expect(airflowProblems({ jobKeys: { "a/b": 1 }, timezone: "Mars", dagBucketKey: 1 })).to.deep.equal([
      "airflow: dagBucketKey is given without a dagBucket, so no DAG would have it; give both or neither",
      'airflow: "a/b" is not the id of a DAG; use letters, digits, dots, dashes and _',
      'airflow: timezone is "Mars"; give a name of the time zone database, such as "Europe/Berlin"',
    ]);
  });
});
