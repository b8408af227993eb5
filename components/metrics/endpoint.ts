/** What the metrics' store offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A store of metrics with Prometheus' API, which hands on questions for alerts. */
export interface MetricsEndpoint {
  readonly kind: "metrics";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** The same of what asks the services. */
  readonly exporterAt: Destination;
  readonly exporterUrl: Output<string>;
  /** Whose pages of figures are read. */
  readonly pages: readonly string[];
  /** Made when figures are kept. */
  readonly ready: Ready;
}
