/** Answers to the pages: figures of streams and of the census, from each sink. */
import express, { type Router } from "express";
import {
  type CensusAnswer,
  type RaceWindowsAnswer,
  type Sink,
  sinks,
  streams,
  type TrackAnswer,
  type WindowsAnswer,
} from "../protocol.ts";
import type { CensusQuestion } from "./census.ts";
import { Problem } from "./problem.ts";
import { parametersOf, readQuery } from "./query.ts";
import type { RaceWindowsQuestion } from "./race-windows.ts";
import type { WindowsQuestion } from "./windows.ts";

/** Figures of one sink; each fails with a `Problem` when the sink does not answer. */
export interface Figures {
  readonly windows: (question: WindowsQuestion) => Promise<WindowsAnswer>;
  readonly census: (question: CensusQuestion) => Promise<CensusAnswer>;
}

/** What is told of the race. */
export interface RaceFigures {
  readonly track: TrackAnswer;
  readonly windows: (question: RaceWindowsQuestion) => Promise<RaceWindowsAnswer>;
}

export function api(figures: Readonly<Record<Sink, Figures>>, race: RaceFigures): Router {
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
  router.get("/race/track", (request, response) => {
    readQuery(request.originalUrl, parametersOf.none);
    response.json(race.track);
  });
  router.get("/race/windows", async (request, response) => {
    const { car, minutes } = readQuery(request.originalUrl, parametersOf.raceWindows);
    if (car === undefined) throw new Problem(400, "car is missing; give the name of a car, such as car-01");
    response.json(await race.windows({ car, ...(minutes === undefined ? {} : { minutes: Number(minutes) }) }));
  });
  return router;
}
