/** The object store, as plain data. */
import * as z from "zod";
import { dataPaths, type ServerKind } from "./data-paths.ts";
import { authorityProblems } from "../../platform/authority.ts";
import type { Resources } from "../../platform/resources.ts";
import { schedulingSetting } from "../../platform/scheduling.ts";
import { defineService, type StoreWhole } from "../../platform/service.ts";
import type { BucketWords } from "../../platform/service.ts";
import {
  authority,
  authoritySecret,
  enabled,
  host,
  image,
  memory,
  port,
  secret,
  storage,
  text,
} from "../../platform/settings.ts";
import { objectStoreWatched } from "./watched.ts";
import { resourcesSetting, size, type Sized, sized } from "../../platform/sizes.ts";

const server = { small: size(50, 1000, 0.125), large: size(250, 2000, 1) };

/** The S3 server (Versity's gateway, Garage or MinIO). @param settings.memory Limit of the container. */
export function objectStoreResources(settings: Sized & { readonly memory: string }): Resources {
  return sized(server[settings.size], settings.memory, settings.resources);
}

/** The server of a platform that has no data yet. */
const NEW: ServerKind = "versity";

/** The server that the settings choose, `auto` where no data are; `undefined`: an S3 service that is there already. */
export function serverOf({ server }: { readonly server: ServerKind | "auto" | "existing" }): ServerKind | undefined {
  if (server === "existing") return undefined;
  return server === "auto" ? NEW : server;
}

const HTTPS_PORT = 443;

/** A bucket that is there already: S3's own rules for names. */
const bucket = ({ name, holds }: BucketWords) =>
  z
    .string()
    .regex(/^(?![0-9.]+$)(?!.*[.]{2})[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/)
    .meta({
      "x-range":
        "a bucket: at most 63 lower-case letters, digits, dashes and dots, with a letter or digit at both ends, and no two dots in a row",
    })
    .default(name)
    .describe(`Bucket of ${holds}.`);

/** The same keys, with another value for each. */
function each<From, To>(
  record: Readonly<Record<string, From>>,
  to: (value: From, key: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(value, key)]));
}

const settings = (whole: StoreWhole) =>
  z
    .strictObject({
      enabled: enabled("an S3 object store is part of the platform"),
      server: z
        .enum(["auto", "versity", "garage", "minio", "existing"])
        .default("auto")
        .describe(
          "S3 server: Versity's gateway or Garage (built from packages), MinIO (needs `image`), or an existing one. The data of one can't be " +
            "read by another. `auto` is the one whose data the platform has, and `versity` for a new platform.",
        ),
      storage: storage("10Gi"),
      memory: memory("512Mi", "128Mi"),
      scheduling: schedulingSetting("the server and its setup"),
      resources: resourcesSetting("the server", server),
      image: image().describe(
        "Image with the contract of `versity/versitygw`, `dxflrs/garage` or `minio/minio`; name the `server` with it. Default: the server from packages.",
      ),
      existing: z
        .strictObject({
          protocol: z.enum(["https", "http"]).default("https").describe("Protocol."),
          host: host().describe("Host name."),
          port: port(1).default(HTTPS_PORT).describe("Port."),
          region: text().default("us-east-1").describe("Region that requests are signed for."),
          pathStyle: z.boolean().default(false).describe("Whether buckets are path segments instead of host names."),
          buckets: z
            .strictObject(each(whole.buckets, bucket))
            .prefault({})
            .describe("Buckets, which must exist; those of a service that is not enabled are not used."),
          secretName: secret()
            .optional()
            .describe("Secret in the platform's namespace with keys `accessKey` and `secretKey`, for all consumers."),
          secretNames: z
            .strictObject(each(whole.owners, (words) => secret().optional().describe(`Secret of ${words}.`)))
            .prefault({})
            .describe("Secrets per consumer. Default: `secretName` for each."),
          temporaryKeys: z
            .boolean()
            .default(false)
            .describe("Whether these Secrets also have the key `sessionToken`, as keys that end have."),
          ca: authority("the service's certificate"),
          caSecretName: authoritySecret("the service's certificate"),
        })
        .transform(({ secretName, secretNames, ...rest }) => ({
          ...rest,
          secretNames: each(whole.owners, (_, owner) => secretNames[owner] ?? secretName ?? ""),
        }))
        .optional()
        .describe("An existing S3 service; with server `existing`."),
    })
    .prefault({})
    .describe("The S3 object store.");

/** What is wrong with an authority of the service's own; empty when nothing is. */
function authoritySettingProblems(
  at: string,
  {
    protocol,
    ca,
    caSecretName,
  }: { readonly protocol: string; readonly ca?: string | undefined; readonly caSecretName?: string | undefined },
): string[] {
  const given = Object.entries({ ca, caSecretName }).filter(([, value]) => value !== undefined);
  return [
    ...(protocol === "https"
      ? []
      : given.map(
          ([key]) =>
            `${at}.${key}: is given, but protocol is ${protocol}, which has no certificates; set protocol to https, or remove ${key}`,
        )),
    ...(given.length === 2 ? [`${at}: has both ca and caSecretName; give one of them`] : []),
    ...(ca === undefined ? [] : authorityProblems(`${at}.ca`, ca)),
  ];
}

export const objectStore = defineService({
  name: "objectStore",
  title: "the object store",
  alsoCalled: ["garage", "versity"],
  onPath: true,
  settings,
  isOwn: ({ server }) => server !== "existing",
  handMade: ({ existing }) =>
    existing === undefined ? [] : [...Object.values(existing.secretNames), existing.caSecretName ?? ""],
  image: [
    {
      name: "garage",
      base: "base",
      isCompiled: true,
      wanted: (own) => serverOf(own) === "garage",
      upstream: { image: "docker.io/dxflrs/garage:v2.5.0" },
    },
    {
      name: "versitygw",
      folder: "image-versitygw",
      base: "base",
      isCompiled: true,
      wanted: (own) => serverOf(own) === "versity",
      upstream: { image: "docker.io/versity/versitygw:v1.8.0" },
    },
  ],
  usesTools: true,
  published: {
    objectStore: {
      nodePort: 30900,
      rank: 7,
      meaning: "S3",
      title: "the object store",
      use: "Buckets, for any S3 client",
      called: /^S3 \(\w+\)$/,
      asksForLogin: true,
    },
    objectStoreConsole: {
      nodePort: 30901,
      rank: 8,
      meaning: "The console of the S3 server, where it has one",
      title: "the object store's console",
      asksForLogin: true,
    },
  },
  sized: (own) => ({ resources: objectStoreResources(own) }),
  pods: ({ own }) => [{ resources: objectStoreResources(own), data: own.storage }],
  setsUp: true,
  problems({ own }, { withoutSecret, hasHomes }) {
    const at = "millrace:services.objectStore";
    const problems: string[] = [];
    if (own.server === "minio" && own.image === undefined) {
      problems.push(`${at}.image: missing; server minio is not built from packages: name its image with a tag`);
    }
    if (own.server !== "existing") {
      if (own.existing !== undefined) {
        problems.push(`${at}.existing: is given, but server is ${own.server}; set ${at}.server to existing`);
      }
      return problems;
    }
    if (own.existing === undefined) {
      return [`${at}.existing: missing; server existing needs at least its host and a secretName`];
    }
    problems.push(...authoritySettingProblems(`${at}.existing`, own.existing));
    if (own.existing.protocol === "http" && own.existing.port === HTTPS_PORT) {
      problems.push(
        `${at}.existing.port: is ${HTTPS_PORT} unless it is given, which is that of https; with protocol http give the server's own, ` +
          "for example 9000",
      );
    }
    if (withoutSecret.length > 0) {
      problems.push(
        `${at}.existing.secretNames: ${withoutSecret.join(", ")} ${withoutSecret.length === 1 ? "has" : "have"} no Secret; ` +
          `name one each, or one for all in ${at}.existing.secretName`,
      );
    }
    const dotted = Object.entries(own.existing.buckets).filter(([, name]) => name.includes("."));
    if (dotted.length > 0 && own.existing.protocol === "https" && !own.existing.pathStyle) {
      const names = dotted.map(([key, name]) => `${key} ("${name}")`).join(", ");
      problems.push(
        `${at}.existing.buckets: dots in ${names}, and no certificate is for the host name that such a bucket gets; ` +
          `set ${at}.existing.pathStyle to true, or give buckets without dots`,
      );
    }
    const { homes, ...others } = own.existing.buckets;
    const [shared] = Object.entries(others).find(([, name]) => name === homes) ?? [];
    if (hasHomes && shared !== undefined) {
      problems.push(
        `${at}.existing.buckets.homes: received "${homes ?? ""}", which is also ${shared}, and users write to their homes; ` +
          "give a bucket of its own",
      );
    }
    return problems;
  },
  warnings({ own, hasClaims }) {
    if (own.server !== "existing" && (!hasClaims || own.storage.kind === "ephemeral")) {
      return ["millrace:services.objectStore: ephemeral storage loses all tables at every restart"];
    }
    const at = "millrace:services.objectStore.existing";
    return [
      ...(own.existing?.protocol === "http" ? [`${at}.protocol: http, so data crosses the network in clear`] : []),
      ...(own.existing?.temporaryKeys === true
        ? [
            `${at}.temporaryKeys: true, so everything that uses S3 stops when the session ends; before that, put new keys into the ` +
              "Secrets and restart the pods that use them (docs/object-store.md)",
          ]
        : []),
    ];
  },
  watched: objectStoreWatched,
  claims: {
    set: "object-store",
    program: {
      setting: "server",
      dataPaths,
      component: "ObjectStore",
      of: serverOf,
      autoProblem: ({ image }) =>
        image === undefined
          ? undefined
          : `millrace:services.objectStore.image: received "${image}", but not which server it has; ` +
            `set millrace:services.objectStore.server to ${Object.keys(dataPaths).join(", ")}`,
    },
  },
  accounts: { kind: "keyPairs", store: "object-store", none: "its S3 service is an existing one" },
  outside: [
    {
      key: "s3",
      title: "S3",
      of({ existing }, { address }) {
        if (existing !== undefined) {
          const { protocol, host, port, region, pathStyle } = existing;
          return { endpoint: `${protocol}://${host}:${port}`, region, pathStyle };
        }
        const published = address("objectStore");
        if (published === undefined) return undefined;
        const endpoint = published.includes("://") ? published : `http://${published}`;
        return { endpoint, region: "us-east-1", pathStyle: true };
      },
    },
  ],
  existingStore: (own) => own.existing,
});
