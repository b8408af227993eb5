/** Rows of the figures' tables, which have the same columns in the lake and in Cassandra. */
import type { CensusFigure } from "../protocol.ts";
import type { CensusRun, SeriesRow, WindowPart } from "./figure-source.ts";
import { numberOf, numberOrNull, type Row, textOf, textOrNull, timeOf } from "./rows.ts";

export function seriesRow(row: Row): SeriesRow {
  return {
    series: textOf(row, "series"),
    run: textOrNull(row, "run"),
    metric: textOf(row, "metric"),
    lastAt: timeOf(row, "last_ts"),
  };
}

export function windowPart(row: Row): WindowPart {
  return {
    start: timeOf(row, "window_start"),
    count: numberOf(row, "count"),
    mean: numberOf(row, "mean"),
    deviation: numberOrNull(row, "deviation"),
    minimum: numberOf(row, "minimum"),
    maximum: numberOf(row, "maximum"),
    lastAt: timeOf(row, "last_ts"),
  };
}

export function censusRun(row: Row): CensusRun {
  return { run: textOf(row, "run"), madeAt: timeOf(row, "made_at") };
}

export function censusFigure(row: Row): CensusFigure {
  return {
    grouping: textOf(row, "grouping"),
    member: textOf(row, "member"),
    measure: textOf(row, "measure"),
    count: numberOf(row, "count"),
    mean: numberOf(row, "mean"),
    deviation: numberOrNull(row, "deviation"),
    minimum: numberOf(row, "minimum"),
    maximum: numberOf(row, "maximum"),
  };
}
