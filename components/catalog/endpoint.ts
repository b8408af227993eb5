/** What the catalog offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";

/** A Hive metastore that knows the platform's Iceberg tables. */
export interface CatalogEndpoint {
  readonly kind: "hive-metastore";
  /** `thrift://host:port`, reachable from pods. */
  readonly uri: Output<string>;
  /** Bucket and prefix below which tables live: `s3a://bucket/prefix`. */
  readonly warehouse: Output<string>;
  /** Made when the metastore answers. */
  readonly ready: Ready;
}
