/** Airflow, JupyterHub and S3 as people and programs reach them from outside, with the passwords of the platform's Secrets. */
import { AirflowClient } from "../../components/airflow/hops/airflow-client.ts";
import { JupyterHubClient } from "../../components/jupyterhub/hops/jupyterhub-client.ts";
import { type ObjectStore, objectStore } from "../../components/object-store/hops/store-client.ts";
import { ROBOT } from "../../platform/names.ts";
import { addressOf, secret, stack } from "./platform.ts";

export const AIRFLOW_ADMIN = "admin";

/** A person's account of JupyterHub. */
export function person(): string {
  const [first] = stack.config.services.jupyterhub.users;
  if (first === undefined) throw new Error("the stack names no user of JupyterHub");
  return first;
}

export const airflowUrl = (): string => `http://${addressOf("airflow")}`;
export const jupyterhubUrl = (): string => `http://${addressOf("jupyterhub")}`;
export const airflowPassword = (user: string): Promise<string> => secret("airflow-users", user);
export const jupyterhubPassword = (user: string): Promise<string> => secret("jupyterhub-users", user);

export async function airflow(): Promise<AirflowClient> {
  return new AirflowClient({ url: airflowUrl(), user: ROBOT, password: await airflowPassword(ROBOT) });
}

/** A session of an account, logged in. */
export async function logIn(user: string): Promise<JupyterHubClient> {
  const password = await jupyterhubPassword(user);
  const hub = new JupyterHubClient({ url: jupyterhubUrl(), user, password, note: "e2e" });
  await hub.logIn();
  return hub;
}

/** A bucket, seen with a consumer's key. */
export async function bucketOf(consumer: string, bucket: string): Promise<ObjectStore> {
  const name = `object-store-key-${consumer}`;
  const [host = "", port = ""] = addressOf("objectStore").split(":");
  return objectStore({
    protocol: "http",
    host,
    port: Number(port),
    region: "us-east-1",
    pathStyle: true,
    bucket,
    accessKey: await secret(name, "accessKey"),
    secretKey: await secret(name, "secretKey"),
  });
}
