import { expect } from "chai";
import { fernetKey } from "../../../components/airflow/airflow-secrets.ts";
import { airflowSettings, dagBundles, settingsEnv } from "../../../components/airflow/airflow-settings.ts";
import { valueOf } from "../../support/mocks.ts";
import * as pulumi from "@pulumi/pulumi";

const common = {
  apiUrl: "http://airflow.data.svc:8080",
  tasksNamespace: "data",
  logs: "s3://airflow/logs",
  connection: "s3_logs",
  timezone: "UTC",
};

describe("Airflow's settings", () => {
  it("take DAGs from the image, and from a bucket on demand", () => {
    const platform = {
      name: "platform",
      classpath: "airflow.dag_processing.bundles.local.LocalDagBundle",
      kwargs: { path: "/opt/airflow/dags", refresh_interval: 30 },
    };
    expect(JSON.parse(dagBundles(undefined, "s3_logs"))).to.deep.equal([platform]);
    expect(JSON.parse(dagBundles("dags", "s3_logs"))).to.deep.equal([
      platform,
      {
        name: "team",
        classpath: "airflow.providers.amazon.aws.bundles.s3.S3DagBundle",
        kwargs: {
          bucket_name: "dags",
          aws_conn_id: "s3_logs",
          refresh_interval: 30,
          view_url_template: "s3://dags",
        },
      },
    ]);
  });

  it("are environment variables by section and key", async () => {
    const env = settingsEnv(airflowSettings({ ...common, executor: "kubernetes", dagBucket: undefined }));
    const value = async (name: string): Promise<string | undefined> =>
      await valueOf(pulumi.output(env.find((variable) => variable.name === name)?.value));
    expect(await value("AIRFLOW__CORE__EXECUTION_API_SERVER_URL")).to.equal("http://airflow.data.svc:8080/execution/");
    expect(await value("AIRFLOW__LOGGING__REMOTE_BASE_LOG_FOLDER")).to.equal("s3://airflow/logs");
    expect(await value("AIRFLOW__KUBERNETES_EXECUTOR__NAMESPACE")).to.equal("data");
    expect(await value("AIRFLOW__CORE__EXECUTOR")).to.equal("pod_ends.ExplainingExecutor");
    expect(await value("AIRFLOW__CORE__LOAD_EXAMPLES")).to.equal("False");
    expect(await value("AIRFLOW__USAGE_DATA_COLLECTION__ENABLED")).to.equal("False");
  });

  it("leave out what only task pods need where there are none", () => {
    const settings = airflowSettings({ ...common, executor: "local", dagBucket: undefined });
    expect(Object.keys(settings)).not.to.include("kubernetes_executor");
    expect(settings["core"]?.["executor"]).to.equal("LocalExecutor");
  });

  it("notice a killed scheduler, and a task that died with it, within a minute", () => {
    const scheduler = airflowSettings({ ...common, executor: "local", dagBucket: undefined })["scheduler"] ?? {};
    const seconds = (key: string): number => Number(scheduler[key]);
    const noticed = seconds("scheduler_health_check_threshold") + seconds("orphaned_tasks_check_interval");
    expect(noticed).to.be.at.most(60);
    expect(seconds("task_instance_heartbeat_timeout")).to.be.at.most(60);
  });

  it("let a task in a pod wait for an API server that starts anew before it counts as dead", () => {
    const { scheduler = {}, workers = {} } = airflowSettings({
      ...common,
      executor: "kubernetes",
      dagBucket: undefined,
    });
    const waits = Number(workers["execution_api_retries"]) * Number(workers["execution_api_retry_wait_max"]);
    expect(waits).to.be.within(60, Number(scheduler["task_instance_heartbeat_timeout"]));
  });

  it("have a Fernet key in the form that Fernet wants", () => {
    expect(fernetKey("fb".repeat(32))).to.equal(`${"-_v7".repeat(10)}-_s=`);
  });
});
