/** Width of an element, kept up to date: charts are drawn for it, so that their letters keep their size on a phone. */
import { DestroyRef, ElementRef, inject, type Signal, signal } from "@angular/core";

/** @returns the width of the component's own element in whole px; `0` before it is known */
export function ownWidth(): Signal<number> {
  const width = signal(0);
  const element = inject<ElementRef<HTMLElement>>(ElementRef).nativeElement;
  const observer = new ResizeObserver(([entry]) => {
    if (entry !== undefined) width.set(Math.floor(entry.contentRect.width));
  });
  observer.observe(element);
  inject(DestroyRef).onDestroy(() => {
    observer.disconnect();
  });
  return width;
}
