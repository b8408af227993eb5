/** Settings of where the platform's images come from. */
import * as z from "zod";
import { registryPrefix, secret } from "../platform/settings.ts";

export const images = z
  .strictObject({
    source: z
      .enum(["auto", "packages", "upstream"])
      .default("auto")
      .describe(
        "What runs. `auto`: the platform's own images, from the stack's registry, else from `caches`, else built from packages. " +
          "`packages`: the same images, and no cache is asked. `upstream`: the official images, by the digests in " +
          "`images/upstream.lock`, with a layer of ours where one is needed; a service that has none runs the platform's own.",
      ),
    mirror: registryPrefix()
      .optional()
      .describe(
        "Registry that has Docker Hub's images by their own names, `<mirror>/<owner>/<name>`, for source `upstream`. " +
          "The digests say what is taken, wherever it comes from. Default: Docker Hub.",
      ),
    caches: z
      .array(registryPrefix())
      .default([])
      .meta({
        "x-range": 'a list of registries with their repositories, for example ["registry.example.com/acme/millrace"]',
      })
      .describe(
        "Registries that may have the images already, in the order in which they are asked. An image is looked for by " +
          "its content tag, `<cache>/<image>:<tag>`; one that is there is copied to the stack's registry and not built, " +
          "and so is the embedded cluster's own. " +
          "`npm run images -- --push <cache>` fills one.",
      ),
    pullSecret: secret()
      .optional()
      .describe(
        "Secret of type `kubernetes.io/dockerconfigjson` in the namespace, with which every pod gets its image. It must be there before its pods " +
          "are; in a namespace that `up` makes, give `pullLogin`.",
      ),
    pullLogin: z
      .boolean()
      .default(false)
      .describe(
        "Whether a Secret is made from this machine's `docker login` for `cluster.registry.pull`, for every pod. Whoever may read " +
          "Secrets in the namespace can read the login: use one that may only pull.",
      ),
  })
  .prefault({})
  .describe("Where the platform's own images come from, besides being built.");
