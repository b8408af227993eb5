/** What the proof asks of the display: it shows the numbers as they pass, and their windows from both sinks. */
import * as z from "zod";
import { defineHops, type ProofContext } from "../../platform/hops/define-hops.ts";
import { numbersMetric, numbersOf } from "../random-numbers/hops/marked-numbers.ts";
import { markedRecords } from "../telemetry/hops/marked-records.ts";
import { windowsHops } from "../windows/hops.ts";
import { DisplayClient } from "./hops/display-client.ts";
import { displayHop } from "./hops/display.ts";
import { LiveClient } from "./hops/live-client.ts";
import { liveHop } from "./hops/live.ts";

export const displayHops = defineHops({
  room: "display",
  settings: z.strictObject({ url: z.url() }),
  hops: [
    {
      name: "live",
      after: "pump",
      needs: ["pump"],
      make(_, context) {
        const live = context.once(liveOf);
        return live && liveHop({ live, numbers: context.once(numbersOf) });
      },
    },
    {
      name: "display",
      after: "lake",
      needs: ["pump", "kafka"],
      waitsFor: ["live", "cassandra", "lake", "catalog"],
      make(_, context) {
        const [display, windows] = [context.once(displayOf), context.of(windowsHops)];
        if (!display || !windows) return undefined;
        const [numbers, marked] = [context.once(numbersOf), context.once(markedRecords)];
        return displayHop({ display, numbers, marked, windowSeconds: windows.windowSeconds });
      },
    },
  ],
});

/** The display's live stream of the numbers. */
export function liveOf(context: ProofContext): LiveClient | undefined {
  const told = context.of(displayHops);
  return told && new LiveClient({ url: told.url, namespace: "random-numbers", metric: numbersMetric });
}

export function displayOf(context: ProofContext): DisplayClient | undefined {
  const told = context.of(displayHops);
  return told && new DisplayClient({ url: told.url });
}
