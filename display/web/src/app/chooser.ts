/** A labelled select. */
import { ChangeDetectionStrategy, Component, input, output } from "@angular/core";

export interface Choice {
  readonly value: string;
  readonly words: string;
}

@Component({
  selector: "mr-chooser",
  template: `
    <label class="chooser">
      <span>{{ label() }}</span>
      <select [attr.data-testid]="testId()" [disabled]="choices().length === 0" (change)="choose($event)">
        @for (choice of choices(); track choice.value) {
          <option [value]="choice.value" [selected]="choice.value === chosen()">{{ choice.words }}</option>
        } @empty {
          <option value="">none yet</option>
        }
      </select>
    </label>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Chooser {
  readonly label = input.required<string>();
  readonly choices = input.required<readonly Choice[]>();
  readonly chosen = input.required<string>();
  readonly testId = input.required<string>();
  readonly choice = output<string>();

  protected choose(event: Event): void {
    if (event.target instanceof HTMLSelectElement) this.choice.emit(event.target.value);
  }
}
