/** What the web display offers to others. */
import type { Output } from "@pulumi/pulumi";

/** The web display. */
export interface DisplayEndpoint {
  readonly kind: "display";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Settles when the pages are served. */
  readonly ready: Output<string>;
}
