/** What Flink takes from other rooms, and offers to them. */
import type { Input, Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A job that runs for ever: statements of SQL, of which the last one is an INSERT or a set of them. */
export interface FlinkJob {
  /** Small letters, digits and dashes. */
  readonly name: string;
  /** Among the options of tables of Kafka, `${kafka}` stands for where it is and how to speak to it. */
  readonly sql: Input<string>;
  /** Parts that run at the same time, each in a slot. @default 1 */
  readonly parallelism?: number;
  /** What must be there before it starts: topics and tables. @default - nothing */
  readonly ready?: Ready;
}

/** A Flink cluster. */
export interface FlinkEndpoint {
  readonly kind: "flink";
  /** Where connections to its JobManager go. */
  readonly at: Destination;
  /** `http://host:port` of the JobManager, reachable from pods. */
  readonly url: Output<string>;
  /** Made when the declared jobs run. */
  readonly ready: Ready;
}
