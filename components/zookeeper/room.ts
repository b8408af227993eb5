/** How ZooKeeper is built: its members, and a node for each who uses it. */
import { watchable } from "../../platform/watchable.ts";
import type { zookeeperWatch } from "./watch.ts";
import * as pulumi from "@pulumi/pulumi";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import { GivenSecret } from "../../platform/given-secret.ts";
import { defineRoom } from "../../platform/place.ts";
import { proven } from "../../platform/proven.ts";
import { setupResources } from "../../platform/resources.ts";
import type { ZooKeeperSource } from "./endpoint.ts";
import { type ExistingSettings, PASSWORD_KEY } from "./existing.ts";
import { ExistingZooKeeper } from "./existing-zookeeper.ts";
import type { zookeeperHops } from "./hops.ts";
import { zookeeper, zookeeperResources } from "./service.ts";
import { ZooKeeper } from "./zookeeper.ts";

/** What is secret of an ensemble that is there goes into a Secret, unless people have made one. */
function passwordOf(
  { password, secretName }: ExistingSettings,
  namespace: pulumi.Output<string>,
  opts: pulumi.ComponentResourceOptions,
): SecretKeyRef {
  if (secretName !== undefined) return { secretName: pulumi.output(secretName), key: PASSWORD_KEY };
  const texts = { [PASSWORD_KEY]: password ?? "" };
  return new GivenSecret("zookeeper-client", { namespace, texts }, opts).ref(PASSWORD_KEY);
}

export const zookeeperRoom = defineRoom({
  service: zookeeper,
  build({
    own,
    namespace,
    image,
    storage,
    opts,
  }): ZooKeeperSource<"proof"> & Partial<Pick<ZooKeeper<"proof">, "admin">> {
    if (own.existing !== undefined) {
      const { servers, path, username: user } = own.existing;
      const password = passwordOf(own.existing, namespace, opts);
      const setup = { namespace, toolsImage: image("tools"), setupResources: setupResources() };
      return new ExistingZooKeeper(
        "zookeeper",
        { ...setup, servers, path, user, password, consumers: ["proof"] },
        opts,
      );
    }
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
      ...(ensemble.admin && {
        watches: [
          watchable<typeof zookeeperWatch>("zookeeper", {
            settings: { url: ensemble.admin.url },
            reaches: [ensemble.admin.at],
          }),
        ],
      }),
    };
  },
});
