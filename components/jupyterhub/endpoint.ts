/** What JupyterHub offers to others. */
import type { LoginEndpoint } from "../../platform/endpoints.ts";

/** A JupyterHub. */
export interface JupyterHubEndpoint extends LoginEndpoint {
  readonly kind: "jupyterhub";
}
