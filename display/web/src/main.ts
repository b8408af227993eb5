/** Starts the pages: standalone components, without zones. */
import { bootstrapApplication } from "@angular/platform-browser";
import { provideZonelessChangeDetection } from "@angular/core";
import { provideRouter, TitleStrategy, withComponentInputBinding, withInMemoryScrolling } from "@angular/router";
import { App } from "./app/app.ts";
import { PageTitles } from "./app/page-titles.ts";
import { routes } from "./app/routes.ts";

await bootstrapApplication(App, {
  providers: [
    provideZonelessChangeDetection(),
    provideRouter(routes, withComponentInputBinding(), withInMemoryScrolling({ scrollPositionRestoration: "enabled" })),
    { provide: TitleStrategy, useExisting: PageTitles },
  ],
});
