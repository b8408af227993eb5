/** The pod of a user's server: one template for all, and what differs by user. The hub makes the pods. */
import * as pulumi from "@pulumi/pulumi";
import { type ClientEndpoints, clientPodParts } from "../notebooks/client-endpoints.ts";
import type { S3Endpoint } from "../object-store/endpoint.ts";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import { escapedUser } from "../../platform/names.ts";
import { quantityOf } from "../../platform/quantity.ts";
import type { Quarters } from "../../platform/quarters.ts";
import type { Scheduling } from "../../platform/scheduling.ts";
import { type EnvVar, podTemplate, type Resources, tcpProbe } from "../../platform/workload.ts";

/** Role of a user's pod in its labels. KubeSpawner knows the container by this name. */
export const NOTEBOOK = "notebook";
/** Where the server finds its settings. */
export const SERVER_PATH = "/opt/millrace/server";
/** Key of the running server's token in its Secret. */
export const TOKEN_FIELD = "token";
export const SERVER_PORT = 8888;
/** User of the image, whose home is in it. */
export const JUPYTER_UID = 1000;
/** Most that a user keeps in the pod, with packages that are added to it. */
const SCRATCH_SIZE = "10Gi";

/** Where a user's files are. */
export interface Home {
  /** The store with the user's own key. */
  readonly objectStore: S3Endpoint;
  readonly bucket: string;
  /** Empty, or ending in a slash. */
  readonly prefix: string;
}

export interface ServerPodArgs {
  /** Name of the hub that starts the servers. */
  readonly hub: string;
  readonly image: pulumi.Input<string>;
  readonly resources: Resources;
  /** Its namespace. */
  readonly servers: Quarters;
  /** Where it runs. @default - anywhere */
  readonly scheduling?: Scheduling | undefined;
  readonly clients: ClientEndpoints;
  readonly idleMinutes: number;
  readonly homes: Readonly<Record<string, Home>>;
  /** What Spark Connect asks for. @default - it asks for nothing */
  readonly sparkToken?: SecretKeyRef;
  /** ConfigMap with the server's settings. */
  readonly settingsName: pulumi.Input<string>;
}

/** Name of the Secret with the token of a user's running server. */
export function serverSecretName(hub: string, user: string): string {
  return `${hub}-server-${escapedUser(user)}`;
}

/** Text of `pod.json`: the template of every user's pod. The hub adds the user's environment and its own. */
export function serverPodText(args: ServerPodArgs): pulumi.Output<string> {
  const parts = Object.values(args.homes).map((home) => clientPodParts(args.clients, home.objectStore.credentials));
  const template = podTemplate({
    service: args.hub,
    component: NOTEBOOK,
    image: args.image,
    env: [
      { name: "JUPYTER_CONFIG_PATH", value: SERVER_PATH },
      // Without its settings a server would keep files in the pod only.
      { name: "TRAITLETS_APPLICATION_RAISE_CONFIG_FILE_ERROR", value: "1" },
      { name: "IDLE_MINUTES", value: String(args.idleMinutes) },
      // How often the hub is told of work, in seconds: some times before it counts a server as idle.
      { name: "JUPYTERHUB_ACTIVITY_INTERVAL", value: String(Math.min(60, args.idleMinutes * 20)) },
      // What the Lab shows as the limit.
      { name: "MEM_LIMIT", value: String(quantityOf(args.resources.limits.memory) ?? 0) },
    ],
    // KubeSpawner finds the port by this name.
    ports: { "notebook-port": SERVER_PORT },
    trust: args.clients.trust,
    resources: args.resources,
    scheduling: args.scheduling,
    probes: {
      startup: tcpProbe(SERVER_PORT, { periodSeconds: 1 }),
      readiness: tcpProbe(SERVER_PORT, { periodSeconds: 5, failureThreshold: 6 }),
    },
    volumes: [{ name: "settings", configMap: { name: args.settingsName } }, ...(parts[0]?.volumes ?? [])],
    mounts: [{ name: "settings", mountPath: SERVER_PATH, readOnly: true }, ...(parts[0]?.mounts ?? [])],
    uid: JUPYTER_UID,
    scratch: ["/home/jovyan", "/tmp"],
    scratchSize: SCRATCH_SIZE,
    restartPolicy: "OnFailure",
    terminationGracePeriodSeconds: 10,
  });
  return pulumi.output(template).apply((pod) => JSON.stringify(pod, undefined, 2));
}

/** Text of `people.json`: each user's keys, home, and Secret for the server's token. */
export function peopleText(
  args: Pick<ServerPodArgs, "hub" | "servers" | "clients" | "homes" | "sparkToken">,
): pulumi.Output<string> {
  const people = Object.entries(args.homes).map(([user, { objectStore, bucket, prefix }]) => {
    const home = `s3://${bucket}/${prefix}`;
    const { env } = clientPodParts(args.clients, objectStore.credentials, args.sparkToken, home, args.servers);
    return [user, { env, tokenSecretName: serverSecretName(args.hub, user) }] satisfies [string, Person];
  });
  return pulumi
    .output(Object.fromEntries(people) as Record<string, Person>)
    .apply((texts) => JSON.stringify(texts, undefined, 2));
}

interface Person {
  readonly env: EnvVar[];
  readonly tokenSecretName: string;
}
