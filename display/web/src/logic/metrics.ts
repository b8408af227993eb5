/** What metrics are called on the pages, and in which unit they are. */

export interface MetricWords {
  /** In plain words, such as `CPU time of programs`; the metric's own name when it is not known. */
  readonly words: string;
  /** `null`: a plain number. */
  readonly unit: string | null;
}

const known: Readonly<Record<string, readonly [words: string, unit: string | null]>> = {
  uniform: ["uniform numbers, 0 to 1", null],
  normal: ["normal numbers, mean 0, deviation 1", null],
  "vmstat.r": ["processes that run or wait for CPU", "processes"],
  "vmstat.b": ["processes that wait for a device", "processes"],
  "vmstat.swpd": ["memory swapped out", "KiB"],
  "vmstat.free": ["free memory", "KiB"],
  "vmstat.buff": ["memory used as buffers", "KiB"],
  "vmstat.cache": ["memory used as cache", "KiB"],
  "vmstat.si": ["swapped in", "KiB/s"],
  "vmstat.so": ["swapped out", "KiB/s"],
  "vmstat.bi": ["read from block devices", "KiB/s"],
  "vmstat.bo": ["written to block devices", "KiB/s"],
  "vmstat.in": ["interrupts", "per second"],
  "vmstat.cs": ["context switches", "per second"],
  "vmstat.us": ["CPU time of programs", "%"],
  "vmstat.sy": ["CPU time of the kernel", "%"],
  "vmstat.id": ["CPU time idle", "%"],
  "vmstat.wa": ["CPU time waiting for devices", "%"],
  "vmstat.st": ["CPU time stolen by the hypervisor", "%"],
  "vmstat.gu": ["CPU time of guests", "%"],
  "load.sequence": ["numbers of a load test", null],
};

const iostatColumns: Readonly<Record<string, readonly [words: string, unit: string]>> = {
  "r/s": ["reads", "per second"],
  "w/s": ["writes", "per second"],
  "d/s": ["discards", "per second"],
  "f/s": ["flushes", "per second"],
  "rkB/s": ["read", "kB/s"],
  "wkB/s": ["written", "kB/s"],
  "dkB/s": ["discarded", "kB/s"],
  r_await: ["time of a read", "ms"],
  w_await: ["time of a write", "ms"],
  d_await: ["time of a discard", "ms"],
  f_await: ["time of a flush", "ms"],
  "aqu-sz": ["requests in the queue", "requests"],
  util: ["time busy", "%"],
};

/** Words and unit of a metric, such as `vmstat.free` or `iostat.vda.util`. */
export function metricWords(metric: string): MetricWords {
  const found = Object.hasOwn(known, metric) ? known[metric] : undefined;
  if (found !== undefined) return { words: found[0], unit: found[1] };
  // A device's name may hold dots, a column's name none.
  const [, device, column] = /^iostat\.(.+)\.([^.]+)$/.exec(metric) ?? [];
  if (device !== undefined && column !== undefined && Object.hasOwn(iostatColumns, column)) {
    const words = iostatColumns[column];
    if (words !== undefined) return { words: `${device}: ${words[0]}`, unit: words[1] };
  }
  return { words: metric, unit: null };
}

/** Title of an axis: words, and the unit in brackets. */
export function axisTitle(metric: string): string {
  const { words, unit } = metricWords(metric);
  return unit === null ? words : `${words} (${unit})`;
}

/** Entry of a select: the metric's own name, and what it means. */
export function metricOption(metric: string): string {
  const { words } = metricWords(metric);
  return words === metric ? metric : `${metric} – ${words}`;
}
