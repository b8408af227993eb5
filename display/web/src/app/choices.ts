/** The choices of a page, read from its address and written into it. */
import { inject, type Signal } from "@angular/core";
import { toSignal } from "@angular/core/rxjs-interop";
import { ActivatedRoute, Router } from "@angular/router";
import { map } from "rxjs";
import { type Parameters, parametersOf } from "../logic/url-state.ts";

export interface Choices<Name extends string> {
  readonly current: Signal<Parameters<Name>>;
  /** Changes some of them; `null` takes one out of the address. */
  readonly change: (changes: Partial<Record<Name, string | null>>) => void;
}

export function choicesOf<Name extends string>(...names: Name[]): Choices<Name> {
  const route = inject(ActivatedRoute);
  const router = inject(Router);
  const current = toSignal(
    route.queryParamMap.pipe(map((parameters) => parametersOf(names, (name) => parameters.get(name)))),
    { requireSync: true },
  );
  const change = (changes: Partial<Record<Name, string | null>>): void => {
    void router.navigate([], { relativeTo: route, queryParams: changes, queryParamsHandling: "merge" });
  };
  return { current, change };
}
