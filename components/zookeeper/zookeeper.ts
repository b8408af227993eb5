/** ZooKeeper: members that agree on a tree of small nodes, of which each consumer has its own part. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import { rolePassword, secretFolders } from "../../platform/generated-secret.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { labels, roleSecretName, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, podsAt, statusEdge } from "../../platform/network.ts";
import { heapMebibytes } from "../../platform/quantity.ts";
import { type DataSettings, type Storage, dataProblems } from "../../platform/storage.ts";
import { execProbe, httpProbe, type Resources, service, statefulSet } from "../../platform/workload.ts";
import type { ZooKeeperEndpoint } from "./endpoint.ts";
import { setupJob } from "./setup-job.ts";
import {
  ADMIN_PORT,
  CLIENT_PORT,
  DATA_PATH,
  ELECTION_PORT,
  FOLLOWER_PORT,
  memberHosts,
  PASSWORDS_PATH,
  QUORUM_USER,
  SERVES,
  startScript,
  SUPERUSER,
  zooCfg,
} from "./zookeeper-settings.ts";

const ROLE = "member";
/** User and group of the server in the official image. */
const UID = 1000;
const DATA_VOLUME = "data";
const DEFAULT_DATA: DataSettings = { kind: "persistent", size: "1Gi" };
/** Share of the container's memory that is heap; the rest is for metaspace, threads and the page cache. */
const HEAP_SHARE = 0.34;
const RESERVED = [SUPERUSER, QUORUM_USER];

export interface ZooKeeperArgs<Consumer extends string> {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `zookeeper:3.9`. */
  readonly image: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly storage: Storage;
  readonly resources: Resources;
  readonly setupResources: Resources;
  /** Garbage collector of the JVM. @default "auto": by the size of the heap and the CPU limit */
  readonly collector?: CollectorChoice;
  /** Number of members, 1 or an odd number: all of them vote. @default 1 */
  readonly replicas?: number;
  /** How data is kept. @default - on a claim of 1Gi */
  readonly data?: DataSettings;
  /** Who has a node of its own, and an account. */
  readonly consumers: readonly Consumer[];
}

/** What is wrong with the arguments; empty when nothing is. */
export function zookeeperProblems(args: {
  readonly replicas?: number;
  readonly data?: DataSettings;
  readonly consumers: readonly string[];
}): string[] {
  const replicas = args.replicas ?? 1;
  const problems = dataProblems("zookeeper", args.data ?? DEFAULT_DATA);
  if (!Number.isInteger(replicas) || replicas < 1 || replicas % 2 === 0) {
    problems.push(
      `zookeeper: replicas is ${replicas}; every member votes, and an even number of voters survives no more failures ` +
        "than one less, so give 1, 3 or 5",
    );
  }
  if (replicas > 1 && args.data?.kind === "ephemeral") {
    problems.push(
      "zookeeper: data is ephemeral, and members that come back empty could agree on an empty tree; " +
        'use data of kind "persistent", or 1 replica',
    );
  }
  for (const consumer of args.consumers) {
    if (!/^[a-z][a-z0-9-]*$/.test(consumer) || RESERVED.includes(consumer)) {
      problems.push(
        `zookeeper: consumer "${consumer}"; give lower-case letters, digits and dashes, not ${RESERVED.join(" or ")}`,
      );
    }
  }
  return problems;
}

/**
 * An ensemble with its data on claims. What it has acknowledged is on the disks of more than half of its members, so a killed pod or
 * machine loses none of it. Everyone logs in, and each consumer sees its own node only.
 */
export class ZooKeeper<Consumer extends string> extends Component {
  readonly #endpoints: Readonly<Partial<Record<string, ZooKeeperEndpoint>>>;
  /** The admin server, which tells how a member is. */
  readonly admin: { readonly at: Destination; readonly url: pulumi.Output<string> };

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: ZooKeeperArgs<Consumer>, opts?: ComponentOptions) {
    const { replicas = 1, data = DEFAULT_DATA, consumers } = args;
    super("ZooKeeper", name, { replicas, data, consumers }, opts);
    const problems = zookeeperProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const headlessService = `${name}-members`;
    const settingsName = `${name}-settings`;
    const setupName = `${name}-setup`;
    const role = { service: name, component: ROLE };
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const at = podsAt(role, [CLIENT_PORT], "ZooKeeper");
    const ensemble = pulumi
      .output(args.namespace)
      .apply((namespace) => ({ name, namespace, headlessService, replicas }));
    // A member that stands alone has its Service's address, which stays: its own name is gone while its pod is.
    const servers = ensemble.apply((known) =>
      (replicas === 1 ? [serviceHost(name, known.namespace)] : memberHosts(known))
        .map((host) => `${host}:${CLIENT_PORT}`)
        .join(","),
    );
    const password = (of: string) => rolePassword(name, of, args.namespace, childOptions);
    const [superuser, quorum] = [password(SUPERUSER), password(QUORUM_USER)];
    const accounts = consumers.map((consumer) => ({ consumer, ...password(consumer) }));
    const fingerprints = pulumi
      .all([superuser, quorum, ...accounts].map(({ fingerprint }) => fingerprint))
      .apply((all) => all.join("\n"));

    service(name, { ...meta, ports: { client: CLIENT_PORT, admin: ADMIN_PORT } }, childOptions);
    service(
      headlessService,
      {
        ...meta,
        ports: { client: CLIENT_PORT, follower: FOLLOWER_PORT, election: ELECTION_PORT },
        headless: true,
      },
      childOptions,
    );
    const members = createMembers();
    // `npm run status` asks the admin server of a member.
    const adminAt = podsAt(role, [ADMIN_PORT], "ZooKeeper");
    this.edges.push(statusEdge(adminAt));
    this.admin = {
      at: adminAt,
      url: pulumi.output(args.namespace).apply((namespace) => `http://${serviceHost(name, namespace)}:${ADMIN_PORT}`),
    };
    const setup = createSetup();
    this.#endpoints = Object.fromEntries(
      accounts.map(({ consumer, ref }): [string, ZooKeeperEndpoint] => [
        consumer,
        {
          kind: "zookeeper",
          at,
          servers,
          path: `/${consumer}`,
          user: consumer,
          password: ref,
          ready: [setup],
        },
      ]),
    );
    this.registerOutputs({ servers });

    function createMembers(): k8s.apps.v1.StatefulSet {
      const cfg = ensemble.apply(zooCfg);
      const settings = new k8s.core.v1.ConfigMap(
        settingsName,
        {
          metadata: { name: settingsName, namespace: args.namespace, labels: labels(name, ROLE) },
          data: { "zoo.cfg": cfg },
        },
        childOptions,
      );
      const { volumes, mounts } = secretFolders(
        "password",
        PASSWORDS_PATH,
        [SUPERUSER, QUORUM_USER, ...consumers].map((of) => [of, roleSecretName(name, of)] as const),
      );
      const heap = heapMebibytes(args.resources.limits.memory, HEAP_SHARE);
      return statefulSet(
        {
          name,
          namespace: args.namespace,
          replicas,
          headlessService,
          data: args.storage.volume(DATA_VOLUME, data),
          pod: {
            ...role,
            reaches: replicas === 1 ? [] : [podsAt(role, [FOLLOWER_PORT, ELECTION_PORT], "members among themselves")],
            image: args.image,
            command: ["bash", "-c", startScript(replicas)],
            env: [
              { name: "ZK_SERVER_HEAP", value: String(heap) },
              {
                name: "SERVER_JVMFLAGS",
                value: [
                  `-Xms${heap}m`,
                  ...jvmOptions({ heap, cpu: args.resources.limits.cpu, collector: args.collector }),
                  "-Djava.security.auth.login.config=/tmp/jaas.conf",
                  // By default members do not know each other by DIGEST-MD5, which FIPS has not.
                  "-Dzookeeper.fips-mode=false",
                ].join(" "),
              },
              // The upstream image opens Java's management port by default.
              { name: "JMXDISABLE", value: "true" },
            ],
            ports: { client: CLIENT_PORT, follower: FOLLOWER_PORT, election: ELECTION_PORT, admin: ADMIN_PORT },
            resources: args.resources,
            probes: {
              startup: httpProbe(ADMIN_PORT, "/commands/ruok", { periodSeconds: 2 }),
              readiness: execProbe(["bash", "-c", SERVES], { periodSeconds: 10 }),
              liveness: httpProbe(ADMIN_PORT, "/commands/ruok", { periodSeconds: 20, failureThreshold: 6 }),
            },
            uid: UID,
            config: pulumi.all([cfg, fingerprints]).apply((all) => all.join("\n")),
            volumes: [{ name: "settings", configMap: { name: settings.metadata.name } }, ...volumes],
            mounts: [
              { name: DATA_VOLUME, mountPath: DATA_PATH },
              { name: "settings", mountPath: "/conf/zoo.cfg", subPath: "zoo.cfg", readOnly: true },
              ...mounts,
            ],
            scratch: ["/tmp", "/logs", "/datalog"],
            spread: replicas > 1,
          },
        },
        childOptions,
      );
    }

    function createSetup(): k8s.batch.v1.Job {
      const { namespace, toolsImage, setupResources: resources } = args;
      const own = { name: setupName, namespace, toolsImage, resources, at, servers, consumers };
      return setupJob(
        { ...own, user: SUPERUSER, password: superuser.ref, config: fingerprints },
        { ...childOptions, dependsOn: [members] },
      );
    }
  }

  /**
   * The ensemble as one consumer sees it, with the consumer's own account.
   * @throws ResourceError when no account was declared for it.
   */
  access(consumer: Consumer): ZooKeeperEndpoint {
    return this.ofConsumer(this.#endpoints, consumer, "zookeeper", "account");
  }
}
