/** Comes next. */
import { ChangeDetectionStrategy, Component, input } from "@angular/core";
import type { PageInfo } from "../logic/pages.ts";
import { PageHead } from "./page-head.ts";

@Component({
  selector: "mr-home-page",
  imports: [PageHead],
  template: `<mr-page-head [page]="page()" />`,
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "data-state": "loading" },
})
export class HomePage {
  readonly page = input.required<PageInfo & { readonly kind: "home" }>();
}
