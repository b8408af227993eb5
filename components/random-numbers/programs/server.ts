/** What a pump answers over HTTP: its health, and orders for marked numbers. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TelemetryRecord } from "../../telemetry/programs/record.ts";
import { MarkedFailure } from "./marked.ts";
import { type MarkedOrder, OrderError, parseOrder } from "./order.ts";

/** Most bytes of an order. */
export const mostBodyBytes = 8 * 2 ** 20;
const paths: Readonly<Record<string, readonly string[]>> = { "/healthz": ["GET", "HEAD"], "/marked": ["POST"] };

export interface PumpServerOptions {
  /** What whoever orders must show. */
  readonly token: string;
  /** Whether the pump works, and figures to answer with. */
  readonly health: () => { readonly isHealthy: boolean; readonly figures: object };
  /** @throws {MarkedFailure} when Kafka did not acknowledge all of it */
  readonly send: (order: MarkedOrder) => Promise<readonly TelemetryRecord[]>;
  /** Plain log lines, for errors that nobody foresaw. */
  readonly log: (line: string) => void;
}

/** An answer that is an error, in words for the one who asked. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

/** A server that is not listening yet. */
export function pumpServer(options: PumpServerOptions): Server {
  const server = createServer((request, response) => {
    answer(request, options)
      .catch((error: unknown) => answerOf(error, options.log))
      .then(({ status, body, headers }) => {
        respond(response, status, body, headers);
      })
      .catch((error: unknown) => {
        options.log(`can't answer: ${String(error)}`);
      });
  });
  server.requestTimeout = 30_000;
  return server;
}

interface Answer {
  readonly status: number;
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>>;
}

async function answer(request: IncomingMessage, options: PumpServerOptions): Promise<Answer> {
  const [path = ""] = (request.url ?? "").split("?");
  const methods = Object.hasOwn(paths, path) ? paths[path] : undefined;
  if (methods === undefined)
    throw new Refusal(404, `there is no such path; there are ${Object.keys(paths).join(", ")}`);
  if (!methods.includes(request.method ?? "")) {
    const allow = methods.join(", ");
    throw new Refusal(405, `${path} takes ${allow}, not ${String(request.method)}`, { allow });
  }
  if (path === "/healthz") {
    const { isHealthy, figures } = options.health();
    return { status: isHealthy ? 200 : 503, body: figures };
  }
  requireToken(request, options.token);
  const order = parseOrder(await bodyOf(request));
  const records = await options.send(order);
  return {
    status: 200,
    body: {
      run: order.run,
      sent: records.length,
      poison: order.poison.length,
      records: records.map(({ id, ts, value }) => ({ id, ts, value })),
      ids: records.map(({ id }) => id),
    },
  };
}

function answerOf(error: unknown, log: (line: string) => void): Answer {
  if (error instanceof Refusal) return { status: error.status, body: { error: error.message }, headers: error.headers };
  if (error instanceof OrderError) return { status: 400, body: { error: error.message } };
  if (error instanceof MarkedFailure) return { status: 503, body: { error: error.message } };
  log(`error while answering: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return { status: 500, body: { error: "the pump made a mistake; its log tells more" } };
}

function requireToken(request: IncomingMessage, token: string): void {
  const shown = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
  // Hashes have the same length, whatever was shown, and take the same time to compare.
  if (shown !== undefined && timingSafeEqual(digest(shown), digest(token))) return;
  const problem = shown === undefined ? "show the pump's token" : "this is not the pump's token";
  throw new Refusal(401, `${problem}, as "Authorization: Bearer <token>"`, { "www-authenticate": "Bearer" });
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  // What is left of the body is not read, so the connection can't be used again.
  const tooLarge = new Refusal(413, `the body has more than ${mostBodyBytes} bytes; send several orders`, {
    connection: "close",
  });
  if (Number(request.headers["content-length"] ?? 0) > mostBodyBytes) throw tooLarge;
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > mostBodyBytes) throw tooLarge;
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
  } catch (error) {
    throw new OrderError("the body is no UTF-8", { cause: error });
  }
}

function respond(
  response: ServerResponse,
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
    ...headers,
  });
  response.end(text);
}
