/** What the web display offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** The web display. */
export interface DisplayEndpoint {
  readonly kind: "display";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Made when the pages are served. */
  readonly ready: Ready;
}
