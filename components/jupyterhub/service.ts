/** JupyterHub, as plain data. */
import * as z from "zod";
import { isUserName, ROBOT, USER_NAME } from "../../platform/names.ts";
import { nearest } from "../../platform/nearest.ts";
import { mebibytes } from "../../platform/quantity.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type Rights, type RightsByConsumer } from "../../platform/service.ts";
import { image, optional, quantity, secret, text } from "../../platform/settings.ts";
import { jupyterhubWatched } from "./watched.ts";
import { pythonDisk } from "../notebooks/disk.ts";
import {
  allResourcesSetting,
  type GivenResources,
  resourcesSetting,
  size,
  type Sized,
  sized,
} from "../../platform/sizes.ts";
import { airflow } from "../airflow/service.ts";
import { objectStore } from "../object-store/service.ts";
import { postgres } from "../postgres/service.ts";

/** The parts of JupyterHub; `server` is a user's notebook server with its kernels. */
const parts = {
  hub: { small: size(30, 1000, 0.45), large: size(100, 1000, 1) },
  proxy: { small: size(10, 500, 0.5), large: size(100, 1000, 1) },
  server: { small: size(50, 2000, 0.25), large: size(250, 4000, 0.5) },
};
const HUB_MEMORY = "384Mi";
const PROXY_MEMORY = "160Mi";

/** What each part of JupyterHub asks for. @param settings.userMemory Memory limit of a user's server. */
export function jupyterhubResources({
  size: row,
  resources,
  userMemory,
}: Sized<Readonly<Partial<Record<keyof typeof parts, GivenResources | undefined>>>> & {
  readonly userMemory: string;
}): Readonly<Record<keyof typeof parts, Resources>> {
  return {
    hub: sized(parts.hub[row], HUB_MEMORY, resources?.hub),
    proxy: sized(parts.proxy[row], PROXY_MEMORY, resources?.proxy),
    server: sized(parts.server[row], userMemory, resources?.server),
  };
}

const USER_RANGE =
  "a list of names, each of 2 to 50 letters, digits and . _ + @ - that begins and ends with a letter or digit " +
  "(. _ + @ - count three)";
const userName = () => z.string().regex(USER_NAME, { abort: true }).refine(isUserName).toLowerCase();

export const jupyterhub = defineService({
  name: "jupyterhub",
  alsoCalled: ["jupyter", "notebooks"],
  group: "studio",
  title: "JupyterHub",
  settings: z
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
          "Who may log in: `ana`, `ana.b` or `ana@example.com`, in upper or lower case. Each user has their own password, bucket and key.",
        ),
      admins: z
        .array(userName())
        .default([])
        .meta({ "x-range": "a list of names out of users" })
        .describe("Users who may see and stop the servers of others."),
      userMemory: quantity("512Mi", "1024Gi")
        .default("1536Mi")
        .describe("Memory limit of a user's server with all its kernels."),
      scheduling: schedulingSetting("the hub, its proxy and users' servers"),
      resources: z
        .strictObject({
          hub: allResourcesSetting("the hub", parts.hub, HUB_MEMORY, "256Mi"),
          proxy: allResourcesSetting("the proxy", parts.proxy, PROXY_MEMORY, "96Mi"),
          server: resourcesSetting("each user's server", parts.server),
        })
        .optional()
        .describe("Requests and limits of each part."),
      idleMinutes: z.int().min(1).max(10_080).default(30).describe("Idle minutes after which a server is stopped."),
      oidc: z
        .strictObject({
          issuer: z
            .string()
            .regex(/^https:\/\/[^\s/]+(\/[^\s?#]*)?$/)
            .meta({ "x-range": 'an address, for example "https://login.example.com/realms/data"' })
            .describe("Address of the provider, where its `.well-known/openid-configuration` is."),
          clientId: text().describe("Name under which the provider knows the hub."),
          clientSecretName: secret().describe(
            "Secret in the platform's namespace whose key `clientSecret` identifies the hub to the provider.",
          ),
          usernameClaim: text().default("preferred_username").describe("Claim that holds the user's name."),
        })
        .optional()
        .describe("Login with OpenID Connect, instead of the hub's own passwords; `users` may log in."),
      image: image().describe(
        "Image with JupyterHub, JupyterLab and the contract of the platform's own. Default: built from packages.",
      ),
    })
    .prefault({})
    .describe("JupyterHub, with a server per user."),
  needs: { of: [postgres, objectStore], why: "its users and their notebooks are kept there" },
  database: { name: "jupyterhub" },
  accounts: { kind: "passwords", secret: "jupyterhub-users" },
  disk: pythonDisk,
  image: { name: "jupyter", base: "python", sources: ["notebooks"], hasLibrary: true, hasNode: true, after: "airflow" },
  watched: jupyterhubWatched,
  published: {
    jupyterhub: {
      nodePort: 30800,
      rank: 4,
      meaning: "JupyterHub",
      title: "JupyterHub",
      use: "Notebooks with Spark, SQL and S3",
      asksForLogin: true,
    },
  },
  sized: (own) =>
    Object.fromEntries(
      Object.entries(jupyterhubResources(own)).map(([part, resources]) => [`resources.${part}`, resources]),
    ),
  // One user at work; each further one needs a server more.
  pods: ({ own }) => Object.values(jupyterhubResources(own)).map((resources) => ({ resources })),
  shrinks: [{ rank: 10, set: { userMemory: "1536Mi" }, applies: ({ userMemory }) => mebibytes(userMemory) > 1536 }],
  quarters: () => ["users"],
  goes: 7,
  podWords: { user: ["hub.jupyter.org/username"] },
  problems({ own: { users, admins } }) {
    const at = "millrace:services.jupyterhub";
    const problems: string[] = [];
    if (users.includes(ROBOT)) {
      problems.push(`${at}.users: "${ROBOT}" is the account that the proof logs in with; give another name`);
    }
    for (const user of new Set(users.filter((name, index) => users.indexOf(name) !== index))) {
      problems.push(`${at}.users: "${user}" is listed twice; list each user once`);
    }
    for (const admin of admins.filter((name) => !users.includes(name))) {
      const meant = nearest(admin, users);
      problems.push(
        `${at}.admins: "${admin}" is not one of the users (${users.join(", ")}); ` +
          (meant === undefined ? "add it to users" : `did you mean "${meant}"?`),
      );
    }
    return problems;
  },
  warnings(view) {
    // S3 keys of an existing service are not the platform's to make.
    const { existing } = view.of(objectStore);
    if (existing === undefined) return [];
    return [
      `millrace:services.jupyterhub: the existing S3 service gives all users one key, so each of them can read and write ` +
        `the notebooks of all others in bucket "${existing.buckets["homes"] ?? ""}"`,
    ];
  },
  notes: (view) =>
    view.of(objectStore).existing === undefined
      ? []
      : ["users of JupyterHub share one S3 key and one bucket: each can read and write the notebooks of all others"],
  store: {
    homes: {
      shared: { name: "homes", holds: "the users' own notebooks, a prefix for each" },
      owners: "all of JupyterHub's users",
      users: ({ own }) => (own.enabled ? [...own.users, ROBOT] : []),
    },
    rights(view, { bucket, homes }) {
      if (!view.own.enabled) return {};
      const forDags = view.of(airflow);
      const users = Object.entries(homes).map(([user, { consumer, bucket: own }]): [string, Rights] => [
        consumer,
        {
          [own]: "readWrite",
          // The proof's account publishes nothing.
          [bucket("notebooks")]: user === ROBOT ? "read" : "readWrite",
          [bucket("lake")]: "read",
          ...(forDags.enabled && forDags.dagBucket && user !== ROBOT && { [bucket("dags")]: "readWrite" }),
        },
      ]);
      return { notebooks: { [bucket("notebooks")]: "readWrite" }, ...Object.fromEntries(users) };
    },
    grants: (_, { homes: { [ROBOT]: home } }): RightsByConsumer =>
      home === undefined ? {} : { proof: { [home.bucket]: "readWrite" } },
  },
  hops: { notebooks: ["jupyterhub"] },
});
