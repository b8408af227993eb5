/** What the weather offers to others. */
import type { Output } from "@pulumi/pulumi";

/** The weather. */
export interface WeatherEndpoint {
  readonly kind: "weather";
  /** `http://host:port`, reachable from pods. */
  readonly url: Output<string>;
  /** Settles when a station answers. */
  readonly ready: Output<string>;
}
