/** What Airflow offers to others. */
import type { LoginEndpoint } from "../../platform/endpoints.ts";

/** An Airflow API server. */
export interface AirflowEndpoint extends LoginEndpoint {
  readonly kind: "airflow";
}
