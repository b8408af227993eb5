/**
 * The S3 half of a backup of PostgreSQL and of a restore.
 *
 * `node postgres-backup.ts store` stores the dumps of `DUMPS_DIR` as one backup, reads them back and removes backups beyond
 * the newest `KEEP`. `node postgres-backup.ts fetch` brings the dumps of the backup `BACKUP` (a name, or `latest`) into
 * `DUMPS_DIR`: those of `DATABASES` (names separated by spaces; when empty, all but `ONLY_BY_NAME`).
 *
 * Environment of both: `S3_URL`, `S3_PATH_STYLE`, `BUCKET`, `PREFIX` (postgres/), `DUMPS_DIR`, `AWS_ACCESS_KEY_ID`,
 * `AWS_SECRET_ACCESS_KEY`, `AWS_REGION`.
 */
import { z } from "zod";
import { type Backups, fetchBackup, storeBackup } from "./backups.ts";
import { s3Bucket, untilItAnswers } from "./bucket.ts";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { refusedMs } from "../../../platform/hops/limits.ts";

const names = () =>
  z
    .string()
    .default("")
    .transform((text) => text.split(" ").filter((name) => name !== ""));

const environment = z.object({
  S3_URL: z.url().transform((text) => new URL(text)),
  S3_PATH_STYLE: z.stringbool().default(true),
  BUCKET: z.string().min(1),
  PREFIX: z.string().endsWith("/").default("postgres/"),
  DUMPS_DIR: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  AWS_REGION: z.string().min(1),
  KEEP: z.coerce.number().int().min(1).default(7),
  BACKUP: z.string().min(1).default("latest"),
  DATABASES: names(),
  ONLY_BY_NAME: names(),
});

async function main(action: string | undefined): Promise<void> {
  const settings = environment.parse(process.env);
  const backups: Backups = {
    bucket: s3Bucket({
      url: settings.S3_URL,
      region: settings.AWS_REGION,
      pathStyle: settings.S3_PATH_STYLE,
      bucket: settings.BUCKET,
      accessKey: settings.AWS_ACCESS_KEY_ID,
      secretKey: settings.AWS_SECRET_ACCESS_KEY,
    }),
    prefix: settings.PREFIX,
    log: (line) => void process.stdout.write(`${line}\n`),
  };
  const folder = settings.DUMPS_DIR;
  await untilItAnswers(backups.bucket, backups.prefix, refusedMs);
  if (action === "store") await storeBackup(backups, { folder, time: new Date(), keep: settings.KEEP });
  else if (action === "fetch")
    await fetchBackup(backups, {
      folder,
      name: settings.BACKUP,
      databases: settings.DATABASES,
      onlyByName: settings.ONLY_BY_NAME,
    });
  else throw new Error(`"${action ?? ""}" is nothing to do; say "store" or "fetch"`);
}

await main(process.argv[2]).catch(endInFailure);
