/** Time for drawing: the browser's own frames, not each of them, and none while the page is hidden. */
import { DestroyRef, inject, type Signal, signal } from "@angular/core";

/** Least time between two drawings, in ms: batches come no faster. */
const FRAME_MS = 100;
/** The same for those who asked for less motion. */
const CALM_FRAME_MS = 1_000;

export interface Frames {
  /** The page's clock at the frame that is drawn, ms since 1970. */
  readonly now: Signal<number>;
  /** The same, once a second: for texts and tables, which nobody reads ten times a second. */
  readonly second: Signal<number>;
}

export function frames(): Frames {
  const now = signal(Date.now());
  const second = signal(Date.now());
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const draw = (): void => {
    const time = Date.now();
    if (time - now() >= (calm.matches ? CALM_FRAME_MS : FRAME_MS)) now.set(time);
    if (time - second() >= 1_000) second.set(time);
    request = requestAnimationFrame(draw);
  };
  let request = requestAnimationFrame(draw);
  inject(DestroyRef).onDestroy(() => {
    cancelAnimationFrame(request);
  });
  return { now, second };
}
