import { expect } from "chai";
import { mock } from "./support/mocks.ts";

interface Container {
  readonly name: string;
  readonly resources: { readonly requests: Amounts; readonly limits: Amounts };
}
interface Amounts {
  readonly cpu: string;
  readonly memory: string;
}
interface Template {
  readonly spec: { readonly containers: readonly Container[] };
}

let run = 0;

/** What each pod asks for and may use: those of workloads, and those that others make from a text in a ConfigMap. */
async function sizes(config: Record<string, unknown>): Promise<Record<string, string>> {
  const mocked = await mock({ config });
  run += 1;
  await import(`../index.ts?sizes=${run}`);
  const found: Record<string, string> = {};
  const add = (name: string, { spec }: Template): void => {
    const [main] = spec.containers;
    if (main === undefined) throw new Error(`${name} has no container`);
    const { requests, limits } = main.resources;
    found[name] = `${requests.cpu}/${limits.cpu} ${requests.memory}/${limits.memory}`;
  };
  for (const { type, name, inputs } of await mocked.resources()) {
    if (/:(StatefulSet|Deployment|Job)$/.test(type)) add(name, inputs.spec.template as unknown as Template);
    if (!type.endsWith(":ConfigMap")) continue;
    for (const [key, text] of Object.entries(inputs.data)) {
      if (/^\{[^]*"containers": ?\[/.test(text)) add(`${name}/${key}`, JSON.parse(text) as Template);
    }
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const cloud = { target: "cloud", context: "prod", registry: { push: "registry.example.com/millrace" } };

/** What a laptop bears. */
const small = {
  "airflow-api-server": "50m/1500m 384Mi/768Mi",
  "airflow-dag-processor": "30m/1500m 224Mi/640Mi",
  "airflow-scheduler": "50m/1500m 352Mi/640Mi",
  "airflow-settings/task-pod.yaml": "80m/2 461Mi/1Gi",
  "airflow-setup": "30m/1500m 224Mi/640Mi",
  "airflow-triggerer": "20m/1 231Mi/512Mi",
  cassandra: "80m/2 672Mi/896Mi",
  "cassandra-setup": "50m/1 96Mi/384Mi",
  "census-file": "20m/1 90Mi/256Mi",
  display: "40m/1 128Mi/256Mi",
  "jupyterhub-hub": "30m/1 173Mi/384Mi",
  "jupyterhub-hub/pod.json": "50m/2 384Mi/1536Mi",
  "jupyterhub-proxy": "10m/500m 80Mi/160Mi",
  logs: "20m/1 77Mi/192Mi",
  "logs-collector": "20m/1 80Mi/160Mi",
  metrics: "40m/1 128Mi/256Mi",
  "audit-log": "10m/500m 64Mi/128Mi",
  "metrics-alerts": "10m/500m 64Mi/128Mi",
  "metrics-exporter": "10m/500m 64Mi/128Mi",
  "metrics-proxy": "10m/500m 64Mi/128Mi",
  portal: "10m/500m 64Mi/128Mi",
  kafka: "100m/2 515Mi/768Mi",
  "kafka-topics": "50m/1 96Mi/384Mi",
  metastore: "50m/1500m 384Mi/640Mi",
  "notebooks-setup": "50m/1 96Mi/384Mi",
  "object-store": "50m/1 64Mi/512Mi",
  "object-store-setup": "50m/1 96Mi/384Mi",
  postgres: "50m/1 128Mi/320Mi",
  "postgres-setup": "50m/1 128Mi/320Mi",
  presto: "100m/2 1082Mi/1664Mi",
  proof: "50m/1 144Mi/384Mi",
  "random-numbers": "20m/500m 77Mi/192Mi",
  "spark-batch/census-batch.yaml": "80m/2 1Gi/1280Mi",
  "spark-census-driver": "80m/2 1Gi/1280Mi",
  "spark-connect": "80m/2 1Gi/1280Mi",
  "spark-history": "20m/1 308Mi/512Mi",
  "spark-settings-in-jobs/executor-pod.yaml": "80m/1 1408Mi/1408Mi",
  "spark-settings/executor-pod.yaml": "80m/1 1408Mi/1408Mi",
  "spark-telemetry-driver": "80m/2 1127Mi/1408Mi",
  "telemetry-producer": "20m/500m 96Mi/256Mi",
};

/** What an ordinary load takes on nodes for production; set-up Jobs are as short there as elsewhere. */
const large = {
  "airflow-api-server": "250m/2 768Mi/768Mi",
  "airflow-dag-processor": "200m/2 640Mi/640Mi",
  "airflow-scheduler": "250m/2 640Mi/640Mi",
  "airflow-settings/task-pod.yaml": "250m/2 1Gi/1Gi",
  "airflow-setup": "200m/2 640Mi/640Mi",
  "airflow-triggerer": "100m/1 512Mi/512Mi",
  cassandra: "1/4 896Mi/896Mi",
  "cassandra-setup": "50m/1 96Mi/384Mi",
  "census-file": "100m/1 256Mi/256Mi",
  display: "100m/1 256Mi/256Mi",
  "jupyterhub-hub": "100m/1 384Mi/384Mi",
  "jupyterhub-hub/pod.json": "250m/4 768Mi/1536Mi",
  "jupyterhub-proxy": "100m/1 160Mi/160Mi",
  logs: "100m/2 192Mi/192Mi",
  "logs-collector": "50m/1 160Mi/160Mi",
  metrics: "200m/2 256Mi/256Mi",
  "audit-log": "20m/500m 128Mi/128Mi",
  "metrics-alerts": "20m/500m 128Mi/128Mi",
  "metrics-exporter": "20m/500m 128Mi/128Mi",
  "metrics-proxy": "20m/500m 128Mi/128Mi",
  portal: "20m/500m 128Mi/128Mi",
  kafka: "500m/4 768Mi/768Mi",
  "kafka-topics": "50m/1 96Mi/384Mi",
  metastore: "250m/2 640Mi/640Mi",
  "notebooks-setup": "50m/1 96Mi/384Mi",
  "object-store": "250m/2 512Mi/512Mi",
  "object-store-setup": "50m/1 96Mi/384Mi",
  postgres: "250m/2 320Mi/320Mi",
  "postgres-setup": "250m/2 320Mi/320Mi",
  presto: "1/4 1664Mi/1664Mi",
  proof: "100m/1 384Mi/384Mi",
  "random-numbers": "50m/500m 192Mi/192Mi",
  "spark-batch/census-batch.yaml": "500m/2 1280Mi/1280Mi",
  "spark-census-driver": "500m/2 1280Mi/1280Mi",
  "spark-connect": "500m/2 1280Mi/1280Mi",
  "spark-history": "100m/1 512Mi/512Mi",
  "spark-settings-in-jobs/executor-pod.yaml": "1/1 1408Mi/1408Mi",
  "spark-settings/executor-pod.yaml": "1/1 1408Mi/1408Mi",
  "spark-telemetry-driver": "500m/2 1408Mi/1408Mi",
  "telemetry-producer": "50m/500m 256Mi/256Mi",
};

describe("The pods of the whole platform", function () {
  this.timeout(60_000);

  for (const target of ["embedded", "minikube", "microk8s"]) {
    it(`have the sizes of a laptop on ${target}`, async () => {
      // Beyond the loopback pages have a login before them.
      const proxy = target === "embedded" ? {} : { "auth-proxy": "10m/500m 16Mi/64Mi" };
      const found = await sizes({ "millrace:profile": "full", "millrace:cluster": { target } });
      expect(found).to.deep.equal({ ...small, ...proxy });
    });
  }

  it("have sizes for production on cloud", async () => {
    expect(await sizes({ "millrace:profile": "full", "millrace:cluster": cloud })).to.deep.equal(large);
  });

  it("have the sizes of a laptop on cloud where the stack says so, and those for production elsewhere", async () => {
    const on = (cluster: object) => sizes({ "millrace:profile": "full", "millrace:cluster": cluster });
    expect(await on({ ...cloud, sizes: "small" })).to.deep.equal(small);
    expect(await on({ target: "embedded", sizes: "large" })).to.deep.equal(large);
    const published = { ...cloud, exposure: "loadBalancer" };
    expect(await on(published)).to.deep.equal({ ...large, "auth-proxy": "50m/1 32Mi/64Mi" });
  });
});
