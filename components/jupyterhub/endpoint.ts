/** What JupyterHub offers to others. */
import type { Output } from "@pulumi/pulumi";
import type { LoginEndpoint, SecretKeyRef } from "../../platform/endpoints.ts";
import type { Destination } from "../../platform/network.ts";

/** A JupyterHub. */
export interface JupyterHubEndpoint extends LoginEndpoint {
  readonly kind: "jupyterhub";
  /** `http://host:port` of the hub without its proxy. */
  readonly hubUrl: Output<string>;
  readonly hubAt: Destination;
  /** Token that reads `/hub/metrics`, and nothing else. */
  readonly figuresToken: SecretKeyRef;
}
