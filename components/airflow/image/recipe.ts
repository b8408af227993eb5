import type { Recipe } from "../../../platform/images/recipe.ts";
import { notebookLibraries } from "../../notebooks/libraries.ts";

/** Newest Airflow. */
const AIRFLOW = "3.3.2";

/** Not papermill: the provider asks for the clients of all clouds' stores, and papermill itself is among the libraries. */
const providers = ["amazon", "apache-kafka", "cncf-kubernetes", "common-sql", "fab", "postgres", "presto", "standard"];

const recipe: Recipe = {
  python: {
    requirements: [
      `apache-airflow==${AIRFLOW}`,
      ...providers.map((provider) => `apache-airflow-providers-${provider}`),
      // FAB's login through OIDC needs it and does not ask for it.
      "authlib",
      "psycopg2-binary",
      ...notebookLibraries,
    ],
    // Clients of Amazon's own services, which its provider asks for and loads only where they are used.
    without: ["redshift-connector", "sagemaker-studio"],
    // The day after Airflow's release: its own list of tested versions is not on the package index.
    until: "2026-09-18",
  },
};
export default recipe;
