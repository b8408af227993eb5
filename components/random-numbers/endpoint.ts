/** What the pumps of random numbers offer to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** The pumps of random numbers, which also send marked ones for those who hold the token. */
export interface PumpEndpoint {
  readonly kind: "random-numbers";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** What a request for marked numbers must show. */
  readonly token: SecretKeyRef;
  /** Made when a pump answers. */
  readonly ready: Ready;
}
