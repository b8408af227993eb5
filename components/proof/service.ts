/** The proof of the data path, as plain data. */
import * as z from "zod";
import { resources, type Resources } from "../../platform/resources.ts";
import { defineService } from "../../platform/service.ts";
import { enabled } from "../../platform/settings.ts";

/** The proof's Job. */
export function proofResources(): Resources {
  return resources(50, 1000, "384Mi", 0.375);
}

export const proof = defineService({
  name: "proof",
  settings: z
    .strictObject({
      enabled: enabled("every deploy ends with the proof that data flows"),
      records: z.int().min(1).max(10_000).default(200).describe("Marked records that are sent."),
      timeoutSeconds: z
        .int()
        .min(10)
        .max(3600)
        .optional()
        .describe(
          "Seconds without progress that each hop is given at least, before it counts as missing. Default: each hop's own, 90 " +
            "or 240. A hop that makes progress is waited for.",
        ),
    })
    .prefault({})
    .describe("The proof of the data path."),
  usesTools: true,
  pods: () => [{ resources: proofResources() }],
  store: {
    consumers: { proof: "the proof" },
    rights: (_, { bucket }) => ({ proof: { [bucket("lake")]: "readWrite" } }),
  },
  tableRoles: { proof: { streaming: "readWrite", census: "readWrite" } },
});
