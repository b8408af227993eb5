/** Means and deviations of a stream in windows of time, as Spark has written them. */
import { ChangeDetectionStrategy, Component, computed, input } from "@angular/core";
import { defaultMinutes, type WindowsAnswer } from "../../../protocol.ts";
import {
  formatCount,
  formatDuration,
  formatFigure,
  formatInstant,
  formatNumber,
  formatTime,
  minutesOption,
} from "../logic/format.ts";
import { metricOption, metricWords } from "../logic/metrics.ts";
import { type PageInfo, sinkNames } from "../logic/pages.ts";
import { minutesChoices, windowsUrl, withChosen } from "../logic/url-state.ts";
import { overall, windowsChart, windowsSummary } from "../logic/windows.ts";
import { choicesOf } from "./choices.ts";
import { Chooser } from "./chooser.ts";
import { Legend, type LegendEntry } from "./legend.ts";
import { PageHead } from "./page-head.ts";
import { polledFigures } from "./polled-figures.ts";
import { Problem } from "./problem.ts";
import { TimeChartView } from "./time-chart.ts";

/** Presto needs longer than Cassandra, and the lake is written less often. */
const INTERVAL_MS = { cassandra: 2_000, disk: 5_000 } as const;

@Component({
  selector: "mr-windows-page",
  imports: [Chooser, Legend, PageHead, Problem, TimeChartView],
  templateUrl: "./windows-page.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "[attr.data-state]": "state()" },
})
export class WindowsPage {
  readonly page = input.required<PageInfo & { readonly kind: "windows" }>();
  protected readonly choices = choicesOf("series", "metric", "minutes");
  protected readonly polled = polledFigures<WindowsAnswer>(
    computed(() => {
      const { sink, stream } = this.page();
      return { url: windowsUrl(sink, stream, this.choices.current()), intervalMs: INTERVAL_MS[sink] };
    }),
  );
  protected readonly answer = computed(() => this.polled().answer);
  protected readonly minutes = computed(() => this.choices.current().minutes ?? String(defaultMinutes));
  protected readonly series = computed(() => this.choices.current().series ?? this.answer()?.series ?? null);
  protected readonly metric = computed(() => this.choices.current().metric ?? this.answer()?.metric ?? null);

  protected readonly seriesChoices = computed(() => {
    const names = this.answer()?.available.map(({ series }) => series) ?? [];
    return withChosen(names, this.series()).map((series) => ({ value: series, words: series }));
  });
  protected readonly metricChoices = computed(() => {
    const names = this.answer()?.available.find(({ series }) => series === this.series())?.metrics ?? [];
    return withChosen(names, this.metric()).map((metric) => ({ value: metric, words: metricOption(metric) }));
  });
  protected readonly minutesChoices = computed(() =>
    withChosen(minutesChoices, this.minutes()).map((minutes) => ({ value: minutes, words: minutesOption(minutes) })),
  );

  protected readonly shown = computed(() => {
    const answer = this.answer();
    if (answer === null || answer.windows.length === 0) return null;
    return { chart: windowsChart(answer, Number(this.minutes())), summary: windowsSummary(answer) };
  });
  protected readonly legend = computed((): LegendEntry[] => [
    { words: "mean of a window", tone: 0, mark: "line" },
    { words: "± 1 standard deviation", tone: 0, mark: "band" },
    { words: "records per window", tone: 0, mark: "bar" },
  ]);
  protected readonly unit = computed(() => metricWords(this.answer()?.metric ?? "").unit);
  protected readonly latest = computed(() => this.answer()?.windows.at(-1) ?? null);
  /** The newest window first. */
  protected readonly rows = computed(() =>
    [...(this.answer()?.windows ?? [])].reverse().map((window) => ({ ...window, at: Date.parse(window.start) })),
  );
  protected readonly overall = computed(() => overall(this.answer()?.windows ?? []));
  protected readonly lag = computed(() => {
    const answer = this.answer();
    if (answer?.lastRecordAt == null) return null;
    return formatDuration(Date.parse(answer.readAt) - Date.parse(answer.lastRecordAt));
  });
  protected readonly readAt = computed(() => Date.parse(this.answer()?.readAt ?? ""));
  protected readonly sinkName = computed(() => sinkNames[this.page().sink]);

  protected readonly state = computed((): "loading" | "ready" | "empty" | "error" => {
    if (this.polled().error !== null) return "error";
    if (this.answer() === null) return "loading";
    return this.shown() === null ? "empty" : "ready";
  });

  protected readonly formatCount = formatCount;
  protected readonly formatFigure = formatFigure;
  protected readonly formatInstant = formatInstant;
  protected readonly formatNumber = formatNumber;
  protected readonly formatTime = formatTime;
  protected readonly minutesOption = minutesOption;

  /** Another series may not have the metric that is shown. */
  protected chooseSeries(series: string): void {
    const metrics = this.answer()?.available.find((some) => some.series === series)?.metrics ?? [];
    const { metric } = this.choices.current();
    this.choices.change({ series, ...(metric !== null && metrics.includes(metric) ? {} : { metric: null }) });
  }
}
