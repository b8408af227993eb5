/** The Job that gives each consumer of an ensemble its node. */
import type * as k8s from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";
import { job, type Resources } from "../../platform/workload.ts";

const PASSWORD_PATH = "/run/zookeeper-password";

export interface SetupJobArgs {
  readonly name: string;
  readonly namespace: pulumi.Input<string>;
  readonly toolsImage: pulumi.Input<string>;
  readonly resources: Resources;
  readonly at: Destination;
  /** `host:port,host:port` */
  readonly servers: pulumi.Input<string>;
  readonly user: pulumi.Input<string>;
  readonly password: SecretKeyRef;
  /** Node below which the consumers' are made. @default - the whole tree is the platform's */
  readonly root?: string;
  readonly consumers: readonly string[];
  /** It runs again when it changes. */
  readonly config: pulumi.Input<string>;
}

export function setupJob(args: SetupJobArgs, opts: pulumi.CustomResourceOptions): k8s.batch.v1.Job {
  const { name, namespace, toolsImage, resources, at, servers, user, password, root, consumers, config } = args;
  return job(
    {
      name,
      namespace,
      retries: 3,
      pod: {
        service: name,
        component: "setup",
        reaches: [at],
        image: toolsImage,
        command: ["node", "/opt/millrace/components/zookeeper/programs/zookeeper-setup.ts"],
        env: [
          { name: "ZOOKEEPER_SERVERS", value: servers },
          { name: "ZOOKEEPER_USER", value: user },
          { name: "ZOOKEEPER_PASSWORD_FILE", value: `${PASSWORD_PATH}/${password.key}` },
          ...(root === undefined ? [] : [{ name: "ZOOKEEPER_ROOT", value: root }]),
          { name: "CONSUMERS", value: consumers.join(",") },
        ],
        resources,
        config,
        volumes: [
          {
            name: "password",
            secret: { secretName: password.secretName, items: [{ key: password.key, path: password.key }] },
          },
        ],
        mounts: [{ name: "password", mountPath: PASSWORD_PATH, readOnly: true }],
        scratch: ["/tmp"],
      },
    },
    opts,
  );
}
