/** Settings of the proof: one JSON object in `PROOF_CONFIG`, keys and passwords in variables of their own. */
import { z } from "zod";

const schema = z.strictObject({
  kafka: z.strictObject({
    /** `host:port,host:port` */
    bootstrapServers: z.string().min(1),
    topic: z.string().min(1).default("telemetry"),
  }),
  s3: z.strictObject({
    protocol: z.enum(["http", "https"]),
    host: z.string().min(1),
    port: z.int().min(1).max(65535),
    region: z.string().min(1),
    pathStyle: z.boolean().default(true),
    /** Bucket of the tables; the proof's key must be able to read and write it. */
    bucket: z.string().min(1).default("lake"),
    /** Prefix of the tables in the bucket. */
    warehouse: z.string().default("warehouse"),
  }),
  metastore: z.strictObject({ uri: z.string().regex(/^thrift:\/\/[^:/]+:\d+$/) }),
  presto: z.strictObject({
    url: z.url(),
    /** Catalog of the Iceberg tables in Presto. */
    catalog: z.string().min(1).default("lake"),
  }),
  /** Iceberg namespace, in Presto the schema. */
  namespace: z.string().min(1).default("telemetry"),
  /** Good records to send. */
  records: z.int().min(1).max(10_000).default(200),
  /** Records to send that the stream must refuse. */
  poison: z.int().min(0).max(100).default(5),
  /** Limit of the data path's hops together, and of each branch beside it, in seconds. */
  timeoutSeconds: z.number().min(1).max(3600).default(100),
  /** @default - no hop `airflow` */
  airflow: z
    .strictObject({
      url: z.url(),
      /** Account that the proof logs in as. */
      user: z.string().min(1),
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
  /** @default - no hop `notebooks` */
  jupyterhub: z
    .strictObject({
      url: z.url(),
      /** Account that the proof logs in as. */
      user: z.string().min(1),
      /** Where the account's notebooks are kept; the proof's key must be able to read and write it. */
      home: z.strictObject({ bucket: z.string().min(1), prefix: z.string().default("") }),
    })
    .optional(),
  /** @default - no hops from `pump` to `display` */
  pipeline: z
    .strictObject({
      /** Of the pumps of random numbers. */
      pump: z.url(),
      display: z.url(),
      cassandra: z.strictObject({
        contactPoints: z.array(z.string().min(1)).min(1),
        port: z.int().min(1).max(65535),
        datacenter: z.string().min(1),
        /** Role that the proof logs in as. */
        user: z.string().min(1),
      }),
      windowSeconds: z.int().min(1).max(3600),
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
type WithPassword<T> = (T & { readonly password: string }) | undefined;

type Pipeline = NonNullable<Settings["pipeline"]>;

export type ProofConfig = Omit<Settings, "airflow" | "jupyterhub" | "pipeline"> & {
  readonly s3: { readonly accessKey: string; readonly secretKey: string };
  readonly airflow: WithPassword<NonNullable<Settings["airflow"]>>;
  readonly jupyterhub: WithPassword<NonNullable<Settings["jupyterhub"]>>;
  readonly pipeline: (Pipeline & { readonly pumpToken: string; readonly cassandraPassword: string }) | undefined;
};

/** @throws {Error} with all problems at once */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ProofConfig {
  const problems: string[] = [];
  const required = (name: string, holds: string): string => {
    const value = environment[name] ?? "";
    if (value === "") problems.push(`${name} is not set: it holds ${holds}`);
    return value;
  };
  const accessKey = required("S3_ACCESS_KEY", "the proof's S3 access key");
  const secretKey = required("S3_SECRET_KEY", "the proof's S3 secret key");
  const { PROOF_CONFIG: text, PROOF_TIMEOUT_SECONDS: override } = environment;
  const parsed = schema.safeParse(parseJson(text, problems));
  if (!parsed.success && text) {
    problems.push(...parsed.error.issues.map((issue) => `PROOF_CONFIG ${issue.path.join(".")}: ${issue.message}`));
  }
  const { airflow, jupyterhub, pipeline } = parsed.data ?? {};
  const withPassword = <T extends { readonly user: string }>(part: T | undefined, name: string): WithPassword<T> =>
    part === undefined ? undefined : { ...part, password: required(name, `the password of ${part.user}`) };
  const beside = {
    airflow: withPassword(airflow, "AIRFLOW_PASSWORD"),
    jupyterhub: withPassword(jupyterhub, "JUPYTERHUB_PASSWORD"),
    pipeline: pipeline && {
      ...pipeline,
      pumpToken: required("PUMP_TOKEN", "the token that the pumps ask for"),
      cassandraPassword: required("CASSANDRA_PASSWORD", `the password of ${pipeline.cassandra.user}`),
    },
  };
  const limit = schema.shape.timeoutSeconds.safeParse(
    override === undefined ? parsed.data?.timeoutSeconds : Number(override),
  );
  if (!limit.success && override !== undefined) {
    problems.push(`PROOF_TIMEOUT_SECONDS is "${override}"; allowed are 1 to 3600`);
  }
  if (problems.length > 0 || !limit.success || !parsed.success) throw new Error(problems.join("\n"));
  return { ...parsed.data, ...beside, timeoutSeconds: limit.data, s3: { ...parsed.data.s3, accessKey, secretKey } };
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
