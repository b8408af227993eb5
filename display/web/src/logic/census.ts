/** Figures of the census as a chart and a table of one grouping and one measure. */
import { type CensusFigure, censusGroupings, censusMeasures } from "../../../protocol.ts";
import { formatNumber } from "./format.ts";

export interface MeasureWords {
  readonly words: string;
  readonly unit: string;
}

const measures: Readonly<Record<string, MeasureWords>> = {
  age: { words: "age", unit: "years" },
  hours_per_week: { words: "hours of work", unit: "hours a week" },
  income: { words: "income", unit: "euros a year" },
};
const groupings: Readonly<Record<string, string>> = { all: "everybody" };

/** Words and unit of a measure; its own name when it is not known. */
export function measureWords(measure: string): MeasureWords {
  return (Object.hasOwn(measures, measure) ? measures[measure] : undefined) ?? { words: measure, unit: "" };
}

export function groupingWords(grouping: string): string {
  return (Object.hasOwn(groupings, grouping) ? groupings[grouping] : undefined) ?? grouping;
}

/** What is shown of the figures. */
export interface CensusChoice {
  readonly grouping: string;
  readonly measure: string;
}

/** The choice of the page's address, else region and income. */
export function censusChoice(parameters: {
  readonly grouping: string | null;
  readonly measure: string | null;
}): CensusChoice {
  return { grouping: parameters.grouping ?? "region", measure: parameters.measure ?? "income" };
}

/** What is wrong with a choice, in the words of an error; `null`: nothing. */
export function choiceProblem({ grouping, measure }: CensusChoice): string | null {
  if (!(censusGroupings as readonly string[]).includes(grouping)) {
    return `there is no grouping "${grouping}"; it is one of ${censusGroupings.join(", ")}`;
  }
  if (!(censusMeasures as readonly string[]).includes(measure)) {
    return `there is no measure "${measure}"; it is one of ${censusMeasures.join(", ")}`;
  }
  return null;
}

/** Figures of one grouping and measure, the highest mean first. */
export function censusRows(figures: readonly CensusFigure[], choice: CensusChoice): readonly CensusFigure[] {
  return figures
    .filter(({ grouping, measure }) => grouping === choice.grouping && measure === choice.measure)
    .sort((a, b) => b.mean - a.mean || (a.member < b.member ? -1 : 1));
}

/** What the chart shows, for those who don't see it. */
export function censusSummary(rows: readonly CensusFigure[], choice: CensusChoice): string {
  const { words, unit } = measureWords(choice.measure);
  const [highest, lowest] = [rows.at(0), rows.at(-1)];
  if (highest === undefined || lowest === undefined) return `Bar chart of ${words}: no figures`;
  const about = `Bar chart of mean ${words} in ${unit}, by ${groupingWords(choice.grouping)}`;
  if (rows.length === 1) return `${about}: ${highest.member} ${formatNumber(highest.mean)}.`;
  return (
    `${about}, ${rows.length} groups: highest ${highest.member} with ${formatNumber(highest.mean)}, ` +
    `lowest ${lowest.member} with ${formatNumber(lowest.mean)}. Whiskers are one standard deviation to each side.`
  );
}
