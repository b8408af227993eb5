/** What the other pages show. */
import { ChangeDetectionStrategy, Component, input } from "@angular/core";
import { RouterLink } from "@angular/router";
import type { PageInfo } from "../logic/pages.ts";
import { PipelineDiagram } from "./pipeline-diagram.ts";
import { shownGroups } from "./shown-groups.ts";

@Component({
  selector: "mr-home-page",
  imports: [PipelineDiagram, RouterLink],
  template: `
    <h1>{{ page().title }}</h1>
    <p class="lead">
      Numbers and measurements on their way through Kafka, Spark, Cassandra and the lake, and what Spark has made of
      them.
    </p>
    @if (hasPipeline) {
      <section class="panel" aria-label="The pipeline">
        <mr-pipeline-diagram />
      </section>
    }
    @for (group of groups; track group.name) {
      <section class="group" [attr.aria-labelledby]="'group-' + $index">
        <h2 [id]="'group-' + $index">{{ group.name }}</h2>
        <ul class="cards">
          @for (some of group.pages; track some.route) {
            <li class="card">
              <h3>
                <a [routerLink]="some.route">{{ some.title }}</a>
              </h3>
              <p>{{ some.shows }}</p>
              <ol class="way" aria-label="Way of the data">
                @for (station of some.path; track $index) {
                  <li>{{ station }}</li>
                }
              </ol>
            </li>
          }
        </ul>
      </section>
    }
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "data-state": "ready" },
})
export class HomePage {
  readonly page = input.required<PageInfo & { readonly kind: "home" }>();
  protected readonly groups = shownGroups();
  /** Whether what the picture draws is there. */
  protected readonly hasPipeline = this.groups.some(({ name }) => name === "Census");
}
