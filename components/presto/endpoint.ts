/** What Presto offers to others. */
import type { Output } from "@pulumi/pulumi";

/** A Presto coordinator. */
export interface PrestoEndpoint {
  readonly kind: "presto";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Names of the catalogs that it serves. */
  readonly catalogs: readonly string[];
  /** Settles when the coordinator answers queries. */
  readonly ready: Output<string>;
}
