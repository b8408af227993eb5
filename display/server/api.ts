/** Answers to the pages: figures of streams and of the census, from each sink. */
import express, { type Router } from "express";
import { type CensusAnswer, type Sink, sinks, streams, type WindowsAnswer } from "../protocol.ts";
import type { CensusQuestion } from "./census.ts";
import { parametersOf, readQuery } from "./query.ts";
import type { WindowsQuestion } from "./windows.ts";

/** Figures of one sink; each fails with a `Problem` when the sink does not answer. */
export interface Figures {
  readonly windows: (question: WindowsQuestion) => Promise<WindowsAnswer>;
  readonly census: (question: CensusQuestion) => Promise<CensusAnswer>;
}

export function api(figures: Readonly<Record<Sink, Figures>>): Router {
  const router = express.Router({ caseSensitive: true, strict: true });
  router.use((_request, response, next) => {
    response.set("Cache-Control", "no-store");
    next();
  });
  for (const sink of sinks) {
    router.get(`/spark/${sink}/census-data`, async (request, response) => {
      response.json(await figures[sink].census(readQuery(request.originalUrl, parametersOf.census)));
    });
    for (const stream of streams) {
      router.get(`/spark-streaming/${sink}/${stream}`, async (request, response) => {
        const { minutes, ...names } = readQuery(request.originalUrl, parametersOf.windows);
        const question = { stream, ...names, ...(minutes === undefined ? {} : { minutes: Number(minutes) }) };
        response.json(await figures[sink].windows(question));
      });
    }
  }
  return router;
}
