/** Who did what on the platform, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { optional } from "../../platform/settings.ts";
import { allResourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";
import { logs } from "../logs/service.ts";
import { auditLogWatched } from "./watched.ts";

const clerk = { small: size(10, 500, 0.5), large: size(20, 500, 1) };
const MEMORY = "128Mi";

/** What asks what people did. */
export function auditLogResources(settings: Sized): Resources {
  return sized(clerk[settings.size], MEMORY, settings.resources);
}

export const auditLog = defineService({
  name: "auditLog",
  group: ["studio", "pipeline", "streams"],
  title: "the audit log",
  settings: z
    .strictObject({
      enabled: optional(["studio", "pipeline", "streams"], "it is kept who signed in and ran what"),
      keepDays: z.int().min(1).max(3650).default(90).describe("Days after which table `audit.events` forgets."),
      writeMinutes: z
        .int()
        .min(1)
        .max(1440)
        .default(10)
        .describe("Minutes between two writes into the table; each makes a file. The log has it at once."),
      scheduling: schedulingSetting("the audit log"),
      resources: allResourcesSetting("the audit log", clerk, MEMORY, "96Mi"),
    })
    .prefault({})
    .describe("Who signed in, ran which SQL, DAG or notebook: one search in the logs, and one table in the lake."),
  needs: { of: [logs], why: "lines of the logs tell what people did, and it is said there" },
  usesTools: true,
  sized: (own) => ({ resources: auditLogResources(own) }),
  pods: ({ own }) => [{ resources: auditLogResources(own) }],
  goes: 0,
  watched: auditLogWatched,
  hops: { audit: ["auditLog", "presto"] },
});
