/** The proof of the data path, as plain data. */
import * as z from "zod";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService } from "../../platform/service.ts";
import { enabled } from "../../platform/settings.ts";
import { allResourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";

const MEMORY = "384Mi";
const job = { small: size(50, 1000, 0.375), large: size(100, 1000, 1) };

/** The proof's Job. */
export function proofResources(settings: Sized): Resources {
  return sized(job[settings.size], MEMORY, settings.resources);
}

export const proof = defineService({
  name: "proof",
  settings: z
    .strictObject({
      enabled: enabled("every deploy ends with the proof that data flows"),
      records: z.int().min(1).max(10_000).default(300).describe("Marked records that are sent."),
      timeoutSeconds: z
        .int()
        .min(10)
        .max(3600)
        .optional()
        .describe(
          "Minimum number of seconds without progress after which a hop counts as missing. Default: each hop's own, 90 " +
            "or 240. The proof waits for a hop that makes progress.",
        ),
      scheduling: schedulingSetting("the proof's Job"),
      resources: allResourcesSetting("the proof's Job", job, MEMORY, "256Mi"),
    })
    .prefault({})
    .describe("The proof of the data path."),
  usesTools: true,
  sized: (own) => ({ resources: proofResources(own) }),
  pods: ({ own }) => [{ resources: proofResources(own) }],
  store: {
    consumers: { proof: "the proof" },
    rights: (_, { bucket }) => ({ proof: { [bucket("lake")]: "readWrite" } }),
  },
  tableRoles: { proof: { streaming: "readWrite", census: "readWrite", race: "readWrite" } },
});
