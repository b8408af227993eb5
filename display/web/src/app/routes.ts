/** One route for each page of the catalogue. Pages of one kind share a component; the page itself is its input. */
import type { Type } from "@angular/core";
import type { Route, Routes } from "@angular/router";
import { type PageInfo, pages } from "../logic/pages.ts";
import { HomePage } from "./home-page.ts";
import { NotFoundPage } from "./not-found-page.ts";

const components: Readonly<Record<PageInfo["kind"], () => Type<unknown> | Promise<Type<unknown>>>> = {
  home: () => HomePage,
  live: () => import("./live-page.ts").then((module) => module.LivePage),
  census: () => import("./census-page.ts").then((module) => module.CensusPage),
  race: () => import("./race-page.ts").then((module) => module.RacePage),
  network: () => import("./network-page.ts").then((module) => module.NetworkPage),
  windows: () => import("./windows-page.ts").then((module) => module.WindowsPage),
};

export const routes: Routes = [
  ...pages.map((page): Route => ({
    path: page.route.slice(1),
    pathMatch: "full",
    title: page.title,
    data: { page },
    loadComponent: components[page.kind],
  })),
  { path: "**", title: "No such page", component: NotFoundPage },
];
