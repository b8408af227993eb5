/** Draws the pipeline. */
import { ChangeDetectionStrategy, Component, computed } from "@angular/core";
import { diagramSummary, drawDiagram } from "../logic/diagram.ts";
import { ownWidth } from "./width.ts";

@Component({
  selector: "mr-pipeline-diagram",
  template: `
    @if (drawing(); as drawn) {
      <svg role="img" [attr.aria-label]="summary" [attr.width]="drawn.width" [attr.height]="drawn.height">
        <defs>
          <marker id="arrow" viewBox="0 0 8 8" refX="5" refY="4" markerWidth="7" markerHeight="7" orient="auto">
            <path class="arrow" d="M0 0L8 4L0 8z" />
          </marker>
        </defs>
        @for (way of drawn.ways; track $index) {
          <path class="way-line" marker-end="url(#arrow)" [attr.d]="way" />
        }
        @for (station of drawn.stations; track $index) {
          <rect
            class="station"
            rx="6"
            [attr.x]="station.box.x"
            [attr.y]="station.box.y"
            [attr.width]="station.box.width"
            [attr.height]="station.box.height"
          />
          <text
            class="station-name middle"
            [attr.x]="station.box.x + station.box.width / 2"
            [attr.y]="station.box.y + station.box.height / 2 - 4"
          >
            {{ station.words[0] }}
          </text>
          <text
            class="station-detail middle"
            [attr.x]="station.box.x + station.box.width / 2"
            [attr.y]="station.box.y + station.box.height / 2 + 14"
          >
            {{ station.words[1] }}
          </text>
        }
      </svg>
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "chart" },
})
export class PipelineDiagram {
  private readonly width = ownWidth();
  protected readonly summary = diagramSummary;
  protected readonly drawing = computed(() => (this.width() === 0 ? null : drawDiagram(this.width())));
}
