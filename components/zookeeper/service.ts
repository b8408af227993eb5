/** ZooKeeper, as plain data. */
import * as z from "zod";
import { zookeeperWatched } from "./watched.ts";
import { collectorSetting } from "../../platform/jvm.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { serverList } from "../../platform/server-list.ts";
import { defineService } from "../../platform/service.ts";
import { image, memory, optional, secret, storage, text } from "../../platform/settings.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { existingProblems } from "./existing.ts";

const member = { small: size(20, 1000, 0.5), large: size(250, 2000, 1) };

/** One member. @param settings.memory Limit of the container. */
export function zookeeperResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(member[settings.size], settings.memory, settings.resources);
}

/** Members know each other by a list, and with another one those that have data and those that have none could agree on nothing. */
function otherNumber({
  there,
  wanted,
  namespace,
}: {
  readonly there: number;
  readonly wanted: number;
  readonly namespace: string;
}): string {
  const claims = Array.from({ length: there }, (_, ordinal) => `data-zookeeper-${ordinal}`).join(" ");
  return (
    `millrace:services.zookeeper.replicas: received ${wanted}, but ${there} ${there === 1 ? "member has" : "members have"} data, and the ` +
    `number can't change while there are any; put ${there} back, or begin with an empty tree: set millrace:services.zookeeper.enabled ` +
    `to false, npm run up, kubectl -n ${namespace} delete pvc ${claims}, and give ${wanted} (docs/zookeeper.md, "Members")`
  );
}

export const zookeeper = defineService({
  name: "zookeeper",
  watched: zookeeperWatched,
  group: "streams",
  title: "ZooKeeper",
  settings: z
    .strictObject({
      enabled: optional("streams", "ZooKeeper keeps what services agree on"),
      replicas: z
        .literal([1, 3, 5])
        .default(1)
        .meta({ "x-also-called": ["members", "nodes"] })
        .describe(
          "Number of members: 1, 3 or 5, of which more than half must be there. It can't change while there are data.",
        ),
      storage: storage("1Gi"),
      memory: memory("192Mi", "160Mi"),
      scheduling: schedulingSetting("the members, and of what sets them up"),
      resources: resourcesSetting("each member", member),
      collector: collectorSetting(),
      image: image().describe("Image with the contract of `zookeeper:3.9`. Default: built from packages."),
      existing: z
        .strictObject({
          servers: serverList("members"),
          path: z
            .string()
            .regex(/^(\/[^/\s]+)+$/)
            .default("/millrace")
            .meta({ "x-range": 'a node, for example "/millrace"' })
            .describe(
              "Node that is there, and below which the account may do anything: `setAcl <path> sasl:<username>:cdrwa`.",
            ),
          username: text().describe("Account of all who use it here, by SASL's DIGEST-MD5."),
          password: text()
            .optional()
            .describe("Its password: set it encrypted, by `pulumi config set --secret --path`."),
          secretName: secret()
            .optional()
            .describe("Secret in the platform's namespace with key `password`, instead of it."),
        })
        .optional()
        .describe("An existing ensemble, instead of the platform's own."),
    })
    .prefault({})
    .describe("ZooKeeper, for what services agree on among themselves: leaders, locks, small state."),
  image: { name: "zookeeper", base: "jre", upstream: { image: "docker.io/library/zookeeper:3.9.5" } },
  isOwn: ({ existing }) => existing === undefined,
  handMade: ({ existing }) => (existing?.secretName === undefined ? [] : [existing.secretName]),
  usesTools: true,
  setsUp: true,
  status: [
    {
      key: "zookeeper",
      rank: 4,
      ask: async (own, running) => (await import("./status.ts")).zookeeperStatus(own, running),
    },
  ],
  sized: (own) => ({ resources: zookeeperResources(own) }),
  pods: ({ own }) => [{ resources: zookeeperResources(own), count: own.replicas, data: own.storage }],
  problems({ own, hasClaims }) {
    if (own.existing !== undefined) return existingProblems(own.existing);
    return own.replicas > 1 && (!hasClaims || own.storage.kind === "ephemeral")
      ? [
          `millrace:services.zookeeper.replicas: received ${own.replicas} without claims, and members that come back empty could agree on an empty ` +
            "tree; give 1, or storage of kind persistent and a StorageClass",
        ]
      : [];
  },
  warnings({ own, hasClaims, target }) {
    const warnings: string[] = [];
    if (own.existing !== undefined) return warnings;
    if (!hasClaims || own.storage.kind === "ephemeral") {
      warnings.push("millrace:services.zookeeper: ephemeral storage loses all nodes whenever a member restarts");
    }
    if (target === "cloud" && own.replicas === 1) {
      warnings.push(
        "millrace:services.zookeeper.replicas: 1 on target cloud: whoever needs it waits while it restarts",
      );
    }
    return warnings;
  },
  claims: { set: "zookeeper", fewer: otherNumber, more: otherNumber },
  hops: { zookeeper: ["zookeeper"] },
});
