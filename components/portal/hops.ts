/** What the proof asks of the portal: its page comes, and it knows how the services are. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { portalHop } from "./hops/portal.ts";

export const portalHops = defineHops({
  room: "portal",
  settings: z.strictObject({ url: z.url() }),
  hops: [{ name: "portal", waitsFor: ["metrics"], make: ({ url }) => portalHop({ url }) }],
});
