/** What the proof asks of the race's windows: each engine has put those of the marked samples where it writes to. */
import * as z from "zod";
import { defineHops } from "../../platform/hops/define-hops.ts";
import { isLeftover } from "../../platform/hops/run.ts";
import { clientOf } from "../cassandra/hops.ts";
import { flinkHops } from "../flink/hops.ts";
import { jobTrouble } from "../flink/hops/job-trouble.ts";
import { prestoOf } from "../presto/hops.ts";
import { samplesOf } from "../race-car/hops/marked-samples.ts";
import { windowsHop } from "./hops/race-windows.ts";
import { engines, FLINK_JOB, LAKE_TABLE } from "./programs/names.ts";

/** What else keeps windows open, whoever computes them. */
const NO_TIME = "no car sends samples whose time would close the windows";

export const raceWindowsHops = defineHops({
  room: "raceWindows",
  settings: z.strictObject({
    /** Those that compute. */
    engines: z.array(z.enum(engines)).min(1),
    windowSeconds: z.int().min(1).max(600),
    latenessSeconds: z.int().min(0).max(600),
  }),
  hops: [
    {
      name: "race-spark",
      needs: ["race"],
      make({ engines: given, ...length }, context) {
        const cassandra = clientOf(context);
        if (!cassandra || !given.includes("spark")) return undefined;
        return windowsHop({
          name: "race-spark",
          engine: "spark",
          cassandra,
          marked: context.once(samplesOf),
          length,
          fault: () => Promise.resolve(`the streams' query race or its checkpoint is at fault, or ${NO_TIME}`),
        });
      },
    },
    {
      name: "race-flink",
      // Presto tells what is in the lake.
      needs: ["race", "presto"],
      make({ engines: given, ...length }, context) {
        const [cassandra, presto, flink] = [clientOf(context), prestoOf(context), context.of(flinkHops)];
        if (!cassandra || !presto || !flink || !given.includes("flink")) return undefined;
        const marked = context.once(samplesOf);
        const { startedAt } = context.run;
        const isOurs = (run: string): boolean => marked.runs.includes(run) || isLeftover(run, startedAt);
        return windowsHop({
          name: "race-flink",
          engine: "flink",
          cassandra,
          lake: { presto, table: LAKE_TABLE, isOurs },
          marked,
          length,
          writeSeconds: flink.checkpointSeconds,
          fault: async (signal) =>
            (await jobTrouble(flink.url, FLINK_JOB, signal)) ??
            `Flink's job ${FLINK_JOB} runs, so that its SQL or its checkpoints are at fault, or ${NO_TIME}`,
        });
      },
    },
  ],
});
