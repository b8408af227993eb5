/**
 * Has a Flink cluster run the declared jobs.
 *
 * Environment: `FLINK_JOBS` = `{"restUrl", "gatewayUrl", "bucket", "jobs": [{"name", "sql", "parallelism", "startAnew"}]}`, that of
 * `s3Client` with `S3_URL`, `S3_PATH_STYLE`, `AWS_REGION` and the key, that of `kafkaClient` where a job reads Kafka, and
 * `FLINK_TIMEOUT_SECONDS` (300). A job that is declared as it runs is left alone; one that is declared otherwise is stopped with a
 * savepoint and goes on from it; one that nobody declares any more is stopped, and its savepoint is kept. What is known of the jobs
 * lies in the bucket below `jobs/`. A job that can't be started does not keep the others from it, and fails the program in the end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import { endInFailure } from "../../../platform/hops/errors.ts";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { s3Client } from "../../object-store/programs/s3-client.ts";
import { BucketRecords } from "./bucket-records.ts";
import { JobManager, SqlGateway } from "./flink-client.ts";
import { applyJobs, jobSchema } from "./jobs.ts";

const environment = z.object({
  FLINK_JOBS: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(
      z.strictObject({
        restUrl: z.url(),
        gatewayUrl: z.url(),
        bucket: z.string().min(1),
        jobs: z.array(jobSchema),
      }),
    ),
  S3_URL: z.url(),
  S3_PATH_STYLE: z.stringbool(),
  AWS_REGION: z.string().min(1),
  AWS_ACCESS_KEY_ID: z.string().min(1),
  AWS_SECRET_ACCESS_KEY: z.string().min(1),
  FLINK_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

const log = (line: string): void => void process.stdout.write(`${line}\n`);

async function answered(look: () => Promise<unknown>, seconds: number): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  for (;;) {
    try {
      await look();
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error(`no answer within ${seconds} s: ${describeError(error)}`, { cause: error });
      await sleep(1000);
    }
  }
}

try {
  const settings = environment.parse(process.env);
  const { restUrl, gatewayUrl, bucket, jobs } = settings.FLINK_JOBS;
  const seconds = settings.FLINK_TIMEOUT_SECONDS;
  const jobManager = new JobManager(restUrl, { runsMs: seconds * 1000, savepointMs: seconds * 1000 });
  const gateway = new SqlGateway(gatewayUrl);
  await answered(() => Promise.all([jobManager.jobs(), gateway.answers()]), seconds);
  const client = s3Client({
    url: new URL(settings.S3_URL),
    region: settings.AWS_REGION,
    pathStyle: settings.S3_PATH_STYLE,
    accessKey: settings.AWS_ACCESS_KEY_ID,
    secretKey: settings.AWS_SECRET_ACCESS_KEY,
  });
  const problems = await applyJobs(jobs, {
    jobManager,
    gateway,
    records: new BucketRecords(client, bucket),
    savepoints: `s3://${bucket}/savepoints`,
    environment: process.env,
    log,
  });
  if (problems.length > 0) throw new Error(problems.join("\n"));
} catch (error) {
  endInFailure(error);
}
