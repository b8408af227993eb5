/** What the proxy offers to the proof. */
import type { Output } from "@pulumi/pulumi";
import type { Destination } from "../../platform/network.ts";
import type { Ready, SecretKeyRef } from "../../platform/endpoints.ts";

/** A proxy that asks for a login before pages. */
export interface AuthProxyEndpoint {
  readonly kind: "auth-proxy";
  /** Its pages as the proxy serves them inside the cluster. */
  readonly pages: readonly {
    readonly title: string;
    /** `http://host:port` */
    readonly url: Output<string>;
    /** Whether the page runs statements of SQL in the name of whom has logged in. */
    readonly asUser: boolean;
  }[];
  readonly at: Destination;
  /** Name of the account that the proof uses. */
  readonly robot: string;
  readonly robotPassword: SecretKeyRef;
  readonly ready: Ready;
}
