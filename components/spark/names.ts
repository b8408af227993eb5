/** Names that Spark's applications derive. */

/** Name of the driver's Deployment, Job and Service of a Spark application. */
export function sparkDriverName(application: string): string {
  return `spark-${application}-driver`;
}

/** Prefix of the executor pods of a Spark application. */
export function sparkExecutorPrefix(application: string): string {
  return `spark-${application}`;
}
