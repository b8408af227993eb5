/**
 * Puts the platform's own notebooks into the bucket of published notebooks, and leaves alone those that a person changed.
 *
 * Environment: `S3_URL`, `AWS_REGION`, `S3_PATH_STYLE` (true), `BUCKET`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`,
 * `NOTEBOOKS_DIR` (/notebooks). The bucket must exist. Running it again changes nothing.
 */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { type NotebookBucket, putNotebooks } from "./library.ts";
import { s3Client } from "../../object-store/programs/s3-client.ts";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { untilReachable } from "../../../platform/hops/reachable.ts";

const environment = z.object({
  S3_URL: z.url().transform((text) => new URL(text)),
  AWS_REGION: z.string().min(1),
  S3_PATH_STYLE: z.enum(["true", "false"]).default("true"),
  BUCKET: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  NOTEBOOKS_DIR: z.string().min(1).default("/notebooks"),
});
type Settings = z.infer<typeof environment>;

/** Where the set-up notes what it put; object stores give names of metadata back in lower case. */
const PUT_BY_US = "millrace-set-up";
const MISSING = ["NotFound", "NoSuchKey"];

function notebookBucket(settings: Settings): NotebookBucket {
  const { S3_URL: url, BUCKET: bucket } = settings;
  const client = s3Client({
    url,
    region: settings.AWS_REGION,
    pathStyle: settings.S3_PATH_STYLE === "true",
    accessKey: settings.AWS_ACCESS_KEY_ID,
    secretKey: settings.AWS_SECRET_ACCESS_KEY,
  });
  return {
    get: async (name) => {
      try {
        const { metaData } = await client.statObject(bucket, name);
        const chunks: Buffer[] = [];
        for await (const chunk of await client.getObject(bucket, name)) chunks.push(Buffer.from(chunk as Uint8Array));
        const noted: unknown = metaData[PUT_BY_US];
        return { content: Buffer.concat(chunks), putByUs: typeof noted === "string" ? noted : undefined };
      } catch (error) {
        if (error instanceof Error && MISSING.includes(String(Reflect.get(error, "code")))) return undefined;
        throw new Error(`cannot read ${name} of ${url.origin}/${bucket}: ${describe(error)}`, { cause: error });
      }
    },
    put: async (name, content, putByUs) => {
      const metadata = { "Content-Type": "application/x-ipynb+json", [PUT_BY_US]: putByUs };
      try {
        await client.putObject(bucket, name, content, content.length, metadata);
      } catch (error) {
        throw new Error(`cannot put ${name} into ${url.origin}/${bucket}: ${describe(error)}`, { cause: error });
      }
    },
  };
}

/** What S3 says, with its code: messages alone are often empty. */
function describe(error: unknown): string {
  return error instanceof Error
    ? `${String(Reflect.get(error, "code") ?? error.name)} ${error.message}`
    : String(error);
}

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const names = (await readdir(settings.NOTEBOOKS_DIR)).filter((name) => name.endsWith(".ipynb")).sort();
  const read = names.map(async (name) => [name, await readFile(join(settings.NOTEBOOKS_DIR, name))] as const);
  await untilReachable(settings.S3_URL);
  const lines = await putNotebooks(notebookBucket(settings), Object.fromEntries(await Promise.all(read)));
  for (const line of lines) process.stdout.write(`${line}\n`);
}

await main().catch(endInFailure);
