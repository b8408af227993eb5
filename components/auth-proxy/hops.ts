/** What the proof asks of the proxy: it lets nobody in without a password, and nobody in under another name. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { loginsHop } from "./hops/logins.ts";

export const authProxyHops = defineHops({
  room: "authProxy",
  settings: z.strictObject({
    /** Account of the proof. */
    user: z.string().min(1),
    /** What is behind the login. */
    pages: z.array(z.strictObject({ title: z.string().min(1), url: z.url(), asUser: z.boolean() })).min(1),
  }),
  secrets: { password: ({ user }) => `the password of ${user}` },
  hops: [{ name: "logins", make: (own) => loginsHop(own) }],
});
