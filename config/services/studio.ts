/** Settings of what people work with. */
import * as z from "zod";
import { isUserName, USER_NAME } from "../../platform/names.ts";
import { image, memory, optional, quantity, secret, sparkHeap, text } from "../settings.ts";

export const sparkConnect = z
  .strictObject({
    enabled: optional("studio", "people drive Spark from their notebooks (Spark Connect)"),
    driverMemory: sparkHeap("640Mi", "the driver that all sessions share"),
    maxExecutors: z
      .int()
      .min(1)
      .max(100)
      .default(1)
      .describe("Most executors at a time; they come when there is work and go when there is none."),
  })
  .prefault({})
  .describe("Spark Connect: Spark for notebooks and tasks. Executors are as large as those of `spark`.");

export const sparkHistory = z
  .strictObject({
    enabled: optional("studio", "the history of Spark's applications is kept and shown"),
    memory: memory("512Mi", "384Mi"),
  })
  .prefault({})
  .describe("Spark's history: the pages of applications that have ended, from event logs in S3.");

export const airflow = z
  .strictObject({
    enabled: optional("studio", "Airflow is part of the platform"),
    executor: z
      .enum(["kubernetes", "local"])
      .default("kubernetes")
      .describe("Where tasks run: each in a pod of its own, or inside the scheduler, which starts them faster."),
    dagBucket: z
      .boolean()
      .default(true)
      .describe("Whether DAGs are taken from the bucket `dags` too, where JupyterHub's users can put them."),
    image: image().describe("Image with the contract of `apache/airflow:3.3.2`. Default: built from packages."),
  })
  .prefault({})
  .describe("Airflow.");

const USER_RANGE =
  "a list of names, each of 2 to 50 letters, digits and . _ + @ - that begins and ends with a letter or digit " +
  "(. _ + @ - count three)";
const userName = () => z.string().regex(USER_NAME, { abort: true }).refine(isUserName).toLowerCase();

export const jupyterhub = z
  .strictObject({
    enabled: optional("studio", "JupyterHub is part of the platform"),
    users: z
      .array(userName())
      .min(1)
      .max(200)
      .default(["analyst"])
      .meta({
        "x-range": USER_RANGE,
        "x-also-called": ["accounts", "people"],
      })
      .describe(
        "Who may log in: `ana`, `ana.b` or `ana@example.com`, in letters of either case. Each has a password, a bucket and a key of their own.",
      ),
    admins: z
      .array(userName())
      .default([])
      .meta({ "x-range": "a list of names out of users" })
      .describe("Users who may see and stop the servers of others."),
    userMemory: quantity("512Mi", "1024Gi")
      .default("1536Mi")
      .describe("Memory limit of a user's server with all its kernels."),
    idleMinutes: z
      .int()
      .min(1)
      .max(10_080)
      .default(30)
      .describe("Minutes without work after which a server is stopped."),
    oidc: z
      .strictObject({
        issuer: z
          .string()
          .regex(/^https:\/\/[^\s/]+(\/[^\s?#]*)?$/)
          .meta({ "x-range": 'an address, for example "https://login.example.com/realms/data"' })
          .describe("Address of the provider, under which its `.well-known/openid-configuration` lies."),
        clientId: text().describe("Name under which the provider knows the hub."),
        clientSecretName: secret().describe(
          "Secret in the platform's namespace whose key `clientSecret` the provider knows the hub by.",
        ),
        usernameClaim: text().default("preferred_username").describe("Claim that holds the user's name."),
      })
      .optional()
      .describe("A login by OpenID Connect, instead of passwords of the hub's own; `users` may log in."),
    image: image().describe(
      "Image with JupyterHub, JupyterLab and the contract of the platform's own. Default: built from packages.",
    ),
  })
  .prefault({})
  .describe("JupyterHub, with a server per user.");
