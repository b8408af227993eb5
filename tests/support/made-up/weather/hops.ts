/** What the proof asks of the weather: a station has as many readings as were sent. */
import * as z from "zod";
import { defineHops } from "../../../../platform/hops/define-hops.ts";
import { HopFailure } from "../../../../platform/hops/hop.ts";
import { HttpSession } from "../../../../platform/hops/http-session.ts";

export const weatherHops = defineHops({
  room: "weather",
  settings: z.strictObject({ url: z.url(), stations: z.int().default(2) }),
  secrets: { token: ({ stations }) => `the token of ${stations} stations` },
  hops: [
    {
      name: "weather",
      after: "notebooks",
      needs: ["kafka"],
      make: ({ url, token }, { run, counts }) => ({
        name: "weather",
        timeoutMs: 1000,
        async run({ signal }) {
          const http = new HttpSession({ service: "weather station", url });
          const { text } = await http.send("GET", `/${run.run}`, { headers: { authorization: token }, signal });
          if (Number(text) !== counts.records) throw new HopFailure(`${http.where} has ${text} readings`);
          return { count: Number(text), distinct: Number(text), checksum: "0", message: `read at ${http.where}` };
        },
      }),
    },
  ],
});
