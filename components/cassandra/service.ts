/** Cassandra, as plain data. */
import * as z from "zod";
import { mebibytes } from "../../platform/quantity.ts";
import type { DiskUse } from "../../platform/operating.ts";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { handOver } from "./fewer-nodes.ts";
import { cassandraWatched } from "./watched.ts";
import { image, memory, optional, storage } from "../../platform/settings.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";

const node = { small: size(80, 2000, 0.75), large: size(1000, 4000, 1) };

/** Cassandra's image and what it keeps, and the packages that the pages over it are built with. */
export const pagesDisk: DiskUse = { shared: "Cassandra and the pages over it", coldGi: 5, warmGi: 3 };

/** One Cassandra node. @param settings.memory Limit of the container. */
export function cassandraResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(node[settings.size], settings.memory, settings.resources);
}

export const cassandra = defineService({
  name: "cassandra",
  group: ["pipeline", "streams"],
  title: "Cassandra",
  settings: z
    .strictObject({
      enabled: optional(["pipeline", "streams"], "Cassandra is part of the platform"),
      replicas: z
        .int()
        .min(1)
        .max(9)
        .default(1)
        .meta({ "x-also-called": ["nodes"] })
        .describe("Number of nodes."),
      replicationFactor: z
        .int()
        .min(1)
        .max(9)
        .optional()
        .describe("Number of nodes with a copy of each row. Default: 3, or `replicas` if that is less."),
      storage: storage("5Gi"),
      memory: memory("896Mi", "768Mi"),
      scheduling: schedulingSetting("the nodes and their setup"),
      resources: resourcesSetting("each node", node),
      collector: collectorSetting(),
      image: image().describe("Image with the contract of `cassandra:5.0`. Default: built from packages."),
    })
    .transform((value) => ({
      ...value,
      replicationFactor: value.replicationFactor ?? Math.min(3, value.replicas),
    }))
    .prefault({})
    .describe("Cassandra, for data that is queried often and must be fast."),
  image: {
    name: "cassandra",
    base: "jre",
    sources: ["platform/images/training.py"],
    upstream: { image: "docker.io/library/cassandra:5.0.9" },
  },
  usesTools: true,
  disk: pagesDisk,
  sized: (own) => ({ resources: cassandraResources(own) }),
  pods: ({ own }) => [{ resources: cassandraResources(own), count: own.replicas, data: own.storage }],
  shrinks: [{ rank: 7, set: { memory: "896Mi" }, applies: ({ memory: limit }) => mebibytes(limit) > 896 }],
  problems({ own: { replicas, replicationFactor } }) {
    if (replicationFactor <= replicas) return [];
    return [
      `millrace:services.cassandra.replicationFactor: received ${replicationFactor}, with ${replicas} ` +
        `${replicas === 1 ? "node" : "nodes"}; give at most ${replicas}, or raise millrace:services.cassandra.replicas`,
    ];
  },
  warnings({ own, hasClaims, target }) {
    const warnings: string[] = [];
    if (!hasClaims || own.storage.kind === "ephemeral") {
      warnings.push("millrace:services.cassandra: ephemeral storage loses a node's rows whenever it restarts");
    }
    if (target === "cloud" && own.replicas === 1) {
      warnings.push("millrace:services.cassandra.replicas: 1 on target cloud: if its node is lost, its rows are lost");
    }
    return warnings;
  },
  watched: cassandraWatched,
  claims: {
    set: "cassandra",
    fewer({ there, wanted, namespace }) {
      const last = `cassandra-${there - 1}`;
      const steps = [
        `kubectl -n ${namespace} exec ${last} -- nodetool repair -full`,
        `kubectl -n ${namespace} exec ${last} -- nodetool decommission --force`,
        `kubectl -n ${namespace} scale statefulset cassandra --replicas=${there - 1}`,
        `kubectl -n ${namespace} delete pvc data-${last}`,
      ];
      return (
        `millrace:services.cassandra.replicas: received ${wanted}, but ${there} nodes have the rows, and a node that is taken away ` +
        `takes its rows along; npm run up has nodes hand their rows over before it takes them away, where all ${there} of them run ` +
        `and millrace:services.cassandra.replicationFactor was ${Math.min(3, wanted)} at the last up; else put ${there} back, with that factor, ` +
        `npm run up, and give ${wanted} again. By hand, from the last node on: ${steps.join("; ")} ` +
        '(docs/cassandra.md, "Fewer nodes")'
      );
    },
    handOver,
  },
  hops: {
    cassandra: ["randomNumbers", "windows", "cassandra"],
    "presto-cassandra": ["randomNumbers", "windows", "cassandra"],
  },
});
