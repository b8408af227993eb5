/** An ensemble of somebody else's, as the components take it. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import { outsideAt } from "../../platform/network.ts";
import type { Resources } from "../../platform/resources.ts";
import type { ZooKeeperEndpoint, ZooKeeperSource } from "./endpoint.ts";
import { setupJob } from "./setup-job.ts";

export interface ExistingZooKeeperArgs<Consumer extends string> {
  readonly namespace: pulumi.Input<string>;
  /** The platform's tools image. */
  readonly toolsImage: pulumi.Input<string>;
  readonly setupResources: Resources;
  /** `host:port,host:port`, reachable from pods. */
  readonly servers: string;
  /** Node that is there, and below which the account may do anything. */
  readonly path: string;
  /** Account of all consumers: by SASL's DIGEST-MD5. */
  readonly user: string;
  readonly password: SecretKeyRef;
  readonly consumers: readonly Consumer[];
}

/**
 * An ensemble that exists already. A Job makes a node for each consumer below one that is the platform's; all have the same account, so what
 * keeps them apart is the path alone. Nothing of it is ever removed.
 */
export class ExistingZooKeeper<Consumer extends string> extends Component implements ZooKeeperSource<Consumer> {
  readonly #endpoints: Readonly<Partial<Record<string, ZooKeeperEndpoint>>>;

  constructor(name: string, args: ExistingZooKeeperArgs<Consumer>, opts?: ComponentOptions) {
    const { namespace, toolsImage, setupResources: resources, servers, path, user, password, consumers } = args;
    super("ExistingZooKeeper", name, { servers, path, user, consumers }, opts);
    const members = servers.split(",").map((server) => server.split(":"));
    const at = outsideAt(
      members.map(([host = ""]) => host),
      members.map(([, port]) => Number(port)),
      "ZooKeeper",
    );
    const setup = setupJob(
      {
        name: `${name}-existing-setup`,
        namespace,
        toolsImage,
        resources,
        at,
        servers,
        user,
        password,
        root: path,
        consumers,
        config: pulumi.output(password.secretName),
      },
      { parent: this },
    );
    this.#endpoints = Object.fromEntries(
      consumers.map((consumer): [string, ZooKeeperEndpoint] => [
        consumer,
        {
          kind: "zookeeper",
          at,
          servers: pulumi.output(servers),
          path: `${path}/${consumer}`,
          user,
          password,
          ready: [setup],
        },
      ]),
    );
    this.registerOutputs({ servers });
  }

  access(consumer: Consumer): ZooKeeperEndpoint {
    return this.ofConsumer(this.#endpoints, consumer, "zookeeper", "account");
  }
}
