/** What the proof asks of JupyterHub: a notebook server of its own asks Spark and Presto. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { bucketOf } from "../object-store/hops.ts";
import { JupyterHubClient } from "./hops/jupyterhub-client.ts";
import { notebooksHop } from "./hops/notebooks.ts";

export const jupyterhubHops = defineHops({
  room: "jupyterhub",
  settings: z.strictObject({
    url: z.url(),
    /** Account that the proof logs in as. */
    user: z.string().min(1),
    /** Where the account's notebooks are kept; the proof's key must be able to read and write it. */
    home: z.strictObject({ bucket: z.string().min(1), prefix: z.string().default("") }),
    /** What a notebook can ask. */
    asks: z.array(z.enum(["spark", "presto"])).default(["spark", "presto"]),
  }),
  secrets: { password: ({ user }) => `the password of ${user}` },
  hops: [
    {
      name: "notebooks",
      make(own, context) {
        const home = bucketOf(context, own.home.bucket);
        if (!home) return undefined;
        const hub = new JupyterHubClient({ ...own, note: context.run.run });
        return notebooksHop({ hub, config: own, home, marked: context.run });
      },
    },
  ],
});
