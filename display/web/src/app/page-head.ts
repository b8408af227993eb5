/** Begin of each page: its title, what it shows, and the way of its data. */
import { ChangeDetectionStrategy, Component, input } from "@angular/core";
import type { PageInfo } from "../logic/pages.ts";

@Component({
  selector: "mr-page-head",
  template: `
    <h1>{{ page().title }}</h1>
    <p class="lead">{{ page().shows }}</p>
    <ol class="way" aria-label="Way of the data">
      @for (station of page().path; track $index) {
        <li>{{ station }}</li>
      }
    </ol>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page-head" },
})
export class PageHead {
  readonly page = input.required<PageInfo>();
}
