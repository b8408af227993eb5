/** Event logs: what an application did, written by its driver while it runs and shown by the history server. */

/** Spark accepts no smaller file, counted before compression. */
const FILE_MEBIBYTES = 10;

/**
 * Settings of an application that leaves its log in a folder such as `s3a://spark-events/`.
 *
 * S3 shows a file only once it is closed. A batch closes its log at its end. A server that runs for ever closes a file
 * whenever it is full, after some dozens of queries, and the last one when it is stopped; until then, and for what
 * a killed driver did last, there is only the application's own page.
 * @param folder `undefined` for no log.
 */
export function eventLogSettings(folder: string | undefined): Record<string, string> {
  if (folder === undefined) return {};
  return {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.dir": folder,
    "spark.eventLog.compress": "true",
    "spark.eventLog.compression.codec": "zstd",
    "spark.eventLog.rolling.enabled": "true",
    "spark.eventLog.rolling.maxFileSize": `${FILE_MEBIBYTES}m`,
  };
}

/** What is wrong with the folder of event logs; empty when nothing is. */
export function eventLogProblems(what: string, folder: string | undefined): string[] {
  if (folder === undefined || /^s3a:\/\/[a-z0-9][a-z0-9.-]+\/([\w=.-]+\/)*$/.test(folder)) return [];
  return [`${what} is "${folder}"; give a bucket or a folder in one with a slash at its end, like s3a://spark-events/`];
}
