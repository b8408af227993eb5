/** What is wrong, in the server's words, and what became of the figures. */
import { ChangeDetectionStrategy, Component, computed, input } from "@angular/core";
import { RouterLink } from "@angular/router";
import { formatTime } from "../logic/format.ts";
import type { Polled } from "../logic/polling.ts";

@Component({
  selector: "mr-problem",
  imports: [RouterLink],
  template: `
    <div class="problem" role="alert">
      <p>{{ polled().error }}</p>
      @if (polled().isRefused) {
        <p><a [routerLink]="[]" [queryParams]="{}">Show what there is instead</a></p>
      } @else {
        <p>
          Since {{ since() }} UTC; the page asks again by itself.
          @if (polled().answer !== null) {
            The figures below are those that were read last.
          }
        </p>
      }
    </div>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
})
export class Problem {
  readonly polled = input.required<Polled<unknown>>();
  protected readonly since = computed(() => formatTime(this.polled().errorSince ?? 0));
}
