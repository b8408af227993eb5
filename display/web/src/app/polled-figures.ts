/** Figures of the server, read again and again while the page is seen. */
import { DestroyRef, effect, inject, type Signal, signal } from "@angular/core";
import { nothingYet, type Polled, Poller } from "../logic/polling.ts";

export interface Question {
  readonly url: string;
  readonly intervalMs: number;
}

/** @param question what to ask; a changed one is asked at once */
export function polledFigures<Answer>(question: Signal<Question>): Signal<Polled<Answer>> {
  const polled = signal<Polled<Answer>>(nothingYet);
  const poller = new Poller<Answer>(
    {
      fetch: (url, init) => fetch(url, init),
      now: () => Date.now(),
      isHidden: () => document.visibilityState === "hidden",
    },
    (next) => {
      polled.set(next);
    },
  );
  effect(() => {
    const { url, intervalMs } = question();
    poller.read(url, intervalMs);
  });
  const seen = (): void => {
    poller.seen();
  };
  document.addEventListener("visibilitychange", seen);
  inject(DestroyRef).onDestroy(() => {
    document.removeEventListener("visibilitychange", seen);
    poller.stop();
  });
  return polled;
}
