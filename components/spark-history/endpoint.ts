/** What Spark's history offers to others. */
import type { Output } from "@pulumi/pulumi";

/** A history server of Spark. */
export interface SparkHistoryEndpoint {
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Time after which logs are removed, in days. */
  readonly keepDays: number;
}
