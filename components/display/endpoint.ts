/** What the web display offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";

/** The web display. */
export interface DisplayEndpoint {
  readonly kind: "display";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Made when the pages are served. */
  readonly ready: Ready;
}
