/** Draws lines over time, with a band and with bars of counts where there are some. */
import { ChangeDetectionStrategy, Component, computed, input } from "@angular/core";
import { drawTimeChart, type TimeChart } from "../logic/time-chart.ts";
import { ownWidth } from "./width.ts";

@Component({
  selector: "mr-time-chart",
  templateUrl: "./time-chart.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "chart" },
})
export class TimeChartView {
  readonly chart = input.required<TimeChart>();
  /** What the chart shows, for those who don't see it. */
  readonly summary = input.required<string>();
  private readonly width = ownWidth();
  protected readonly drawing = computed(() => (this.width() === 0 ? null : drawTimeChart(this.chart(), this.width())));
}
