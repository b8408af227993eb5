/** What Spark Connect's server offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A Spark Connect server: clients in Python drive Spark with executors on the cluster. */
export interface SparkConnectEndpoint {
  readonly kind: "spark-connect";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `sc://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** What a client must show; `undefined` where the server asks for nothing. */
  readonly token: SecretKeyRef | undefined;
  /** Made when the server takes sessions. */
  readonly ready: Ready;
}
