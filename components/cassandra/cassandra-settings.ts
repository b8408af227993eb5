/** How Cassandra's nodes are set up for their container, and how its clients are told where it is. */
import type { CassandraEndpoint } from "./endpoint.ts";
import { type CollectorChoice, jvmOptions } from "../../platform/jvm.ts";
import { podHost } from "../../platform/names.ts";
import { cpuMillis, heapMebibytes } from "../../platform/quantity.ts";
import type { Resources } from "../../platform/resources.ts";
import { type EnvVar, secretEnv } from "../../platform/workload.ts";

/** Data center of all nodes; it is part of the data and can't change. */
export const DATACENTER = "dc1";

/** Share of the container's memory that is heap; the rest is for the tables' buffers, files in memory and threads. */
const HEAP_SHARE = 0.286;
/** Memory outside the heap for buffers of the network and of files. */
const DIRECT_MEBIBYTES = 96;

/** The environment in which the platform's programs look for Cassandra. */
export function cassandraEnv(endpoint: CassandraEndpoint): EnvVar[] {
  return [
    { name: "CASSANDRA_CONTACT_POINTS", value: endpoint.contactPoints },
    { name: "CASSANDRA_PORT", value: endpoint.port.apply(String) },
    { name: "CASSANDRA_DATACENTER", value: endpoint.datacenter },
    { name: "CASSANDRA_USER", value: endpoint.user },
    secretEnv("CASSANDRA_PASSWORD", endpoint.password.secretName, endpoint.password.key),
  ];
}

/** The nodes' environment, by the contract of the upstream image. */
export function cassandraNodeEnv(args: {
  readonly workload: string;
  readonly headlessService: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly limits: Resources["limits"];
  /** @default "auto" */
  readonly collector?: CollectorChoice | undefined;
}): Record<string, string> {
  const { cpu, memory } = args.limits;
  const heap = heapMebibytes(memory, HEAP_SHARE);
  const java = jvmOptions({ heap, cpu, collector: args.collector });
  return {
    CASSANDRA_CLUSTER_NAME: "millrace",
    CASSANDRA_DC: DATACENTER,
    CASSANDRA_RACK: "rack1",
    CASSANDRA_ENDPOINT_SNITCH: "GossipingPropertyFileSnitch",
    // A seed takes no data over when it joins, so only the first node is one. Alone it is its own without a name in DNS.
    ...(args.replicas === 1
      ? {}
      : { CASSANDRA_SEEDS: podHost(args.workload, 0, args.headlessService, args.namespace) }),
    MAX_HEAP_SIZE: `${heap}M`,
    // G1 chooses the size of its young generation itself.
    ...(java.includes("-XX:+UseG1GC") ? {} : { HEAP_NEWSIZE: `${Math.floor(heap * 0.3)}M` }),
    JVM_EXTRA_OPTS: cassandraJvmOptions({ replicas: args.replicas, heap, cpu, java }),
  };
}

/**
 * Settings of `cassandra.yaml` as options of Java, which every image of Cassandra takes whatever file it comes with.
 * @param args.heap Size of the heap in MiB.
 * @param args.cpu CPU limit: `2000m`. What a node does at a time follows from it.
 * @param args.java Options of the JVM itself.
 */
export function cassandraJvmOptions(args: {
  readonly replicas: number;
  readonly heap: number;
  readonly cpu: string;
  readonly java: readonly string[];
}): string {
  const cores = Math.max(1, Math.floor(cpuMillis(args.cpu) / 1000));
  const buffers = Math.floor(args.heap / 6);
  const settings: Record<string, string | number> = {
    "authenticator.class_name": "PasswordAuthenticator",
    "authorizer.class_name": "CassandraAuthorizer",
    // Writes are acknowledged when they are on the disk, so that a machine may fail, not only the process; the default
    // would lose up to ten seconds with the machine. Those that come during a sync share the next one. Kind "group" wakes
    // at each of its windows, whether anything was written or not.
    commitlog_sync: "batch",
    commitlog_sync_period: "0ms",
    commitlog_segment_size: "16MiB",
    commitlog_total_space: "256MiB",
    // A node that can't write shall go and come back, not stay and refuse.
    disk_failure_policy: "die",
    commit_failure_policy: "die",
    memtable_heap_space: `${buffers}MiB`,
    memtable_offheap_space: `${buffers}MiB`,
    file_cache_size: "32MiB",
    networking_cache_size: "16MiB",
    key_cache_size: "8MiB",
    counter_cache_size: "0MiB",
    prepared_statements_cache_size: "4MiB",
    concurrent_reads: 4 * cores,
    concurrent_writes: 8 * cores,
    concurrent_compactors: Math.ceil(cores / 2),
    native_transport_max_threads: 8 * cores,
    // The stream writes rows of one partition together, up to 16 KiB.
    batch_size_warn_threshold: "32KiB",
    // The copies of dropped tables would fill the claim, and the setup drops none.
    auto_snapshot: "false",
  };
  const alone = {
    "cassandra.skip_wait_for_gossip_to_settle": 0,
    "cassandra.ring_delay_ms": 100,
    "cassandra.superuser_setup_delay_ms": 0,
  };
  const options: Record<string, string | number> = {
    "cassandra.config.allow_system_properties": "true",
    // Cassandra asks for the time this often and remembers it, for time-outs of seconds: by default every 2 ms, for ever.
    "cassandra.approximate_time_precision_ms": 50,
    ...Object.fromEntries(Object.entries(settings).map(([key, value]) => [`cassandra.settings.${key}`, value])),
    // The waits are for what other nodes have to say.
    ...(args.replicas === 1 ? alone : {}),
    "java.io.tmpdir": "/tmp",
  };
  const properties = Object.entries(options).map(([key, value]) => `-D${key}=${value}`);
  // Upstream's own files of options choose G1, and a JVM with two collectors does not start.
  const instead = args.java.includes("-XX:+UseG1GC") ? [] : ["-XX:-UseG1GC"];
  return [`-XX:MaxDirectMemorySize=${DIRECT_MEBIBYTES}M`, ...instead, ...args.java, ...properties].join(" ");
}
