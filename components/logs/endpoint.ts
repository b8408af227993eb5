/** What the logs' store offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A store of logs with VictoriaLogs' API. */
export interface LogsEndpoint {
  readonly kind: "logs";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Where connections to what reads the pods' logs go, and its URL. */
  readonly collectorAt: Destination;
  readonly collectorUrl: Output<string>;
  /** Made when lines are kept. */
  readonly ready: Ready;
}
