/** Reads the lines of `iostat -dxy -o JSON INTERVAL`. */
import { z } from "zod";
import type { Measurement } from "./record.ts";
import type { SampleParser } from "./vmstat.ts";

const deviceRow = z.looseObject({ disk_device: z.string().min(1) });

/**
 * The document as a whole never ends while iostat runs, so rows are read one by one: iostat prints each device on a line
 * of its own. Loop and RAM devices are left out.
 */
export function iostatParser(): SampleParser {
  return {
    push(line) {
      const row = parseRow(line);
      if (row === undefined || /^(loop|ram|zram)\d/.test(row.disk_device)) return [];
      const { disk_device: device, ...columns } = row;
      return Object.entries(columns).flatMap(([column, value]): Measurement[] =>
        typeof value === "number" && Number.isFinite(value) ? [{ metric: `iostat.${device}.${column}`, value }] : [],
      );
    },
  };
}

function parseRow(line: string): z.infer<typeof deviceRow> | undefined {
  const text = line.trim().replace(/,$/, "");
  if (!text.startsWith('{"disk_device"')) return undefined;
  try {
    return deviceRow.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
