/**
 * Watches over NiFi's flows. `GET /flows` tells how they are; `POST /flows` has what was refused tried again at once, and answers with the
 * number of that look; `GET /flows/<name>` has the text for the file of one, as it is on the canvas.
 *
 * Environment: `NIFI_URL`, `NIFI_USER`, `NIFI_PASSWORD_FILE`, `NIFI_PARAMETERS` (a JSON object of names and values), `FLOWS_FOLDER` (its `*.json`
 * are flow definitions), `REJECTED_TOPIC`, `PORT`, `LOOK_SECONDS` (15), and how Kafka is reached (`kafkaClient`).
 */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import { kafkaClient } from "../../kafka/programs/kafka-client.ts";
import { nifiApi } from "./nifi-api.ts";
import { Rejected } from "./rejected.ts";
import { readWanted, wantedEnvironment } from "./wanted.ts";
import { Watch } from "./watch.ts";

const environment = wantedEnvironment.extend({
  NIFI_URL: z.url(),
  NIFI_USER: z.string().min(1),
  NIFI_PASSWORD_FILE: z.string().min(1),
  KAFKA_BOOTSTRAP: z.string().min(1),
  REJECTED_TOPIC: z.string().min(1),
  PORT: z.coerce.number().int().positive(),
  LOOK_SECONDS: z.coerce.number().positive().default(15),
});

const settings = environment.parse(process.env);
const log = (line: string): void => void process.stdout.write(`${new Date().toISOString()} ${line}\n`);
const ended = new AbortController();
process.on("SIGTERM", () => {
  ended.abort();
});

const { NIFI_URL: url, NIFI_USER: user, NIFI_PASSWORD_FILE: file } = settings;
const watch = new Watch({
  ...readWanted(settings),
  login: () => nifiApi({ url, user, password: readFileSync(file, "utf8").trim() }, ended.signal),
  log,
});
const rejected = new Rejected({
  kafka: kafkaClient({ bootstrapServers: settings.KAFKA_BOOTSTRAP, clientId: "nifi-supervisor", log }),
  topic: settings.REJECTED_TOPIC,
  log,
});

interface Answer {
  readonly status: number;
  readonly body: object;
}

/** Ends the pause before the next look. */
let wake = new AbortController();

async function answerTo(method: string, path: string): Promise<Answer> {
  const [, , name] = path.split("/");
  if (method === "POST" && path === "/flows") {
    const round = watch.again();
    wake.abort();
    return { status: 200, body: { round } };
  }
  if (path === "/healthz") return { status: 200, body: {} };
  if (path === "/flows") return { status: 200, body: { ...watch.report, rejected: rejected.report } };
  const text = name === undefined ? undefined : await watch.textOf(decodeURIComponent(name));
  return text === undefined ? { status: 404, body: {} } : { status: 200, body: { text } };
}

const server = createServer((request, response) => {
  void answerTo(request.method ?? "", request.url ?? "")
    .catch((error: unknown): Answer => ({ status: 503, body: { error: describeError(error) } }))
    .then(({ status, body }) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    });
});
server.listen(settings.PORT);
const reading = rejected.read(ended.signal);

while (!ended.signal.aborted) {
  wake = new AbortController();
  await watch.look();
  const signal = AbortSignal.any([ended.signal, wake.signal]);
  await sleep(settings.LOOK_SECONDS * 1000, undefined, { signal }).catch(() => undefined);
}
server.close();
await reading;
