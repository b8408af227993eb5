import type { Recipe } from "../../../platform/images/recipe.ts";
import { notebookLibraries } from "../../notebooks/libraries.ts";

/** Newest JupyterHub; hub and user servers are one image, so that they always match. */
const JUPYTERHUB = "6.1.1";

const recipe: Recipe = {
  python: {
    requirements: [
      `jupyterhub==${JUPYTERHUB}`,
      "ipywidgets",
      "jupyter-resource-usage",
      "jupyterhub-idle-culler",
      "jupyterhub-kubespawner",
      "jupyterhub-nativeauthenticator",
      "jupyterlab",
      "oauthenticator",
      "psycopg2-binary",
      ...notebookLibraries,
    ],
    // The day after JupyterHub's release.
    until: "2026-10-21",
  },
};
export default recipe;
