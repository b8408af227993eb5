/** Figures of JupyterHub: of its own page, those of users and of their servers. */
import * as z from "zod";
import { askFigures } from "../../platform/ask-figures.ts";
import { defineWatch } from "../../platform/watching.ts";

/** The page has hundreds more, of each kind of request. */
const WANTED = [
  "jupyterhub_running_servers",
  "jupyterhub_total_users",
  "jupyterhub_active_users",
  "jupyterhub_server_spawn_duration_seconds_count",
  "jupyterhub_server_spawn_duration_seconds_sum",
];

export const jupyterhubWatch = defineWatch({
  room: "jupyterhub",
  settings: z.strictObject({
    /** `http://host:port` of the hub itself. */
    url: z.url(),
  }),
  secrets: ["token"],
  make:
    ({ url, token }) =>
    async (signal) => {
      const figures = await askFigures(`${url}/hub/metrics`, signal, { authorization: `token ${token}` });
      return figures.filter(({ name }) => WANTED.includes(name));
    },
});
