/** Reads the lines of `vmstat -n INTERVAL`. */
import type { Measurement } from "./record.ts";

/** Takes the output line by line and gives the measurements of each sample. */
export interface SampleParser {
  /** @returns the measurements that this line completes; empty for headers and unreadable lines */
  push(line: string): readonly Measurement[];
}

/**
 * Columns are found by the names in the header, since they differ between versions of procps. The first sample is left
 * out: it holds the averages since boot.
 */
export function vmstatParser(): SampleParser {
  let columns: readonly string[] = [];
  let isFirst = true;
  return {
    push(line) {
      const cells = line.trim().split(/\s+/);
      if (cells.includes("us") && cells.includes("free")) {
        columns = cells;
        return [];
      }
      if (columns.length === 0 || cells.length !== columns.length || !cells.every((cell) => /^\d+$/.test(cell)))
        return [];
      if (isFirst) {
        isFirst = false;
        return [];
      }
      return columns.map((column, index) => ({ metric: `vmstat.${column}`, value: Number(cells[index]) }));
    },
  };
}
