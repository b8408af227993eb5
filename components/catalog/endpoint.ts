/** What the catalog offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A Hive metastore that knows the platform's Iceberg tables. */
export interface CatalogEndpoint {
  readonly kind: "hive-metastore";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `thrift://host:port`, reachable from pods. */
  readonly uri: Output<string>;
  /** Bucket and prefix below which tables live: `s3a://bucket/prefix`. */
  readonly warehouse: Output<string>;
  /** Made when the metastore answers. */
  readonly ready: Ready;
}
