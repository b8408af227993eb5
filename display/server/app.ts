/** The HTTP side of the server. */
import express, { type Express } from "express";
import { pageRoutes } from "../protocol.ts";
import { api, type Figures, type RaceFigures } from "./api.ts";
import type { PagePart, Sink } from "../protocol.ts";
import { answerErrors } from "./error-answer.ts";
import { setSecurityHeaders } from "./headers.ts";
import { network } from "./network.ts";
import { pages } from "./pages.ts";
import { Problem, shown } from "./problem.ts";
import { checkEncoding, parametersOf, readQuery } from "./query.ts";

export interface AppOptions {
  readonly webDir: string;
  /** What its pages can show. */
  readonly parts: readonly PagePart[];
  readonly figures: Readonly<Record<Sink, Figures>>;
  readonly race: RaceFigures;
  readonly networkDir: string | undefined;
  /** Figures of the server itself, for `/healthz`. */
  readonly health: () => object;
  /** What it reads from, and whether that answers, for `/readyz`; none of it makes the server unready. */
  readonly backends: () => object;
  readonly log: (line: string) => void;
}

/** @throws {Error} when there are no pages to serve */
export function makeApp({ webDir, parts, figures, race, networkDir, health, backends, log }: AppOptions): Express {
  const app = express();
  app.disable("x-powered-by");
  app.disable("query parser");
  app.enable("strict routing");
  app.enable("case sensitive routing");
  app.use(setSecurityHeaders);
  app.use((request, _response, next) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      throw new Problem(405, `${request.method} is not possible here: the display only shows; use GET`);
    }
    checkEncoding(request.originalUrl);
    next();
  });
  for (const [path, state] of [["/healthz", health] as const, ["/readyz", backends] as const]) {
    app.get(path, (request, response) => {
      readQuery(request.originalUrl, parametersOf.none);
      response.set("Cache-Control", "no-store").json(state());
    });
  }
  app.use(network(networkDir));
  app.use("/api", api(figures, race));
  app.use(pages(webDir, parts));
  app.use((request) => {
    const [path = ""] = request.originalUrl.split("?");
    const known = path.startsWith("/api/")
      ? "answers are below /api/spark, /api/spark-streaming, /api/race and /api/network"
      : `the pages are ${pageRoutes.join(", ")}`;
    throw new Problem(404, `there is nothing at ${shown(decodeURIComponent(path))}; ${known}`);
  });
  app.use(answerErrors(log));
  return app;
}
