import { expect } from "chai";
import { loadConfig } from "../config/index.ts";
import { COMPONENT_LABEL, NAME_LABEL } from "../platform/names.ts";
import { type Edge, endName } from "../platform/network.ts";
import type { PolicySpec } from "../platform/network-policies.ts";
import { envOf } from "./support/fixtures.ts";
import { type Mocked, mock } from "./support/mocks.ts";
import { addresses, pods, roleOf, serviceRoles, undeclared, undeclaredOutside } from "./support/wiring.ts";

interface Program {
  readonly edges: readonly Edge[];
}

const cloud = { target: "cloud", context: "prod", registry: { push: "registry.example" }, storageClass: "ssd" };
const existing = {
  objectStore: {
    server: "existing",
    existing: { host: "s3.eu-central-1.amazonaws.com", region: "eu-central-1", secretName: "s3-keys" },
  },
  kafka: {
    existing: { bootstrapServers: "b1.example:9092,b2.example:9093", securityProtocol: "PLAINTEXT" },
    replicationFactor: 1,
  },
};
const several = {
  kafka: { replicas: 3 },
  cassandra: { replicas: 3 },
  presto: { workers: 2 },
  spark: { executors: 2 },
};

/** Stacks whose networks differ. */
const stacks: Record<string, Record<string, unknown>> = {
  "embedded in profile core": {},
  "embedded in profile full": { "millrace:profile": "full" },
  "embedded in profile studio, with tasks in the scheduler": {
    "millrace:profile": "studio",
    "millrace:services": { airflow: { executor: "local" } },
  },
  "minikube in profile full, with several of each": {
    "millrace:profile": "full",
    "millrace:cluster": { target: "minikube" },
    "millrace:services": several,
  },
  "embedded in profile full, with a login before each page": {
    "millrace:profile": "full",
    "millrace:cluster": { askForLogin: "always" },
  },
  "cloud with existing S3 and Kafka in profile full": {
    "millrace:profile": "full",
    "millrace:cluster": cloud,
    "millrace:services": existing,
  },
  "embedded in profile streams": { "millrace:profile": "streams" },
  "embedded in profile streams, with several members of ZooKeeper": {
    "millrace:profile": "streams",
    "millrace:services": { zookeeper: { replicas: 3 } },
  },
  "embedded in profile streams, with an existing ZooKeeper": {
    "millrace:profile": "streams",
    "millrace:services": {
      zookeeper: { existing: { servers: "zk1.example:2181", username: "me", secretName: "zk" } },
    },
  },
  "a stack with Versity's gateway": { "millrace:services": { objectStore: { server: "versity" } } },
};

let run = 0;

async function render(config: Record<string, unknown>): Promise<{ mocked: Mocked; edges: readonly Edge[] }> {
  const mocked = await mock({ config: { "millrace:network": { policies: true }, ...config } });
  run += 1;
  // Another query makes Node evaluate the program anew, with this test's monitor.
  const { edges } = (await import(`../index.ts?network=${run}`)) as Program;
  await mocked.resources();
  return { mocked, edges };
}

/** Who has an address for others: Airflow's parts have the connections of all DAGs, and the hub has what users' servers get. */
const forOthers = [
  /^airflow\/(api-server|dag-processor|scheduler|setup) → (kafka\/broker|presto\/coordinator|spark-connect\/server|airflow\/api-server):/,
  /^airflow\/triggerer → airflow\/api-server:/,
  /^jupyterhub\/hub → object-store\/server:/,
  // Connectors and jobs in SQL, which are handed to the workers with the addresses that these go to.
  /^connect-supervisor\/(setup|supervisor) → (metastore|object-store)\/server:/,
  /^flink\/jobs → kafka\/broker:/,
  // Parameters of flows, which are handed to NiFi.
  /^nifi-(flows\/setup|supervisor\/supervisor) → (kafka\/broker|object-store\/server):/,
  // The proof tries that it is closed.
  /^proof\/check → postgres\/server:/,
];

/** Edges between pods that learn of each other while they run. */
const untoldEdges = [
  "jupyterhub/hub → jupyterhub/notebook in users",
  "jupyterhub/proxy → jupyterhub/notebook in users",
  "jupyterhub/notebook in users → jupyterhub/hub",
  "presto/coordinator → presto/worker",
  "flink/jobmanager → flink/taskmanager",
  "flink/taskmanager → flink/jobmanager",
  // Its certificate has a name without a namespace.
  "nifi-supervisor/supervisor → nifi/server",
  "nifi/server → object-store/server",
  // By a connector's or a job's settings, or by a file of settings that is made when it starts.
  "connect/worker → metastore/server",
  "connect/worker → object-store/server",
  "flink/jobmanager → metastore/server",
  "flink/taskmanager → metastore/server",
];

describe("the network of the program", function () {
  this.timeout(60_000);
  for (const [name, config] of Object.entries(stacks)) {
    describe(`for ${name}`, () => {
      let mocked: Mocked;
      let edges: readonly Edge[];
      before(async () => {
        ({ mocked, edges } = await render(config));
      });

      it("has an edge for every address that a pod is told", async () => {
        const missing = await undeclared(mocked, edges);
        const own = missing.filter((address) => !forOthers.some((held) => held.test(address)));
        expect(own).to.deep.equal([]);
      });

      it("has no edge to a server that the pod is not told of, but to pods that tell each other where they are", async () => {
        const services = await serviceRoles(mocked);
        const all = await pods(mocked);
        const untold = edges.filter(({ from, to }) => {
          const [role, target] = [roleOf(from), roleOf(to)];
          if (role === undefined || target === undefined || role === target) return false;
          if (role === "spark/executor" || target === "spark/executor") return false;
          const texts = all.filter((pod) => pod.role === role).map(({ text }) => text);
          return !texts.some((text) => addresses(text, services).some((address) => address.role === target));
        });
        const found = untold.map(({ from, to }) => `${endName(from)} → ${endName(to)}`);
        // It finds pods with figures by what the cluster says of them.
        const others = found.filter((edge) => !edge.startsWith("metrics/store → "));
        expect(others.filter((edge) => !untoldEdges.includes(edge))).to.deep.equal([]);
      });

      it("has an edge to the API server for those that have a token, and no other", async () => {
        const withToken = (await pods(mocked)).filter(({ text }) =>
          text.includes('"automountServiceAccountToken":true'),
        );
        const asking = edges.filter(({ to }) => to.kind === "apiServer").map(({ from }) => roleOf(from));
        // Airflow gives the pods of a DAG that makes pods an account when it makes them.
        const found = new Set(asking.filter((role) => role !== "airflow/task"));
        expect([...found]).to.have.members([...new Set(withToken.map(({ role }) => role))]);
      });

      it("has an edge from the API server to each service that status asks, at the port that it asks", () => {
        const asked = edges.filter(({ from }) => from.kind === "apiServer");
        const enabled = loadConfig(config).services;
        const wanted = Object.entries({
          airflow: "airflow/api-server:8080",
          connect: "connect-supervisor/supervisor:8080",
          flink: "flink/jobmanager:8081",
          logs: "logs-collector/collector:8080 logs/store:9428",
          metrics: "metrics-alerts/alerts:8880 metrics/store:8428",
          nifi: "nifi-supervisor/supervisor:8080",
          zookeeper: "zookeeper/member:8080",
        }).filter(([name]) => {
          const own: { readonly enabled: boolean; readonly existing?: unknown } = enabled[name as "zookeeper"];
          return own.enabled && own.existing === undefined;
        });
        expect(asked.map(({ to, ports }) => `${roleOf(to) ?? ""}:${ports.join()}`).sort()).to.deep.equal(
          wanted.flatMap(([, at]) => at.split(" ")),
        );
      });

      it("lets the proof try a server that runs and that no edge leads it to", async () => {
        const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
        const { closed } = JSON.parse(envOf(inputs)["PROOF_CONFIG"] ?? "") as {
          closed: { host: string; port: number };
        };
        const services = await serviceRoles(mocked);
        const [tried] = addresses(`${closed.host}:${closed.port}`, services);
        const open = edges.filter(({ to, ports }) => roleOf(to) === tried?.role && ports.includes(closed.port));
        expect(open, "edges of others to it").not.to.deep.equal([]);
        expect(open.filter(({ from }) => roleOf(from) === "proof/check")).to.deep.equal([]);
      });

      it("closes every pod to all that is no edge, the proof's included", async () => {
        const policies = await mocked.ofType("kubernetes:networking.k8s.io/v1:NetworkPolicy");
        const selected = policies.map(
          ({ inputs }) => (inputs.spec as unknown as PolicySpec).podSelector.matchLabels ?? {},
        );
        const roles = new Set(selected.map((labels) => `${labels[NAME_LABEL] ?? ""}/${labels[COMPONENT_LABEL] ?? ""}`));
        const ends = edges.flatMap(({ from, to }) => [roleOf(from), roleOf(to)]).filter((role) => role !== undefined);
        expect([...roles]).to.have.members([...new Set(ends), "/"]);
        expect(policies.map((policy) => policy.name)).to.include("deny-all-else");
        const open = policies.flatMap(({ inputs }) => {
          const spec = inputs.spec as unknown as PolicySpec;
          return [...(spec.ingress ?? []), ...spec.egress].filter(({ ports }) => ports?.length === 0);
        });
        expect(open, "rules for all ports").to.deep.equal([]);
      });
    });
  }

  it("knows where pods of people's programs are, and has their policies there", async () => {
    const { mocked, edges } = await render({ "millrace:profile": "full", "millrace:services": several });
    const places = new Map(
      edges
        .flatMap(({ from, to }) => [from, to])
        .flatMap((end) => (end.kind === "pods" ? [[roleOf(end), end.in]] : [])),
    );
    const apart = [...places].flatMap(([role = "", place]) => (place === undefined ? [] : [`${role} in ${place}`]));
    expect(apart.sort()).to.deep.equal([
      "airflow/task in jobs",
      "jupyterhub/notebook in users",
      "spark-census-batch-driver/driver in jobs",
      "spark/executor in jobs",
    ]);
    const policies = await mocked.ofType("kubernetes:networking.k8s.io/v1:NetworkPolicy");
    const where = policies.map(({ inputs }) => `${inputs.metadata.namespace} ${inputs.metadata.name}`);
    expect(where.filter((one) => !one.startsWith("millrace "))).to.have.members([
      "millrace-jobs airflow-task",
      "millrace-jobs airflow-task-census-batch",
      "millrace-jobs deny-all-else",
      "millrace-jobs spark-census-batch-driver-driver",
      "millrace-jobs spark-executor-census-batch",
      "millrace-jobs spark-executor-spark-connect",
      "millrace-jobs spark-executor-telemetry",
      "millrace-users deny-all-else",
      "millrace-users jupyterhub-notebook",
    ]);
    expect(where).to.include("millrace deny-all-else");
  });

  it("leads outside where a service is an existing one", async () => {
    const { mocked, edges } = await render(stacks["cloud with existing S3 and Kafka in profile full"] ?? {});
    const outside = edges.filter(({ to }) => to.kind === "outside");
    const found = new Set(outside.map(({ to, ports }) => `${endName(to)} ${ports.join()}`));
    expect([...found].sort()).to.deep.equal([
      "outside: b1.example (any address), b2.example (any address) 9092,9093",
      "outside: s3.eu-central-1.amazonaws.com (any address) 443",
    ]);
    const missing = await undeclaredOutside(mocked, edges, ["s3.eu-central-1.amazonaws.com", "b1.example"]);
    const forOthersOutside = [
      /^(airflow\/(api-server|dag-processor|scheduler|setup)|jupyterhub\/hub) → /,
      // It shows who connects to whom.
      /^display\/server → s3\.eu-central-1\.amazonaws\.com$/,
    ];
    expect(missing.filter((edge) => !forOthersOutside.some((held) => held.test(edge)))).to.deep.equal([]);
    const asking = (why: string) => outside.filter((edge) => edge.why === why).map(({ from }) => endName(from));
    expect(asking("S3")).to.include.members(["presto/coordinator", "metastore/server", "postgres-backup/store"]);
    expect(asking("Kafka")).to.include.members(["telemetry-producer/producer", "spark-telemetry-driver/driver"]);
  });

  it("tells Spark to label executors as the policies know them, and to have them listen on the port that these open", async () => {
    const { mocked, edges } = await render({ "millrace:profile": "full", "millrace:services": several });
    const settings = await mocked.get("kubernetes:core/v1:ConfigMap", "spark-settings");
    expect(settings.inputs.data["spark-defaults.conf"]).to.contain("spark.blockManager.port 7079\n");
    const label = /spark\.kubernetes\.executor\.label\.app\.kubernetes\.io\/instance=([a-z-]+)/g;
    const told = (await pods(mocked)).flatMap(({ text }) => [...text.matchAll(label)].map(([, name = ""]) => name));
    const executors = edges.flatMap(({ from }) =>
      from.kind === "pods" && from.component === "executor" ? Object.entries(from.also ?? {}) : [],
    );
    expect([...new Set(executors.map(([key]) => key))]).to.deep.equal(["app.kubernetes.io/instance"]);
    expect(new Set(executors.map(([, name]) => name))).to.deep.equal(new Set(told));
    expect(told).to.include.members(["telemetry", "census-batch", "spark-connect"]);
    const between = edges.filter(
      ({ from, to }) => roleOf(from) === "spark/executor" && roleOf(to) === "spark/executor",
    );
    expect(between.every(({ from, to, ports }) => endName(from) === endName(to) && ports.join() === "7079")).to.equal(
      true,
    );
  });

  it("has no policy unless the stack asks for them, and tells its edges all the same", async () => {
    const { mocked, edges } = await render({ "millrace:network": { policies: false } });
    expect(await mocked.ofType("kubernetes:networking.k8s.io/v1:NetworkPolicy")).to.deep.equal([]);
    expect(edges.length).to.be.greaterThan(15);
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "proof");
    expect(envOf(inputs)["PROOF_CONFIG"]).not.to.contain('"closed"');
  });
});
