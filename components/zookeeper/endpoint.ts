/** What ZooKeeper offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A ZooKeeper ensemble, seen with the account of one consumer. */
export interface ZooKeeperEndpoint {
  readonly kind: "zookeeper";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `host:port,host:port`, reachable from pods: each member. */
  readonly servers: Output<string>;
  /** The consumer's own node, where it alone may do anything: `/nifi`. Rights are not inherited: what it makes below must be its own, too. */
  readonly path: string;
  /** Account that the consumer logs in as, by SASL's DIGEST-MD5. */
  readonly user: string;
  /** The account's password: letters and digits only. */
  readonly password: SecretKeyRef;
  /** Made when the consumer's node is there. */
  readonly ready: Ready;
}

/** An ensemble that each of its consumers sees with an account of its own. */
export interface ZooKeeperSource<Consumer extends string> {
  readonly access: (consumer: Consumer) => ZooKeeperEndpoint;
}
