/** The track with the cars on it. */
import { ChangeDetectionStrategy, Component, computed, input, output } from "@angular/core";
import type { CarNow, TrackAnswer } from "../../../protocol.ts";
import { mapView, toneOf } from "../logic/race.ts";

@Component({
  selector: "mr-race-map",
  template: `
    @if (view(); as map) {
      <svg class="race-map" [attr.viewBox]="map.viewBox" role="img" [attr.aria-label]="summary()">
        <path class="road-edge" [attr.d]="map.path" />
        <path class="road" [attr.d]="map.path" />
        @for (line of map.lines; track $index) {
          <line
            [class]="$first ? 'finish' : 'sector'"
            [attr.x1]="line.x1"
            [attr.y1]="line.y1"
            [attr.x2]="line.x2"
            [attr.y2]="line.y2"
          />
        }
        @for (dot of dots(); track dot.car) {
          <g
            [class]="dot.classes"
            [attr.transform]="dot.place"
            [attr.data-car]="dot.car"
            (click)="choice.emit(dot.car)"
          >
            <circle [attr.r]="(dot.isChosen ? 11 : 8) * map.unit" />
            <text [attr.x]="14 * map.unit" [attr.y]="5 * map.unit" [attr.font-size]="15 * map.unit">{{ dot.car }}</text>
          </g>
        }
      </svg>
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "chart" },
})
export class RaceMap {
  readonly track = input.required<TrackAnswer | null>();
  readonly cars = input.required<readonly CarNow[]>();
  readonly chosen = input.required<string | null>();
  readonly summary = input.required<string>();
  readonly choice = output<string>();
  protected readonly view = computed(() => {
    const track = this.track();
    return track === null ? null : mapView(track);
  });
  /** The chosen one is drawn last, above the others. */
  protected readonly dots = computed(() => {
    const [cars, chosen] = [this.cars(), this.chosen()];
    return [...cars]
      .sort((one, other) => Number(one.car === chosen) - Number(other.car === chosen))
      .map(({ car, x, y }) => ({
        car,
        isChosen: car === chosen,
        place: `translate(${x} ${-y})`,
        classes: `car tone-${toneOf(car, cars)}${car === chosen ? " chosen" : ""}`,
      }));
  });
}
