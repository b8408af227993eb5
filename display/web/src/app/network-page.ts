/** Who may connect to whom, as a picture and as a table. */
import { ChangeDetectionStrategy, Component, computed, input, signal } from "@angular/core";
import { type NetworkAnswer, networkPicturePath } from "../../../protocol.ts";
import type { PageInfo } from "../logic/pages.ts";
import { PageHead } from "./page-head.ts";
import { polledFigures } from "./polled-figures.ts";
import { Problem } from "./problem.ts";

/** It changes with an `up`. */
const INTERVAL_MS = 30_000;

@Component({
  selector: "mr-network-page",
  imports: [PageHead, Problem],
  templateUrl: "./network-page.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "page", "data-testid": "page", "[attr.data-state]": "state()" },
})
export class NetworkPage {
  readonly page = input.required<PageInfo & { readonly kind: "network" }>();
  protected readonly polled = polledFigures<NetworkAnswer>(signal({ url: "/api/network", intervalMs: INTERVAL_MS }));
  protected readonly answer = computed(() => this.polled().answer);
  protected readonly picture = networkPicturePath;
  protected readonly state = computed((): "loading" | "ready" | "error" => {
    if (this.answer() !== null) return "ready";
    return this.polled().error === null ? "loading" : "error";
  });

  protected portWords(ports: readonly number[]): string {
    return ports.length === 0 ? "any" : ports.join(", ");
  }
}
