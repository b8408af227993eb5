/** What Spark's history offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Destination } from "../../platform/network.ts";

/** A history server of Spark. */
export interface SparkHistoryEndpoint {
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Time after which logs are removed, in days. */
  readonly keepDays: number;
}
