/** What the program tells the portal of the platform. Loads nothing of Pulumi: the server reads it, too. */
import * as z from "zod";

export const platformSchema = z.strictObject({
  /** Pages and ports that people open, in the order in which they come. */
  pages: z.array(
    z.strictObject({
      title: z.string(),
      /** What it is for, in a sentence of its own. */
      use: z.string(),
      /** `http://host:port`, or `host:port` where no browser opens it. */
      url: z.string(),
      /** Page of the documentation, relative to the repository. @default - it has none */
      docs: z.string().optional(),
      /** Whom people log in as, and the service for `npm run password`. @default - it asks nobody */
      login: z.strictObject({ users: z.array(z.string()), service: z.string() }).optional(),
    }),
  ),
});
export type Platform = z.output<typeof platformSchema>;
