/** For an address that no page has; the server answers those with 404 before it comes to this. */
import { ChangeDetectionStrategy, Component } from "@angular/core";
import { RouterLink } from "@angular/router";

@Component({
  selector: "mr-not-found-page",
  imports: [RouterLink],
  template: `
    <h1>No such page</h1>
    <p class="problem" role="alert">There is no page at this address. <a routerLink="/">The overview</a> lists all.</p>
  `,
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "data-state": "error" },
})
export class NotFoundPage {}
