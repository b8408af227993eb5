/** What the colours of a chart mean. */
import { ChangeDetectionStrategy, Component, input } from "@angular/core";

export interface LegendEntry {
  readonly words: string;
  readonly tone: number;
  readonly mark: "line" | "pale" | "band" | "bar" | "whisker";
}

@Component({
  selector: "mr-legend",
  template: `
    <ul class="legend" aria-label="Legend">
      @for (entry of entries(); track $index) {
        <li>
          <span class="mark" [class]="entry.mark + ' tone-' + entry.tone" aria-hidden="true"></span>{{ entry.words }}
        </li>
      }
    </ul>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Legend {
  readonly entries = input.required<readonly LegendEntry[]>();
}
