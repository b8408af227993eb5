/** What Presto offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A Presto coordinator. */
export interface PrestoEndpoint {
  readonly kind: "presto";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Names of the catalogs that it serves. */
  readonly catalogs: readonly string[];
  /** Made when the coordinator answers queries. */
  readonly ready: Ready;
}
