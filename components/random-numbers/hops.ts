/** What the proof asks of the pumps: they send numbers for it, which other rooms' hops follow to the display. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { liveOf } from "../display/hops.ts";
import { numbersOf } from "./hops/marked-numbers.ts";
import { PumpClient } from "./hops/pump-client.ts";
import { pumpHop } from "./hops/pump.ts";

export const randomNumbersHops = defineHops({
  room: "randomNumbers",
  settings: z.strictObject({ url: z.url() }),
  secrets: { token: () => "the token that the pumps ask for" },
  hops: [
    {
      name: "pump",
      make(own, context) {
        const live = context.once(liveOf);
        const cleanups = context.cleanupsAfter("pump");
        const numbers = context.once(numbersOf);
        return pumpHop({ pump: new PumpClient(own), numbers, ...(live && { live }), cleanups });
      },
    },
  ],
});
