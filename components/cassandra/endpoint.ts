/** What Cassandra offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A Cassandra cluster, seen with the role of one consumer. */
export interface CassandraEndpoint {
  readonly kind: "cassandra";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `host,host`, reachable from pods. */
  readonly contactPoints: Output<string>;
  readonly port: Output<number>;
  /** Data center that drivers must name. */
  readonly datacenter: string;
  /** Role that the consumer logs in as. */
  readonly user: string;
  /** The role's password: letters and digits only. */
  readonly password: SecretKeyRef;
  /** Made when the declared keyspaces and tables exist and the role may use what it was granted. */
  readonly ready: Ready;
}

/** A Cassandra cluster that each of its consumers sees with a role of its own. */
export interface CassandraSource<Consumer extends string> {
  readonly access: (consumer: Consumer) => CassandraEndpoint;
}
