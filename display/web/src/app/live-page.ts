/** Records of a stream as they arrive. */
import { ChangeDetectionStrategy, Component, computed, DestroyRef, effect, inject, input, signal } from "@angular/core";
import { formatCount, formatFigure, formatInstant, formatNumber, formatTime } from "../logic/format.ts";
import { chosenMetric, liveRows, liveSummary, liveView } from "../logic/live-view.ts";
import { metricOption, metricWords } from "../logic/metrics.ts";
import type { PageInfo } from "../logic/pages.ts";
import { withChosen } from "../logic/url-state.ts";
import { choicesOf } from "./choices.ts";
import { Chooser } from "./chooser.ts";
import { frames } from "./frames.ts";
import { Legend, type LegendEntry } from "./legend.ts";
import { connectLive, type LiveConnection } from "./live-connection.ts";
import { PageHead } from "./page-head.ts";
import { TimeChartView } from "./time-chart.ts";

/** A first connection may take this long before the page says that there is none, in ms. */
const PATIENCE_MS = 2_000;

@Component({
  selector: "mr-live-page",
  imports: [Chooser, Legend, PageHead, TimeChartView],
  templateUrl: "./live-page.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "[attr.data-state]": "state()" },
})
export class LivePage {
  readonly page = input.required<PageInfo & { readonly kind: "live" }>();
  protected readonly choices = choicesOf("series", "metric");
  protected readonly isTableOpen = signal(false);
  private readonly frames = frames();
  private readonly connection = signal<LiveConnection | null>(null);

  private readonly available = computed(() => {
    this.frames.second();
    return this.connection()?.store.available() ?? [];
  });
  protected readonly metric = computed(() => {
    const { metric, series } = this.choices.current();
    return chosenMetric(this.page().stream, this.available(), metric, series);
  });
  protected readonly seriesChoices = computed(() => [
    { value: "", words: this.page().stream === "monitoring" ? "all nodes" : "all pumps" },
    ...withChosen(
      this.available().map(({ series }) => series),
      this.choices.current().series,
    ).map((series) => ({ value: series, words: series })),
  ]);
  protected readonly metricChoices = computed(() => {
    const { series } = this.choices.current();
    const names = this.available()
      .filter((some) => series === null || some.series === series)
      .flatMap(({ metrics }) => metrics);
    return withChosen([...new Set(names)].sort(), this.metric()).map((metric) => ({
      value: metric,
      words: metricOption(metric),
    }));
  });
  protected readonly view = computed(() => {
    const [connection, metric, now] = [this.connection(), this.metric(), this.frames.now()];
    if (connection === null || metric === null) return null;
    return liveView(connection.store, metric, this.choices.current().series, now);
  });
  /** The view once a second, for what is read and not seen moving. */
  private readonly calmView = computed(() => {
    const [connection, metric, now] = [this.connection(), this.metric(), this.frames.second()];
    if (connection === null || metric === null) return null;
    return liveView(connection.store, metric, this.choices.current().series, now);
  });
  protected readonly summary = computed(() => {
    const view = this.calmView();
    return view === null ? "" : liveSummary(view, this.metric() ?? "");
  });
  protected readonly unit = computed(() => metricWords(this.metric() ?? "").unit);
  protected readonly legend = computed((): LegendEntry[] =>
    (this.view()?.chart.lines ?? []).map(({ name, tone, weight }) => ({
      words: name,
      tone,
      mark: weight === "pale" ? "pale" : "line",
    })),
  );
  protected readonly rows = computed(() => {
    const view = this.calmView();
    return view === null || !this.isTableOpen() ? [] : liveRows(view);
  });
  protected readonly figures = computed(() => this.calmView()?.figures ?? null);
  protected readonly latest = computed(() => this.view()?.latest ?? null);
  protected readonly rate = computed(() => this.connection()?.store.rate(this.frames.second()) ?? 0);
  protected readonly unreadable = computed(() => {
    this.frames.second();
    return this.connection()?.store.unreadable ?? 0;
  });
  protected readonly updatedAt = computed(() => this.connection()?.lastBatchAt() ?? null);
  protected readonly updatedIso = computed(() => {
    const at = this.updatedAt();
    return at === null ? null : new Date(at).toISOString();
  });

  /** What is wrong, for people; `null` while all is well. */
  protected readonly problem = computed((): string | null => {
    const connection = this.connection();
    const lostSince = connection?.lostSince() ?? null;
    const now = this.frames.second();
    if (lostSince !== null && (this.updatedAt() !== null || now - lostSince > PATIENCE_MS)) {
      return `No connection to the display's server since ${formatTime(lostSince)} UTC; reconnecting by itself.`;
    }
    const watchProblem = connection?.watchProblem() ?? null;
    if (watchProblem !== null) return watchProblem;
    const state = connection?.state() ?? null;
    if (state === null || state.kafka === "connected") return null;
    return state.problem ?? "Kafka can't be reached; the server tries again by itself.";
  });
  protected readonly state = computed((): "loading" | "ready" | "empty" | "error" => {
    if (this.problem() !== null) return "error";
    if (this.latest() !== null) return "ready";
    return this.connection()?.state() === null ? "loading" : "empty";
  });
  protected readonly connectionWords = computed(() => {
    const connection = this.connection();
    if (connection === null || !connection.isConnected()) return "reconnecting";
    return connection.state()?.kafka === "unreachable" ? "connected, Kafka unreachable" : "connected";
  });
  protected readonly isConnected = computed(() => this.connectionWords() === "connected");

  protected readonly formatCount = formatCount;
  protected readonly formatFigure = formatFigure;
  protected readonly formatInstant = formatInstant;
  protected readonly formatNumber = formatNumber;
  protected readonly formatTime = formatTime;

  constructor() {
    // The two live pages are one component: another stream is another connection.
    const stream = computed(() => this.page().stream);
    effect((onCleanup) => {
      const connection = connectLive(stream());
      this.connection.set(connection);
      onCleanup(() => {
        connection.close();
      });
    });
    effect(() => {
      this.connection()?.watch(this.choices.current().series);
    });
    inject(DestroyRef).onDestroy(() => this.connection()?.close());
  }

  protected tableToggled(event: Event): void {
    if (event.target instanceof HTMLDetailsElement) this.isTableOpen.set(event.target.open);
  }
}
