/**
 * Simulated race cars: drives them on the clock and sends a sample of each to the ingest, as any client would.
 *
 * Environment: `INGEST_URL` (`ws://host:port`), `INGEST_TOKEN`, `CARS` (3), `RATE` (samples of a car in a second, 20), `SEED` (1),
 * `TRACK` (mill), `HEALTH_PORT` (8080).
 *
 * `GET /healthz` is 503 while no sample was settled for 60 s. SIGTERM ends it.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import { z } from "zod";
import { keepPace } from "../../telemetry/programs/pace.ts";
import { IngestClient } from "./ingest-client.ts";
import { Race, sessionAt } from "./race.ts";
import { sampleText } from "./sample.ts";
import { trackNames } from "./track.ts";

const HEALTH_MS = 60_000;
/** Of a process that stood still, such as on a laptop that slept, only so much is made up for. */
const MOST_LATE_MS = 5000;
const TICK_MS = 10;
/** Kept while the ingest is away: five minutes of a car at the highest rate. */
const CAPACITY = 30_000;
const GOODBYE_MS = 3000;

const environment = z.object({
  INGEST_URL: z.url(),
  INGEST_TOKEN: z.string().min(1),
  CARS: z.coerce.number().int().min(1).max(100).default(3),
  RATE: z.coerce.number().int().min(1).max(100).default(20),
  SEED: z.coerce.number().int().min(0).default(1),
  TRACK: z.enum(trackNames).default("mill"),
  HEALTH_PORT: z.coerce.number().int().min(0).max(65535).default(8080),
});

const log = (line: string): void => {
  process.stderr.write(`${new Date().toISOString()} ${line}\n`);
};

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const { CARS: cars, RATE: rate, SEED: seed, TRACK: track } = settings;
  const startMs = Date.now();
  const race = new Race({ cars, rate, seed, track, session: sessionAt(startMs) });
  // A connection for each car: the ingest bounds what comes by one.
  const clients = race.cars.map(
    () => new IngestClient({ url: settings.INGEST_URL, token: settings.INGEST_TOKEN, log, capacity: CAPACITY }),
  );
  const isHealthy = (): boolean => {
    const now = Date.now();
    return clients.every(({ settledAt = startMs }) => now - settledAt < HEALTH_MS);
  };
  const server = createServer((_, response) => {
    const figures = clients.map((client, index) => [race.cars[index], client.figures]);
    response.writeHead(isHealthy() ? 200 : 503, { "content-type": "application/json" });
    response.end(`${JSON.stringify(Object.fromEntries(figures))}\n`);
  });
  server.listen(settings.HEALTH_PORT);
  await once(server, "listening");

  const stopDriving = new AbortController();
  const stopSending = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    process.once(name, () => {
      log(`${name}: ending`);
      stopDriving.abort();
      setTimeout(() => {
        stopSending.abort();
      }, GOODBYE_MS).unref();
    });
  }
  const sending = Promise.all(clients.map((client) => client.run(stopSending.signal)));
  log(`${cars} cars on track ${track}, ${rate} samples a second of each, seed ${seed}`);
  await keepPace({ rate, tickMs: TICK_MS, mostLateMs: MOST_LATE_MS }, stopDriving.signal, (from, to, dueAgo) => {
    const now = Date.now();
    for (let step = from; step < to; step++) {
      for (const [index, sample] of race.next(now - dueAgo(step)).entries()) clients[index]?.push(sampleText(sample));
    }
  });
  while (clients.some(({ figures }) => figures.unsettled > 0) && !stopSending.signal.aborted) {
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  stopSending.abort();
  await sending;
  process.exit(0);
}

await main();
