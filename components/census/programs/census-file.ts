/**
 * Writes one part of the census file to S3: `<PREFIX>part-00000.csv` and so on, people made from the seed (docs/census.md).
 *
 * Environment: `S3_URL`, `AWS_REGION`, `S3_PATH_STYLE` (true), `BUCKET`, `PREFIX` (census/), `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `ROWS` (people in all parts, 1 to 10000000), `SEED` (0 to 2147483647), `PARTS` (1),
 * `JOB_COMPLETION_INDEX` (0; which of the parts, as Kubernetes tells a pod of an indexed Job). Running it again changes nothing.
 */
import { Readable } from "node:stream";
import { z } from "zod";
import { type PartBucket, putPart } from "./file.ts";
import { field } from "../../../platform/describe-error.ts";
import { s3Client } from "../../object-store/programs/s3-client.ts";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { untilReachable } from "../../../platform/hops/reachable.ts";

const environment = z
  .object({
    S3_URL: z.url().transform((text) => new URL(text)),
    AWS_REGION: z.string().min(1),
    S3_PATH_STYLE: z.enum(["true", "false"]).default("true"),
    BUCKET: z.string().min(1),
    PREFIX: z.string().endsWith("/").default("census/"),
    AWS_ACCESS_KEY_ID: z.string().min(1),
    AWS_SECRET_ACCESS_KEY: z.string().min(1),
    ROWS: z.coerce.number().int().min(1).max(10_000_000),
    SEED: z.coerce
      .number()
      .int()
      .min(0)
      .max(2 ** 31 - 1),
    PARTS: z.coerce.number().int().min(1).max(100).default(1),
    JOB_COMPLETION_INDEX: z.coerce.number().int().min(0).default(0),
  })
  .refine((settings) => settings.JOB_COMPLETION_INDEX < settings.PARTS, {
    message: "JOB_COMPLETION_INDEX must be below PARTS",
  });
type Settings = z.infer<typeof environment>;

/** Where a part's hash is noted; object stores give names of metadata back in lower case. */
const HASH_NOTE = "millrace-sha256";
const MISSING = ["NotFound", "NoSuchKey"];
/** A piece of an upload is held in memory, so it is small. */
const PIECE_BYTES = 8 * 2 ** 20;

function partBucket(settings: Settings): PartBucket {
  const { S3_URL: url, BUCKET: bucket, PREFIX: prefix } = settings;
  const client = s3Client({
    url,
    region: settings.AWS_REGION,
    pathStyle: settings.S3_PATH_STYLE === "true",
    accessKey: settings.AWS_ACCESS_KEY_ID,
    secretKey: settings.AWS_SECRET_ACCESS_KEY,
    partSize: PIECE_BYTES,
  });
  const named = async <T>(action: string, name: string, task: Promise<T>): Promise<T> => {
    try {
      return await task;
    } catch (error) {
      const why = [field(error, "code"), error instanceof Error ? error.message : String(error)].join(": ");
      throw new Error(`can't ${action} ${url.origin}/${bucket}/${prefix}${name}: ${why}`, { cause: error });
    }
  };
  const list = async (): Promise<string[]> => {
    const names: string[] = [];
    for await (const item of client.listObjectsV2(bucket, prefix, true)) {
      const key: unknown = Reflect.get(Object(item), "name");
      if (typeof key === "string") names.push(key.slice(prefix.length));
    }
    return names;
  };
  return {
    list: () => named("list", "", list()),
    stat: async (name) => {
      const found = client.statObject(bucket, prefix + name).catch((error: unknown) => {
        if (MISSING.includes(field(error, "code") ?? "")) return undefined;
        throw error;
      });
      const stat = await named("look for", name, found);
      if (stat === undefined) return undefined;
      const noted: unknown = stat.metaData[HASH_NOTE];
      return { bytes: stat.size, sha256: typeof noted === "string" ? noted : undefined };
    },
    put: async (name, content, { bytes, sha256 }) => {
      const metadata = { "Content-Type": "text/csv; charset=utf-8", [HASH_NOTE]: sha256 };
      const body = Readable.from(buffersOf(content), { objectMode: false });
      await named("write", name, client.putObject(bucket, prefix + name, body, bytes, metadata));
    },
    remove: (name) => named("remove", name, client.removeObject(bucket, prefix + name)),
  };
}

/** The client takes no texts. */
function* buffersOf(pieces: Iterable<string>): Generator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const { ROWS: rows, SEED: seed, PARTS: parts, JOB_COMPLETION_INDEX: part } = settings;
  await untilReachable(settings.S3_URL);
  for (const line of await putPart(partBucket(settings), { rows, seed, parts, part }))
    process.stdout.write(`${line}\n`);
}

await main().catch(endInFailure);
