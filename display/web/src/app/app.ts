/** What all pages have around them: the menu above, or at the side of a wide window. */
import { ChangeDetectionStrategy, Component, type ElementRef, inject, signal, viewChild } from "@angular/core";
import { NavigationEnd, Router, RouterLink, RouterLinkActive, RouterOutlet } from "@angular/router";
import { takeUntilDestroyed } from "@angular/core/rxjs-interop";
import { home } from "../logic/pages.ts";
import { shownGroups } from "./shown-groups.ts";

@Component({
  selector: "mr-app",
  imports: [RouterLink, RouterLinkActive, RouterOutlet],
  templateUrl: "./app.component.html",
  changeDetection: ChangeDetectionStrategy.OnPush,
  host: { class: "shell" },
})
export class App {
  protected readonly home = home;
  protected readonly groups = shownGroups();
  /** Whether the menu is open in a narrow window; a wide one shows it always. */
  protected readonly isMenuOpen = signal(false);
  private readonly content = viewChild.required<ElementRef<HTMLElement>>("content");

  constructor() {
    const router = inject(Router);
    let shownPath: string | undefined;
    router.events.pipe(takeUntilDestroyed()).subscribe((event) => {
      if (!(event instanceof NavigationEnd)) return;
      const [path] = event.urlAfterRedirects.split("?");
      // A choice on a page keeps the focus where it is; a new page begins at its content.
      if (shownPath !== undefined && shownPath !== path) {
        this.isMenuOpen.set(false);
        this.content().nativeElement.focus({ preventScroll: true });
      }
      shownPath = path;
    });
  }

  /** The browser's own jump would go to the address of the first page, for that is the base of all links. */
  protected skip(event: Event): void {
    event.preventDefault();
    this.content().nativeElement.focus();
  }

  protected toggleMenu(): void {
    this.isMenuOpen.update((isOpen) => !isOpen);
  }
}
