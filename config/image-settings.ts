/** Settings of where the platform's images come from. */
import * as z from "zod";
import { registryPrefix } from "../platform/settings.ts";

export const images = z
  .strictObject({
    caches: z
      .array(registryPrefix())
      .default([])
      .meta({
        "x-range": 'a list of registries with their repositories, for example ["registry.example.com/acme/millrace"]',
      })
      .describe(
        "Registries that may have the images already, in the order in which they are asked. An image is looked for by " +
          "its content tag, `<cache>/<image>:<tag>`; one that is there is copied to the stack's registry and not built. " +
          "`npm run images -- --push <cache>` fills one.",
      ),
  })
  .prefault({})
  .describe("Where the platform's own images come from, besides being built.");
