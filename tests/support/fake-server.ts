/** A server on this machine that answers as a spec says: HTTP by method and path, and websockets. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";

export interface SeenRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export interface FakeAnswer {
  /** @default 200 */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  /** A text as it stands, anything else as JSON; a list of texts comes piece by piece. @default - empty */
  readonly body?: unknown;
}

export type Route = FakeAnswer | ((request: SeenRequest) => FakeAnswer | Promise<FakeAnswer>);

/** What a websocket's other end says; `send` gives it a message, `close` ends it. */
export interface FakeSocket {
  send(text: string): void;
  close(): void;
}

export class FakeServer {
  /** Everything asked so far, as `POST /auth/token`. */
  readonly asked: string[] = [];
  readonly requests: SeenRequest[] = [];
  /** By method and path, `GET /api/v2/version`; the query is left out unless a route names it. */
  routes: Readonly<Record<string, Route>> = {};
  /** Called for each message of a websocket. @default - messages are dropped */
  onMessage: (text: string, socket: FakeSocket) => void = () => undefined;
  /** `http://127.0.0.1:port` */
  readonly url: string;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  static async start(): Promise<FakeServer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const fake = new FakeServer(server);
    server.on("request", (request, response) => void fake.#answer(request, response));
    server.on("upgrade", (request, socket) => {
      fake.#upgrade(request, socket);
    });
    return fake;
  }

  /** Forgets what was asked and takes other routes. */
  reset(routes: Readonly<Record<string, Route>>): void {
    this.asked.length = 0;
    this.requests.length = 0;
    this.routes = routes;
    this.onMessage = () => undefined;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const seen = this.#see(request, body);
    const whole = `${seen.method} ${seen.path}`;
    const route = this.routes[whole] ?? this.routes[whole.split("?")[0] ?? ""];
    const answer: FakeAnswer =
      route === undefined
        ? { status: 404, body: { detail: "Not Found" } }
        : typeof route === "function"
          ? await route(seen)
          : route;
    response.writeHead(answer.status ?? 200, answer.headers as Record<string, string | string[]>);
    if (Array.isArray(answer.body)) {
      for (const piece of answer.body as readonly string[]) response.write(piece);
      response.end();
    } else {
      response.end(typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body));
    }
  }

  #see(request: IncomingMessage, body: string): SeenRequest {
    const seen = { method: request.method ?? "", path: request.url ?? "", headers: request.headers, body };
    this.requests.push(seen);
    this.asked.push(`${seen.method} ${seen.path.split("?")[0] ?? ""}`);
    return seen;
  }

  #upgrade(request: IncomingMessage, socket: Duplex): void {
    this.#see(request, "");
    const key = `${request.headers["sec-websocket-key"] ?? ""}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`;
    const accept = createHash("sha1").update(key).digest("base64");
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    const end: FakeSocket = {
      send: (text) => void socket.write(frameOf(text)),
      close: () => void socket.end(Buffer.from([0x88, 0])),
    };
    let received = Buffer.alloc(0);
    socket.on("error", () => undefined);
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      for (let frame = readFrame(received); frame !== undefined; frame = readFrame(received)) {
        received = received.subarray(frame.length);
        if (frame.isClose) end.close();
        else this.onMessage(frame.text, end);
      }
    });
  }
}

/** One whole, unmasked text frame. */
function frameOf(text: string): Buffer {
  const payload = Buffer.from(text);
  if (payload.length < 126) return Buffer.concat([Buffer.from([0x81, payload.length]), payload]);
  const head = Buffer.from([0x81, 126, 0, 0]);
  head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

/** The first frame of a client, which are all masked; `undefined`: it is not whole yet. */
function readFrame(data: Buffer): { length: number; text: string; isClose: boolean } | undefined {
  if (data.length < 6) return undefined;
  const isLong = ((data[1] ?? 0) & 0x7f) === 126;
  const length = isLong ? data.readUInt16BE(2) : (data[1] ?? 0) & 0x7f;
  const at = isLong ? 4 : 2;
  if (data.length < at + 4 + length) return undefined;
  const mask = data.subarray(at, at + 4);
  const payload = data.subarray(at + 4, at + 4 + length).map((byte, index) => byte ^ (mask[index % 4] ?? 0));
  return {
    length: at + 4 + length,
    text: Buffer.from(payload).toString("utf8"),
    isClose: ((data[0] ?? 0) & 0x0f) === 8,
  };
}
