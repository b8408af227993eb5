/** How ZooKeeper is built: its members, and a node for each who uses it. */
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import { setupResources } from "../../platform/resources.ts";
import type { zookeeperHops } from "./hops.ts";
import { zookeeper, zookeeperResources } from "./service.ts";
import { ZooKeeper } from "./zookeeper.ts";

export const zookeeperRoom = defineRoom({
  service: zookeeper,
  build({ own, namespace, image, storage, opts }) {
    return new ZooKeeper(
      "zookeeper",
      {
        namespace,
        image: image("zookeeper"),
        toolsImage: image("tools"),
        storage,
        data: own.storage,
        replicas: own.replicas,
        resources: zookeeperResources(own),
        setupResources: setupResources(),
        collector: own.collector,
        consumers: ["proof"],
      },
      opts,
    );
  },
  offers(ensemble) {
    const { servers, path, user, password, at, ready } = ensemble.access("proof");
    return {
      proves: [
        proven<typeof zookeeperHops>("zookeeper", {
          settings: { servers, path, user },
          secrets: { password },
          ready,
          reaches: [at],
        }),
      ],
    };
  },
});
