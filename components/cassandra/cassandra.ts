/** Cassandra: nodes that share declared keyspaces and tables, with a role and a password of its own for each consumer. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import {
  type CassandraKeyspaces,
  type CassandraRight,
  type CassandraRoles,
  keyspaceProblems,
  MONITOR,
  SUPERUSER,
  VIEWS,
} from "./cassandra-keyspaces.ts";
import { cassandraNodeEnv, DATACENTER } from "./cassandra-settings.ts";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import type { CassandraEndpoint } from "./endpoint.ts";
import { FILES_SIZE } from "../../platform/confinement.ts";
import { PASSWORD_KEY, rolePassword, secretFolders } from "../../platform/generated-secret.ts";
import type { CollectorChoice } from "../../platform/jvm.ts";
import { labels, podHost, roleSecretName, selector, serviceHost } from "../../platform/names.ts";
import { podsAt } from "../../platform/network.ts";
import { type DataSettings, type Storage, dataProblems } from "../../platform/storage.ts";
import {
  DATA_JOB_SECONDS,
  job,
  type Resources,
  secretEnv,
  service,
  statefulSet,
  tcpProbe,
} from "../../platform/workload.ts";

export type {
  CassandraKeyspaces,
  CassandraRight,
  CassandraRoles,
  CassandraTable,
  CassandraType,
} from "./cassandra-keyspaces.ts";

const ROLE = "node";
const CQL_PORT = 9042;
const GOSSIP_PORT = 7000;
/** User and group of the server in the upstream image. */
const UID = 999;
const DATA_VOLUME = "data";
const DATA_PATH = "/var/lib/cassandra";
const SETTINGS_PATH = "/etc/cassandra";
const PASSWORDS_PATH = "/run/passwords";
const DEFAULT_DATA: DataSettings = { kind: "persistent", size: "5Gi" };
/** Time to write everything back when it is told to stop, in seconds. */
const STOP_SECONDS = 60;

/**
 * Data outlive the service that is switched off, its passwords do not. With a superuser's password that is not the one
 * the data were made with, the logins are forgotten, as on a new cluster, and the setup makes all of them anew.
 */
const FORGET_LOGINS = `set -eu
known=$DATA/superuser.sha256
now=$(printf %s "$SUPERUSER_PASSWORD" | sha256sum | cut -d' ' -f1)
if [ -s "$known" ] && [ "$(cat "$known")" != "$now" ]; then
  echo "the superuser has a new password: the setup makes all logins anew"
  for table in roles role_members role_permissions; do rm -rf "$DATA"/data/system_auth/$table-*; done
fi
printf %s "$now" > "$known.new"
mv "$known.new" "$known"
`;
/** Nodes that clients ask first; they learn of the others from these. */
const MAX_CONTACT_POINTS = 3;

export interface CassandraArgs<Consumer extends string> {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `cassandra:5`. */
  readonly image: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly storage: Storage;
  /** How data is kept. @default - on a claim of 5Gi */
  readonly data?: DataSettings;
  readonly resources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  readonly setupResources: Resources;
  /** Number of nodes. @default 1 */
  readonly replicas?: number;
  /** Nodes that have a copy of each row. @default - as many as there are, and three at most */
  readonly replicationFactor?: number;
  /** What it shall hold. Columns that come later are added; nothing is ever dropped. */
  readonly keyspaces: CassandraKeyspaces;
  /** What each consumer may do, and nothing else. */
  readonly roles: Readonly<Record<Consumer, Readonly<Record<string, CassandraRight>>>>;
}

/** What is wrong with the arguments; empty when nothing is. */
export function cassandraProblems(args: {
  readonly replicas?: number;
  readonly replicationFactor?: number;
  readonly data?: DataSettings;
  readonly keyspaces: CassandraKeyspaces;
  readonly roles: CassandraRoles;
}): string[] {
  const replicas = args.replicas ?? 1;
  const problems = dataProblems("cassandra", args.data ?? DEFAULT_DATA);
  if (!Number.isInteger(replicas) || replicas < 1) {
    problems.push(`cassandra: replicas is ${replicas}; give a whole number from 1`);
  }
  const copies = args.replicationFactor;
  if (copies !== undefined && (!Number.isInteger(copies) || copies < 1 || copies > replicas)) {
    problems.push(`cassandra: replicationFactor is ${copies}; give a whole number from 1 to replicas (${replicas})`);
  }
  if (replicas > 1 && args.data?.kind === "ephemeral") {
    problems.push(
      "cassandra: data is ephemeral, and a node that comes back empty can't join several others again; " +
        'use data of kind "persistent", or 1 replica',
    );
  }
  return [...problems, ...keyspaceProblems(args.keyspaces, args.roles)];
}

/** The setup in the words of the Job. */
export function cassandraSetupConfig(args: {
  readonly replicationFactor: number;
  readonly keyspaces: CassandraKeyspaces;
  readonly roles: CassandraRoles;
}): string {
  const { replicationFactor, keyspaces, roles } = args;
  return JSON.stringify({ replicationFactor, keyspaces, roles });
}

/**
 * A Cassandra cluster with its data on claims. What it has acknowledged is on the disk of every node that has a copy,
 * so a killed pod or machine loses none of it. Everyone needs a password.
 */
export class Cassandra<Consumer extends string> extends Component {
  /** How the nodes are, and no data. */
  readonly monitor: CassandraEndpoint;
  readonly #endpoints: Readonly<Partial<Record<string, CassandraEndpoint>>>;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: CassandraArgs<Consumer>, opts?: ComponentOptions) {
    const { replicas = 1, data = DEFAULT_DATA, keyspaces } = args;
    const copies = args.replicationFactor ?? Math.min(3, replicas);
    const roles: CassandraRoles = args.roles;
    super("Cassandra", name, { replicas, data, keyspaces, roles }, opts);
    const problems = cassandraProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const headless = headlessName(name);
    const setupName = `${name}-setup`;
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const role = { service: name, component: ROLE };
    const at = podsAt(role, [CQL_PORT], "CQL");
    const allRoles: CassandraRoles = { ...roles, [MONITOR]: { [VIEWS]: "read" } };
    const consumers = Object.keys(roles);
    const contactPoints = pulumi
      .output(args.namespace)
      .apply((namespace) => contactPointsOf(name, replicas, namespace));

    const password = (role: string) => rolePassword(name, role, args.namespace, childOptions);
    const superuser = password(SUPERUSER);
    const monitor = password(MONITOR);
    const passwords = consumers.map((consumer) => ({ consumer, ...password(consumer) }));
    service(name, { ...meta, ports: { cql: CQL_PORT } }, childOptions);
    service(headless, { ...meta, ports: { cql: CQL_PORT, gossip: GOSSIP_PORT }, headless: true }, childOptions);
    const nodes = createNodes();
    const setup = createSetup();

    const endpoint = (user: string, ref: SecretKeyRef): CassandraEndpoint => ({
      kind: "cassandra",
      contactPoints,
      port: pulumi.output(CQL_PORT),
      datacenter: DATACENTER,
      at,
      user,
      password: ref,
      ready: [setup],
    });
    const endpoints = passwords.map(({ consumer, ref }) => [consumer, endpoint(consumer, ref)] as const);
    this.monitor = endpoint(MONITOR, monitor.ref);
    this.#endpoints = Object.fromEntries(endpoints);
    this.registerOutputs({ contactPoints, port: CQL_PORT });

    function createNodes(): k8s.apps.v1.StatefulSet {
      const settings = (namespace: string): Record<string, string> =>
        cassandraNodeEnv({
          workload: name,
          headlessService: headless,
          namespace,
          replicas,
          limits: args.resources.limits,
          collector: args.collector,
        });
      const values = pulumi.output(args.namespace).apply(settings);
      return statefulSet(
        {
          name,
          namespace: args.namespace,
          replicas,
          headlessService: headless,
          // A node that joins takes over data from the others, and Cassandra lets in one at a time.
          podManagement: "OrderedReady",
          data: args.storage.volume(DATA_VOLUME, data),
          pod: {
            ...role,
            reaches: [podsAt(role, [GOSSIP_PORT], "nodes among themselves")],
            image: args.image,
            env: Object.keys(settings("")).map((key) => ({ name: key, value: values.apply((all) => all[key] ?? "") })),
            ports: { cql: CQL_PORT, gossip: GOSSIP_PORT },
            resources: args.resources,
            // A node that joins takes its rows over before it answers clients, for as long as that takes.
            probes: {
              startup: tcpProbe(GOSSIP_PORT, { periodSeconds: 2 }),
              readiness: tcpProbe(CQL_PORT, { periodSeconds: 5 }),
              liveness: tcpProbe(GOSSIP_PORT, { periodSeconds: 20, failureThreshold: 6 }),
            },
            uid: UID,
            // The image changes its settings in their own folder; upstream's must find them there.
            initContainers: [
              {
                name: "settings",
                image: args.image,
                command: ["bash", "-c", `cp -R ${SETTINGS_PATH}/. /settings/`],
                resources: args.resources,
                mounts: [{ name: "settings", mountPath: "/settings" }],
              },
              {
                name: "logins",
                image: args.image,
                command: ["bash", "-c", FORGET_LOGINS],
                env: [
                  { name: "DATA", value: DATA_PATH },
                  secretEnv("SUPERUSER_PASSWORD", superuser.ref.secretName, PASSWORD_KEY),
                ],
                resources: args.resources,
                mounts: [{ name: DATA_VOLUME, mountPath: DATA_PATH }],
              },
            ],
            volumes: [{ name: "settings", emptyDir: { sizeLimit: FILES_SIZE } }],
            mounts: [
              { name: DATA_VOLUME, mountPath: DATA_PATH },
              { name: "settings", mountPath: SETTINGS_PATH },
            ],
            scratch: ["/tmp", "/var/log/cassandra"],
            spread: replicas > 1,
            terminationGracePeriodSeconds: STOP_SECONDS,
          },
        },
        childOptions,
      );
    }

    function createSetup(): k8s.batch.v1.Job {
      const secrets = Object.keys(allRoles).map((role) => [role, roleSecretName(name, role)] as const);
      const { volumes, mounts } = secretFolders("password", PASSWORDS_PATH, secrets);
      return job(
        {
          name: setupName,
          namespace: args.namespace,
          deadlineSeconds: DATA_JOB_SECONDS,
          retries: 3,
          pod: {
            service: setupName,
            component: "setup",
            reaches: [at],
            image: args.toolsImage,
            command: ["node", "/opt/millrace/components/cassandra/programs/cassandra-setup.ts"],
            env: [
              { name: "CASSANDRA_CONTACT_POINTS", value: contactPoints },
              { name: "CASSANDRA_PORT", value: String(CQL_PORT) },
              { name: "CASSANDRA_DATACENTER", value: DATACENTER },
              { name: "CASSANDRA_USER", value: SUPERUSER },
              secretEnv("CASSANDRA_PASSWORD", superuser.ref.secretName, PASSWORD_KEY),
              {
                name: "SETUP_CONFIG",
                value: cassandraSetupConfig({ replicationFactor: copies, keyspaces, roles: allRoles }),
              },
              { name: "PASSWORDS_DIR", value: PASSWORDS_PATH },
            ],
            resources: args.setupResources,
            config: pulumi
              .all([superuser, monitor, ...passwords].map(({ fingerprint }) => fingerprint))
              .apply((fingerprints) => fingerprints.join("\n")),
            volumes,
            mounts,
            scratch: ["/tmp"],
          },
        },
        {
          ...childOptions,
          dependsOn: [nodes],
        },
      );
    }
  }

  /**
   * The cluster as one consumer sees it, with the consumer's own role.
   * @throws ResourceError when no role was declared for it.
   */
  access(consumer: Consumer): CassandraEndpoint {
    return this.ofConsumer(this.#endpoints, consumer, "cassandra", "role");
  }
}

/**
 * Clients keep the address that they reached a node at. A node that stands alone comes back with another one of its own,
 * so they know it by its Service's; of several nodes the others tell of the change.
 */
function contactPointsOf(name: string, replicas: number, namespace: string): string {
  if (replicas === 1) return serviceHost(name, namespace);
  const hosts = Array.from({ length: Math.min(MAX_CONTACT_POINTS, replicas) }, (_, ordinal) =>
    podHost(name, ordinal, headlessName(name), namespace),
  );
  return hosts.join(",");
}

/** The Service that gives each node its name. */
function headlessName(name: string): string {
  return `${name}-nodes`;
}
