/** What NiFi offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A flow that takes posts. */
export interface NifiEndpoint {
  readonly kind: "nifi";
  /** `http://host:port`, reachable from pods: takes posts of JSON records, one in each line. */
  readonly posts: Output<string>;
  /** Where posts go. */
  readonly at: Destination;
  /** Its own page, over HTTPS: where connections to it go, and its `host:port`. */
  readonly page: { readonly at: Destination; readonly host: Output<string> };
  /** Made when the flows run. */
  readonly ready: Ready;
  /** What watches over its work: where connections to it go, and its `http://host:port`. */
  readonly watcher: { readonly at: Destination; readonly url: Output<string> };
}
