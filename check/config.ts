/** Settings of the proof: one JSON object in `PROOF_CONFIG`, keys and passwords in variables of their own. */
import { z } from "zod";

const schema = z.strictObject({
  /** @default - no hop that needs records of the proof */
  kafka: z
    .strictObject({
      /** `host:port,host:port` */
      bootstrapServers: z.string().min(1),
      topic: z.string().min(1).default("telemetry"),
    })
    .optional(),
  /** @default - no hop that reads objects */
  s3: z
    .strictObject({
      protocol: z.enum(["http", "https"]),
      host: z.string().min(1),
      port: z.int().min(1).max(65535),
      region: z.string().min(1),
      pathStyle: z.boolean().default(true),
      /** Bucket of the tables; the proof's key must be able to read and write it. */
      bucket: z.string().min(1).default("lake"),
      /** Prefix of the tables in the bucket. */
      warehouse: z.string().default("warehouse"),
    })
    .optional(),
  /** @default - no hop that reads tables */
  metastore: z.strictObject({ uri: z.string().regex(/^thrift:\/\/[^:/]+:\d+$/) }).optional(),
  /** @default - no hop that asks by SQL */
  presto: z
    .strictObject({
      url: z.url(),
      /** Catalog of the Iceberg tables in Presto. */
      catalog: z.string().min(1).default("lake"),
      /** Catalog of Cassandra's tables in Presto. @default - no hop `presto-cassandra` */
      cassandraCatalog: z.string().regex(/^\w+$/).optional(),
    })
    .optional(),
  /** Whether there is a stream that writes the topic's records into table `samples`. */
  stream: z.boolean().default(true),
  /** The producer of ordinary records. @default - no hop `telemetry` */
  telemetry: z.strictObject({ intervalSeconds: z.int().min(1).max(3600) }).optional(),
  /** Iceberg namespace, in Presto the schema. */
  namespace: z.string().min(1).default("telemetry"),
  /** Good records to send. */
  records: z.int().min(1).max(10_000).default(200),
  /** Records to send that the stream must refuse. */
  poison: z.int().min(0).max(100).default(5),
  /** Time that each hop may take at least without progress, in seconds. @default - each hop's own */
  timeoutSeconds: z.number().min(1).max(3600).optional(),
  /** Why a hop that can't be asked with these settings is not asked, by its name. */
  skipped: z.record(z.string(), z.string()).default({}),
  /** @default - no hop `airflow` */
  airflow: z
    .strictObject({
      url: z.url(),
      /** Account that the proof logs in as. */
      user: z.string().min(1),
      /** Whether DAG `dag` can be run: it asks Spark and Presto. */
      runs: z.boolean().default(true),
      /** DAGs whose last run is looked at, by hop. */
      lastRuns: z.partialRecord(z.enum(["census-dag", "maintenance"]), z.string().min(1)).default({}),
      dag: z.string().min(1).default("telemetry_report"),
      /** Table that the DAG's rows come to, in Presto's catalog: `schema.table`. */
      table: z
        .string()
        .regex(/^\w+\.\w+$/)
        .default("reports.telemetry_summary"),
      /** Bucket of the executed notebooks; the proof's key must be able to read and write it. */
      bucket: z.string().min(1).default("notebooks"),
      /** Prefix of the executed notebooks in the bucket. */
      prefix: z.string().default("runs/telemetry-report"),
      /** Where task logs are kept, which outlive their runs; the proof removes those of its own. @default - they stay */
      logs: z.strictObject({ bucket: z.string().min(1), prefix: z.string() }).optional(),
    })
    .optional(),
  /** @default - no hop `backup` */
  backup: z
    .strictObject({
      /** Bucket of the backups; the proof's key must be able to read it. */
      bucket: z.string().min(1),
      /** Begin of the keys of all backups, with its slash. */
      prefix: z.string().endsWith("/"),
      /** The CronJob that makes them, whose Jobs the proof's account may list. */
      cronJob: z.string().min(1),
      schedule: z.string().min(1),
    })
    .optional(),
  /** @default - no hop `spark-history` */
  sparkHistory: z.strictObject({ url: z.url(), keepDays: z.int().min(1) }).optional(),
  /** @default - no hop `notebooks` */
  jupyterhub: z
    .strictObject({
      url: z.url(),
      /** Account that the proof logs in as. */
      user: z.string().min(1),
      /** Where the account's notebooks are kept; the proof's key must be able to read and write it. */
      home: z.strictObject({ bucket: z.string().min(1), prefix: z.string().default("") }),
      /** What a notebook can ask. */
      asks: z.array(z.enum(["spark", "presto"])).default(["spark", "presto"]),
    })
    .optional(),
  /** @default - no hops from `pump` to `census` */
  pipeline: z
    .strictObject({
      /** Of the pumps of random numbers. @default - none are sent, and hops that look for them left out */
      pump: z.url().optional(),
      /** @default - no hops `live`, `display` and `census` */
      display: z.url().optional(),
      /** @default - no hop `cassandra` */
      cassandra: z
        .strictObject({
          contactPoints: z.array(z.string().min(1)).min(1),
          port: z.int().min(1).max(65535),
          datacenter: z.string().min(1),
          /** Role that the proof logs in as. */
          user: z.string().min(1),
        })
        .optional(),
      /** Of the stream `windows`. @default - there is none, and hops that look for what it writes are left out */
      windowSeconds: z.int().min(1).max(3600).optional(),
      /** @default - no hop `census` */
      census: z
        .strictObject({
          /** Bucket of the census files; the proof's key must be able to read it. */
          bucket: z.string().min(1),
          /** Prefix of the files in the bucket, with its slash. */
          prefix: z.string().default("census/"),
          /** People in all files together. */
          rows: z.int().min(1),
          /** Run under which Spark writes the figures. */
          run: z.string().min(1).default("static-file"),
        })
        .optional(),
    })
    .optional(),
});

type Settings = z.infer<typeof schema>;
type S3Settings = NonNullable<Settings["s3"]>;
type Pipeline = NonNullable<Settings["pipeline"]>;
type WithPassword<T> = (T & { readonly password: string }) | undefined;

export type ProofConfig = Omit<Settings, "s3" | "airflow" | "jupyterhub" | "pipeline"> & {
  readonly s3: (S3Settings & { readonly accessKey: string; readonly secretKey: string }) | undefined;
  readonly airflow: WithPassword<NonNullable<Settings["airflow"]>>;
  readonly jupyterhub: WithPassword<NonNullable<Settings["jupyterhub"]>>;
  readonly pipeline:
    | (Pick<Pipeline, "display" | "windowSeconds" | "census"> & {
        readonly pump: { readonly url: string; readonly token: string } | undefined;
        readonly cassandra: WithPassword<NonNullable<Pipeline["cassandra"]>>;
      })
    | undefined;
};

/** @throws {Error} with all problems at once */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ProofConfig {
  const problems: string[] = [];
  const required = (name: string, holds: string): string => {
    const value = environment[name] ?? "";
    if (value === "") problems.push(`${name} is not set: it holds ${holds}`);
    return value;
  };
  const { PROOF_CONFIG: text, PROOF_TIMEOUT_SECONDS: override } = environment;
  const given = parseJson(text, problems);
  const parsed = schema.safeParse(given);
  // Also when another setting is wrong: all problems are told at once.
  const keys = !(given instanceof Object && "s3" in given)
    ? { accessKey: "", secretKey: "" }
    : {
        accessKey: required("S3_ACCESS_KEY", "the proof's S3 access key"),
        secretKey: required("S3_SECRET_KEY", "the proof's S3 secret key"),
      };
  if (!parsed.success && text) {
    problems.push(...parsed.error.issues.map((issue) => `PROOF_CONFIG ${issue.path.join(".")}: ${issue.message}`));
  }
  const { s3, airflow, jupyterhub, pipeline } = parsed.data ?? {};
  const withPassword = <T extends { readonly user: string }>(part: T | undefined, name: string): WithPassword<T> =>
    part === undefined ? undefined : { ...part, password: required(name, `the password of ${part.user}`) };
  const parts = {
    s3: s3 && { ...s3, ...keys },
    airflow: withPassword(airflow, "AIRFLOW_PASSWORD"),
    jupyterhub: withPassword(jupyterhub, "JUPYTERHUB_PASSWORD"),
    pipeline: pipeline && {
      ...pipeline,
      pump:
        pipeline.pump === undefined
          ? undefined
          : { url: pipeline.pump, token: required("PUMP_TOKEN", "the token that the pumps ask for") },
      cassandra: withPassword(pipeline.cassandra, "CASSANDRA_PASSWORD"),
    },
  };
  const limit = schema.shape.timeoutSeconds.safeParse(
    override === undefined ? parsed.data?.timeoutSeconds : Number(override),
  );
  if (!limit.success && override !== undefined) {
    problems.push(`PROOF_TIMEOUT_SECONDS is "${override}"; allowed are 1 to 3600`);
  }
  if (problems.length > 0 || !limit.success || !parsed.success) throw new Error(problems.join("\n"));
  return { ...parsed.data, ...parts, timeoutSeconds: limit.data };
}

function parseJson(text: string | undefined, problems: string[]): unknown {
  if (!text) {
    problems.push("PROOF_CONFIG is not set: it holds the proof's settings as JSON");
    return undefined;
  }
  try {
    return JSON.parse(text);
  } catch {
    problems.push("PROOF_CONFIG is not JSON");
    return undefined;
  }
}
