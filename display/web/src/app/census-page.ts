/** Figures of the census by group of people, as the Spark batch has written them. */
import { ChangeDetectionStrategy, Component, computed, input } from "@angular/core";
import { type CensusAnswer, censusGroupings, censusMeasures } from "../../../protocol.ts";
import {
  censusChoice,
  censusRows,
  censusSummary,
  choiceProblem,
  groupingWords,
  measureWords,
} from "../logic/census.ts";
import { formatCount, formatFigure, formatInstant, formatNumber } from "../logic/format.ts";
import { type PageInfo, sinkNames } from "../logic/pages.ts";
import type { Polled } from "../logic/polling.ts";
import { censusUrl, withChosen } from "../logic/url-state.ts";
import { BarChartView } from "./bar-chart.ts";
import { choicesOf } from "./choices.ts";
import { Chooser } from "./chooser.ts";
import { Legend, type LegendEntry } from "./legend.ts";
import { PageHead } from "./page-head.ts";
import { polledFigures } from "./polled-figures.ts";
import { Problem } from "./problem.ts";

/** The batch ends once; until then, and after a failure, this is soon enough to see it. */
const INTERVAL_MS = 5_000;

@Component({
  selector: "mr-census-page",
  imports: [BarChartView, Chooser, Legend, PageHead, Problem],
  templateUrl: "./census-page.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "[attr.data-state]": "state()" },
})
export class CensusPage {
  readonly page = input.required<PageInfo & { readonly kind: "census" }>();
  protected readonly choices = choicesOf("run", "grouping", "measure");
  private readonly read = polledFigures<CensusAnswer>(
    computed(() => ({ url: censusUrl(this.page().sink, this.choices.current()), intervalMs: INTERVAL_MS })),
  );
  protected readonly choice = computed(() => censusChoice(this.choices.current()));
  /** What the server says, or what is wrong with the choice, which the server need not know. */
  protected readonly polled = computed((): Polled<CensusAnswer> => {
    const problem = choiceProblem(this.choice());
    return problem === null ? this.read() : { ...this.read(), answer: null, error: problem, isRefused: true };
  });
  protected readonly answer = computed(() => this.polled().answer);
  protected readonly run = computed(() => this.choices.current().run ?? this.answer()?.run ?? "");
  protected readonly measure = computed(() => measureWords(this.choice().measure));

  protected readonly runChoices = computed(() =>
    withChosen(this.answer()?.runs ?? [], this.run()).map((run) => ({ value: run, words: run })),
  );
  protected readonly groupingChoices = computed(() =>
    withChosen(censusGroupings, this.choice().grouping).map((value) => ({ value, words: groupingWords(value) })),
  );
  protected readonly measureChoices = computed(() =>
    withChosen(censusMeasures, this.choice().measure).map((value) => {
      const { words, unit } = measureWords(value);
      return { value, words: unit === "" ? words : `${words} (${unit})` };
    }),
  );

  protected readonly rows = computed(() => censusRows(this.answer()?.figures ?? [], this.choice()));
  protected readonly everybody = computed(
    () => censusRows(this.answer()?.figures ?? [], { grouping: "all", measure: this.choice().measure }).at(0) ?? null,
  );
  protected readonly bars = computed(() =>
    this.rows().map(({ member, mean, deviation }) => ({ name: member, mean, deviation })),
  );
  protected readonly axisTitle = computed(() => `${this.measure().words} (${this.measure().unit})`);
  protected readonly summary = computed(() => censusSummary(this.rows(), this.choice()));
  protected readonly legend: readonly LegendEntry[] = [
    { words: "mean of the group", tone: 0, mark: "bar" },
    { words: "± 1 standard deviation", tone: 0, mark: "whisker" },
  ];
  protected readonly readAt = computed(() => Date.parse(this.answer()?.readAt ?? ""));
  protected readonly madeAt = computed(() => Date.parse(this.answer()?.madeAt ?? ""));
  protected readonly sinkName = computed(() => sinkNames[this.page().sink]);

  protected readonly state = computed((): "loading" | "ready" | "empty" | "error" => {
    if (this.polled().error !== null) return "error";
    if (this.answer() === null) return "loading";
    return this.rows().length === 0 ? "empty" : "ready";
  });

  protected readonly formatCount = formatCount;
  protected readonly formatFigure = formatFigure;
  protected readonly formatInstant = formatInstant;
  protected readonly formatNumber = formatNumber;
}
