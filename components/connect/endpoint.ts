/** What Kafka Connect offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** Kafka Connect's REST API. It asks nobody who he is: only those with an edge to it reach it. */
export interface ConnectEndpoint {
  readonly kind: "kafka-connect";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Made when a worker answers. */
  readonly ready: Ready;
  /** What watches over its work: where connections to it go, and its `http://host:port`. */
  readonly watcher: { readonly at: Destination; readonly url: Output<string> };
}
