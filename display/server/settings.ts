/**
 * Settings of the server, from the environment: `PORT` (8080), `WEB_DIR` (the built pages), `WINDOW_SECONDS` (10),
 * `POD_NAME` (host name); `KAFKA_BOOTSTRAP`, `KAFKA_SECURITY_PROTOCOL` (PLAINTEXT), `RANDOM_NUMBERS_TOPIC` (none),
 * `MONITORING_TOPIC` (telemetry), `RACE_TOPIC` (none); `RACE_TRACK` (mill); `PAGE_PARTS`
 * (all parts of `pageParts`, separated by commas); `PRESTO_URL`, `PRESTO_CATALOG` (lake); `CASSANDRA_CONTACT_POINTS` (`host,host`),
 * `CASSANDRA_PORT` (9042), `CASSANDRA_DATACENTER`, `CASSANDRA_USER`, `CASSANDRA_PASSWORD`; `NETWORK_DIR` (none).
 */
import { hostname } from "node:os";
import { z } from "zod";
import { trackNames, type TrackName } from "../../components/race-car/programs/track.ts";
import { type PagePart, pageParts, type Stream } from "../protocol.ts";

const text = z.string({ error: "is not set" }).min(1, "is empty");
const wholeNumber = (least: number, most: number) => {
  const allowed = `is not a whole number from ${least} to ${most}`;
  return z.coerce.number(allowed).int(allowed).min(least, allowed).max(most, allowed);
};
const hosts = text.transform((list) => list.split(",").map((host) => host.trim()));

const schema = z.object({
  PORT: wholeNumber(0, 65535).default(8080),
  WEB_DIR: text,
  WINDOW_SECONDS: wholeNumber(1, 3600).default(10),
  POD_NAME: text.default(hostname()),
  KAFKA_BOOTSTRAP: text,
  RANDOM_NUMBERS_TOPIC: text.optional(),
  MONITORING_TOPIC: text.default("telemetry"),
  RACE_TOPIC: text.optional(),
  RACE_TRACK: z.enum(trackNames, `is no track; there are ${trackNames.join(", ")}`).default("mill"),
  PAGE_PARTS: text
    .default(pageParts.join(","))
    .transform((list) => list.split(","))
    .pipe(z.array(z.enum(pageParts, `is not a list of ${pageParts.join(", ")}`))),
  PRESTO_URL: text.pipe(z.url("is not a URL such as http://presto:8080")),
  PRESTO_CATALOG: text.regex(/^[a-z][a-z0-9_]*$/, "is not a name of a catalog").default("lake"),
  CASSANDRA_CONTACT_POINTS: hosts,
  CASSANDRA_PORT: wholeNumber(1, 65535).default(9042),
  CASSANDRA_DATACENTER: text,
  CASSANDRA_USER: text,
  CASSANDRA_PASSWORD: text,
  NETWORK_DIR: text.optional(),
});

export interface Settings {
  /** 0: any free one. */
  readonly port: number;
  /** Folder with `index.html` and what it loads. */
  readonly webDir: string;
  /** Windows of another length are not shown: the setting of the stream was changed since. */
  readonly windowSeconds: number;
  readonly podName: string;
  /** What its pages can show. */
  readonly parts: readonly PagePart[];
  readonly track: TrackName;
  readonly kafka: {
    readonly bootstrapServers: string;
    /** What is live, by its stream; what is not there is not read. */
    readonly topics: Readonly<Partial<Record<Stream | "race", string>>>;
  };
  readonly presto: { readonly url: string; readonly catalog: string };
  readonly cassandra: CassandraSettings;
  /** Folder with `network.json` and `network.svg`. @default - nothing is known of the network */
  readonly networkDir?: string;
}

export interface CassandraSettings {
  readonly contactPoints: readonly string[];
  readonly port: number;
  readonly datacenter: string;
  readonly user: string;
  readonly password: string;
}

/** @throws {Error} with all problems at once, none of which shows a password */
export function readSettings(environment: Readonly<Record<string, string | undefined>>): Settings {
  const parsed = schema.safeParse(environment);
  if (!parsed.success) {
    throw new Error(parsed.error.issues.map(({ path, message }) => `${path.join(".")} ${message}`).join("\n"));
  }
  const { data } = parsed;
  return {
    port: data.PORT,
    webDir: data.WEB_DIR,
    windowSeconds: data.WINDOW_SECONDS,
    podName: data.POD_NAME,
    parts: data.PAGE_PARTS,
    track: data.RACE_TRACK,
    kafka: {
      bootstrapServers: data.KAFKA_BOOTSTRAP,
      topics: {
        monitoring: data.MONITORING_TOPIC,
        ...(data.RANDOM_NUMBERS_TOPIC !== undefined && { "random-numbers": data.RANDOM_NUMBERS_TOPIC }),
        ...(data.RACE_TOPIC !== undefined && { race: data.RACE_TOPIC }),
      },
    },
    presto: { url: data.PRESTO_URL, catalog: data.PRESTO_CATALOG },
    cassandra: {
      contactPoints: data.CASSANDRA_CONTACT_POINTS,
      port: data.CASSANDRA_PORT,
      datacenter: data.CASSANDRA_DATACENTER,
      user: data.CASSANDRA_USER,
      password: data.CASSANDRA_PASSWORD,
    },
    ...(data.NETWORK_DIR !== undefined && { networkDir: data.NETWORK_DIR }),
  };
}
