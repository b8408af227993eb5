/** What the proof asks of the stream of windows: the lake has those of the numbers, exactly once. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { asking, prestoOf } from "../presto/hops.ts";
import { numbersOf } from "../random-numbers/hops/marked-numbers.ts";
import { lakeCleanups, lakeHop } from "./hops/lake-windows.ts";

export const windowsHops = defineHops({
  room: "windows",
  settings: z.strictObject({ windowSeconds: z.int().min(1).max(3600) }),
  hops: [
    {
      name: "lake",
      after: "presto-cassandra",
      needs: ["pump"],
      // One batch writes to both.
      waitsFor: ["cassandra"],
      make({ windowSeconds }, context) {
        const numbers = context.once(numbersOf);
        return asking(context, (presto) => lakeHop({ presto, numbers, windowSeconds }));
      },
    },
  ],
  cleanups: {
    pump(_, context) {
      const presto = prestoOf(context);
      return presto ? lakeCleanups(presto, context.once(numbersOf)) : [];
    },
  },
});
