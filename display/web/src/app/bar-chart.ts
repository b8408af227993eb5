/** Draws bars with whiskers. */
import { ChangeDetectionStrategy, Component, computed, input } from "@angular/core";
import { type Bar, drawBarChart } from "../logic/bar-chart.ts";
import { ownWidth } from "./width.ts";

@Component({
  selector: "mr-bar-chart",
  templateUrl: "./bar-chart.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "chart" },
})
export class BarChartView {
  readonly bars = input.required<readonly Bar[]>();
  readonly axisTitle = input.required<string>();
  /** What the chart shows, for those who don't see it. */
  readonly summary = input.required<string>();
  private readonly width = ownWidth();
  protected readonly drawing = computed(() =>
    this.width() === 0 ? null : drawBarChart(this.bars(), this.axisTitle(), this.width()),
  );
}
