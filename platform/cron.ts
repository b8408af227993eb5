/** Schedules in the form of cron and of CronJobs. */

const cronFields = [
  { name: "minute", least: 0, most: 59 },
  { name: "hour", least: 0, most: 23 },
  { name: "day of the month", least: 1, most: 31 },
  { name: "month", least: 1, most: 12 },
  { name: "day of the week", least: 0, most: 6 },
] as const;

/** What is wrong with a schedule of five fields of numbers, beginning with its text; `undefined` when nothing is. */
export function cronProblem(schedule: string): string | undefined {
  const fields = schedule.trim().split(/\s+/);
  if (fields.length !== cronFields.length) {
    return `"${schedule}" does not have five fields; write minute, hour, day of the month, month, day of the week, for example "17 3 * * *"`;
  }
  for (const [index, { name, least, most }] of cronFields.entries()) {
    const field = fields[index] ?? "";
    const isRange = (part: string): boolean => {
      const match = /^(?:\*|(\d+)(?:-(\d+))?)(?:\/(\d+))?$/.exec(part);
      if (match === null) return false;
      const [, from, to, step] = match;
      const first = Number(from ?? least);
      const last = Number(to ?? from ?? most);
      return first >= least && last <= most && first <= last && Number(step ?? 1) >= 1;
    };
    if (!field.split(",").every(isRange)) {
      return `"${schedule}" has "${field}" as ${name}; write *, numbers from ${least} to ${most}, ranges such as ${least}-${most}, or steps such as */2`;
    }
  }
  return undefined;
}
