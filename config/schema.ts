/**
 * The schema of a stack's configuration: every setting with its type, range, default and meaning. The checks, the
 * editors' JSON schema and docs/configuration.md are all made from it.
 */
import * as z from "zod";
import { cluster } from "./cluster.ts";
import { inProfile, profiles } from "./profiles.ts";
import { catalog, kafka, objectStore, postgres, presto, spark, telemetry, tools } from "./services/core.ts";
import { cassandra, census, display, randomNumbers, windows } from "./services/pipeline.ts";
import { airflow, jupyterhub, sparkConnect, sparkHistory } from "./services/studio.ts";
import { enabled } from "./settings.ts";

export type { S3Owner } from "./services/core.ts";
export type { Hints, Quantity } from "./settings.ts";

const proof = z
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
  .describe("The proof of the data path.");

/** Everything under `millrace:` in `Pulumi.<stack>.yaml`. */
export const schema = z
  .strictObject({
    profile: z
      .enum(profiles)
      .default("core")
      .describe(
        "Named set of services: `core` is the data path; `studio` is `core` with what people work with: Airflow, " +
          "JupyterHub, Spark Connect and Spark's history; `pipeline` is `core` with Cassandra, random numbers, the census, " +
          "streamed windows and the web display; `full` is all of them. It only says which `services.*.enabled` are " +
          "`true` where the stack does not. `npm run up -- --profile pipeline` is the same for one run, and the next runs " +
          "go on with it.",
      ),
    cluster,
    services: z
      .strictObject({
        kafka,
        objectStore,
        catalog,
        spark,
        presto,
        telemetry,
        postgres,
        airflow,
        jupyterhub,
        sparkConnect,
        sparkHistory,
        cassandra,
        randomNumbers,
        census,
        windows,
        display,
        tools,
      })
      .prefault({})
      .describe("What runs there."),
    proof,
  })
  .transform(({ profile, services, ...rest }) => ({ ...rest, profile, services: inProfile(profile, services) }));

/** The checked configuration, all defaults filled in. */
export type PlatformConfig = z.output<typeof schema>;
