/** Settings of the proof: one JSON object in `PROOF_CONFIG`, keys in variables of their own. */
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
  /** Limit of all hops together, in seconds. */
  timeoutSeconds: z.number().min(1).max(3600).default(100),
});

export type ProofConfig = z.infer<typeof schema> & {
  readonly s3: { readonly accessKey: string; readonly secretKey: string };
};

/** @throws {Error} with all problems at once */
export function readConfig(environment: Readonly<Record<string, string | undefined>>): ProofConfig {
  const { PROOF_CONFIG: text, S3_ACCESS_KEY: accessKey, S3_SECRET_KEY: secretKey } = environment;
  const problems: string[] = [];
  if (!accessKey) problems.push("S3_ACCESS_KEY is not set: it holds the proof's S3 access key");
  if (!secretKey) problems.push("S3_SECRET_KEY is not set: it holds the proof's S3 secret key");
  const parsed = schema.safeParse(parseJson(text, problems));
  if (!parsed.success && text) {
    problems.push(...parsed.error.issues.map((issue) => `PROOF_CONFIG ${issue.path.join(".")}: ${issue.message}`));
  }
  const { PROOF_TIMEOUT_SECONDS: override } = environment;
  const limit = schema.shape.timeoutSeconds.safeParse(
    override === undefined ? parsed.data?.timeoutSeconds : Number(override),
  );
  if (!limit.success && override !== undefined) {
    problems.push(`PROOF_TIMEOUT_SECONDS is "${override}"; allowed are 1 to 3600`);
  }
  if (problems.length > 0 || !limit.success || !parsed.success || !accessKey || !secretKey)
    throw new Error(problems.join("\n"));
  return { ...parsed.data, timeoutSeconds: limit.data, s3: { ...parsed.data.s3, accessKey, secretKey } };
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
