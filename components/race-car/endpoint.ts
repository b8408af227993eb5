/** What the ingest of race cars' samples offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** Takes samples of race cars by WebSocket and UDP, from those who hold the token. */
export interface IngestEndpoint {
  readonly kind: "race-car-ingest";
  /** Where connections to it go. */
  readonly at: Destination;
  /** `ws://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** What a client must show. */
  readonly token: SecretKeyRef;
  /** Made when it takes samples. */
  readonly ready: Ready;
}
