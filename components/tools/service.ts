/** The image of the platform's own programs, as plain data. */
import * as z from "zod";
import { defineService } from "../../platform/service.ts";
import { image } from "../../platform/settings.ts";

export const tools = defineService({
  name: "tools",
  settings: z
    .strictObject({
      image: image().describe("Image with Node and the platform's programs. Default: built from packages."),
    })
    .prefault({})
    .describe("The image of the platform's own programs: producer, set-up Jobs, proof."),
  image: {
    name: "tools",
    base: "base",
    sources: [
      "check",
      "components/audits.ts",
      "components/hops.ts",
      "components/watches.ts",
      "platform/api-refusal.ts",
      "platform/ask-figures.ts",
      "platform/ask-json.ts",
      "platform/ask-text.ts",
      "platform/auditing.ts",
      "platform/certificate-watch.ts",
      "platform/describe-error.ts",
      "platform/hops",
      "platform/kube-api.ts",
      "platform/little-server.ts",
      "platform/masking.ts",
      "platform/names.ts",
      "platform/records",
      "platform/room-ask.ts",
      "platform/watching.ts",
      "platform/within.ts",
    ],
    hasNode: true,
    isTools: true,
  },
});
