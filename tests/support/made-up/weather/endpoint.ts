/** What the weather offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { Ready } from "../../../../platform/endpoints.ts";

/** The weather. */
export interface WeatherEndpoint {
  readonly kind: "weather";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Settles when a station answers. */
  readonly ready: Ready;
}
