/** Who computes windows; the name is in the key of each row. */
export const engines = ["spark", "flink"] as const;
export type Engine = (typeof engines)[number];

/** Name of the job that computes the windows in Flink. */
export const FLINK_JOB = "race-windows";
/** The table of the lake that it writes to. */
export const LAKE_TABLE = "race.windows_flink";
