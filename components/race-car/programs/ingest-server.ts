/** The sockets of the ingest: WebSocket and health at one TCP port, UDP at the same number. */
import { createHash, timingSafeEqual } from "node:crypto";
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Duplex } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { type RawData, type WebSocket, WebSocketServer } from "ws";
import { ClientAccount } from "./client-account.ts";
import { Intake, type Taken } from "./intake.ts";
import { isPacked } from "./packed.ts";
import { samplesPath, type Told, tokenLength } from "./protocol.ts";
import { sampleVersion } from "./sample.ts";

/** Longest message of a WebSocket; a longer one ends its connection. */
const MOST_MESSAGE_BYTES = 65_536;
const MOST_CONNECTIONS = 500;
/** Senders of UDP packets that are remembered; the one that was quiet longest goes first. */
const MOST_SENDERS = 1000;
/** Time from one look at what clients are to be told to the next, in ms. */
const TELL_MS = 100;
/** Clients that do not answer a ping in this time are gone, in ms. */
const PING_MS = 20_000;
/** Time that clients have to say goodbye, in ms. */
const GOODBYE_MS = 1000;
/** What may wait to be sent to a client that does not read, in bytes. */
const MOST_UNREAD_BYTES = 65_536;

export interface IngestOptions {
  /** 0: any free one. */
  readonly port: number;
  /** What a client must show, of {@link tokenLength} characters. */
  readonly token: string;
  /** Messages that a client may send in a second. */
  readonly messagesPerSecond: number;
  /** Most messages that may wait for Kafka. Beyond, WebSockets are not read, and UDP packets dropped. */
  readonly mostWaiting: number;
  /** Sends a message to Kafka some time, in the order of the calls; calls back when it is there. */
  readonly send: (taken: Taken, stored: () => void) => void;
  /** Whether it works, and figures of the rest. */
  readonly health: () => { readonly isHealthy: boolean; readonly figures: object };
  readonly log: (line: string) => void;
  /** @default Date.now */
  readonly now?: () => number;
}

export interface Ingest {
  readonly port: number;
  /** Takes nothing any more; what was taken can still be sent. */
  pause(): void;
  stop(): Promise<void>;
}

interface Connection {
  readonly account: ClientAccount;
  isAlive: boolean;
}

export async function startIngest(options: IngestOptions): Promise<Ingest> {
  const server = new IngestServer(options);
  await server.listen();
  return server;
}

class IngestServer implements Ingest {
  readonly #options: IngestOptions;
  readonly #now: () => number;
  readonly #intake = new Intake();
  readonly #http = createServer((request, response) => {
    this.#answer(request, response);
  });
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MOST_MESSAGE_BYTES,
    perMessageDeflate: false,
    clientTracking: true,
  });
  readonly #udp = createSocket("udp4");
  readonly #connections = new Map<WebSocket, Connection>();
  readonly #senders = new Map<string, ClientAccount>();
  readonly #timers: NodeJS.Timeout[];
  #isPaused = false;
  #waiting = 0;
  #strangers = 0;
  #overflow = 0;

  constructor(options: IngestOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#http.on("upgrade", (request, socket, head) => {
      this.#upgrade(request, socket, head);
    });
    this.#udp.on("message", (packet, sender) => {
      this.#packet(packet, sender);
    });
    this.#udp.on("error", (error) => {
      options.log(`UDP: ${error.message}`);
    });
    this.#timers = [
      setInterval(() => {
        for (const [socket, { account }] of this.#connections) this.#tell(socket, account.news());
      }, TELL_MS),
      setInterval(() => {
        this.#ping();
      }, PING_MS),
    ];
    for (const timer of this.#timers) timer.unref();
  }

  get port(): number {
    return (this.#http.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    this.#http.listen(this.#options.port);
    await once(this.#http, "listening");
    this.#udp.bind(this.port);
    await once(this.#udp, "listening");
  }

  pause(): void {
    this.#isPaused = true;
    for (const socket of this.#connections.keys()) socket.pause();
  }

  /** Tells clients what is settled, and says goodbye. */
  async stop(): Promise<void> {
    this.pause();
    for (const timer of this.#timers) clearInterval(timer);
    await new Promise<void>((resolve) => {
      this.#udp.close(resolve);
    });
    for (const [socket, { account }] of this.#connections) {
      this.#tell(socket, account.news());
      socket.close(1001, "the ingest ends; connect again");
      // It must read the client's goodbye; messages before it are not taken.
      socket.resume();
    }
    const gone = (): boolean => this.#connections.size === 0;
    for (const end = Date.now() + GOODBYE_MS; !gone() && Date.now() < end;) await sleep(10);
    for (const socket of this.#connections.keys()) socket.terminate();
    this.#http.close();
    this.#http.closeAllConnections();
  }

  get #figures(): object {
    const { figures } = this.#options.health();
    return {
      ...this.#intake.figures,
      waiting: this.#waiting,
      connections: this.#connections.size,
      senders: this.#senders.size,
      strangers: this.#strangers,
      overflow: this.#overflow,
      ...figures,
    };
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const [path = ""] = (request.url ?? "").split("?");
    if (path === "/healthz" && (request.method === "GET" || request.method === "HEAD")) {
      respond(response, this.#options.health().isHealthy ? 200 : 503, this.#figures);
    } else if (path === samplesPath) {
      response.setHeader("upgrade", "websocket");
      respond(response, 426, {
        error: `${samplesPath} is a WebSocket: connect to it with "Authorization: Bearer <token>"`,
      });
    } else {
      respond(response, 404, { error: `there is no such path; there are ${samplesPath} (a WebSocket) and /healthz` });
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const [path = ""] = (request.url ?? "").split("?");
    const shown = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    if (this.#isPaused) {
      refuse(socket, 503, "the ingest ends; try again");
      return;
    }
    if (path !== samplesPath) {
      refuse(socket, 404, `there is no such path; there is ${samplesPath}`);
      return;
    }
    if (shown === undefined || !this.#isToken(shown)) {
      this.#strangers++;
      const problem = shown === undefined ? "show the ingest's token" : "this is not the ingest's token";
      refuse(socket, 401, `${problem}, as "Authorization: Bearer <token>"`);
      return;
    }
    if (this.#connections.size >= MOST_CONNECTIONS) {
      refuse(socket, 503, `there are ${MOST_CONNECTIONS} connections already; try again later`);
      return;
    }
    this.#sockets.handleUpgrade(request, socket, head, (client) => {
      this.#welcome(client, `${request.socket.remoteAddress ?? "?"}:${request.socket.remotePort ?? 0}`);
    });
  }

  #welcome(socket: WebSocket, name: string): void {
    const { messagesPerSecond } = this.#options;
    const connection: Connection = {
      account: new ClientAccount(name, messagesPerSecond, this.#now()),
      isAlive: true,
    };
    this.#connections.set(socket, connection);
    this.#tell(socket, { type: "welcome", version: sampleVersion, messagesPerSecond });
    socket.on("message", (data, isBinary) => {
      connection.isAlive = true;
      this.#message(socket, connection.account, bytesOf(data), isBinary);
    });
    socket.on("pong", () => {
      connection.isAlive = true;
    });
    socket.on("close", () => this.#connections.delete(socket));
    // A message that is too long, half a frame, or a connection that broke: it is closed, and others go on.
    socket.on("error", (error) => {
      this.#options.log(`client ${name}: ${error.message}`);
    });
  }

  #message(socket: WebSocket, account: ClientAccount, bytes: Uint8Array, isPacked: boolean): void {
    if (this.#isPaused) return;
    const now = this.#now();
    const number = account.receive(now);
    if (number === undefined) {
      this.#intake.drop();
      this.#tell(socket, account.excess(now));
      return;
    }
    const taken = this.#intake.take(bytes, isPacked, { client: account.name, way: "websocket" }, now);
    if (taken.reason !== undefined) this.#tell(socket, account.refusal(number, taken.reason, now));
    this.#send(taken, account, number);
    if (this.#waiting >= this.#options.mostWaiting) socket.pause();
  }

  #packet(packet: Buffer, { address, port }: RemoteInfo): void {
    const now = this.#now();
    if (!this.#isToken(packet.subarray(0, tokenLength).toString("latin1"))) {
      this.#strangers++;
      return;
    }
    if (this.#isPaused || this.#waiting >= this.#options.mostWaiting) {
      this.#overflow++;
      return;
    }
    const account = this.#sender(`${address}:${port}`, now);
    const number = account.receive(now);
    if (number === undefined) {
      this.#intake.drop();
      return;
    }
    const bytes = packet.subarray(tokenLength);
    const taken = this.#intake.take(bytes, isPacked(bytes), { client: account.name, way: "udp" }, now);
    this.#send(taken, account, number);
  }

  #sender(name: string, now: number): ClientAccount {
    const account = this.#senders.get(name) ?? new ClientAccount(name, this.#options.messagesPerSecond, now);
    this.#senders.delete(name);
    this.#senders.set(name, account);
    if (this.#senders.size > MOST_SENDERS) this.#senders.delete(this.#senders.keys().next().value ?? "");
    return account;
  }

  #send(taken: Taken, account: ClientAccount, number: number): void {
    this.#waiting++;
    this.#options.send(taken, () => {
      this.#waiting--;
      account.acknowledge(number, taken.kind);
      if (this.#isPaused || this.#waiting > this.#options.mostWaiting / 2) return;
      for (const socket of this.#connections.keys()) if (socket.isPaused) socket.resume();
    });
  }

  #tell(socket: WebSocket, told: Told | undefined): void {
    // Who sends without reading the answers misses some of them.
    if (told === undefined || socket.bufferedAmount > MOST_UNREAD_BYTES) return;
    socket.send(JSON.stringify(told), () => undefined);
  }

  #ping(): void {
    for (const [socket, connection] of this.#connections) {
      if (!connection.isAlive && !socket.isPaused) socket.terminate();
      connection.isAlive = false;
      socket.ping(() => undefined);
    }
  }

  /** Hashes have the same length, whatever was shown, and take the same time to compare. */
  #isToken(shown: string): boolean {
    return timingSafeEqual(digest(shown), digest(this.#options.token));
  }
}

function digest(text: string): Buffer {
  return createHash("sha256").update(text).digest();
}

function bytesOf(data: RawData): Uint8Array {
  if (Array.isArray(data)) return Buffer.concat(data);
  return data instanceof ArrayBuffer ? new Uint8Array(data) : data;
}

function respond(response: ServerResponse, status: number, body: object): void {
  const text = `${JSON.stringify(body)}\n`;
  response.writeHead(status, {
    "content-type": "application/json",
    "content-length": Buffer.byteLength(text),
    "x-content-type-options": "nosniff",
  });
  response.end(text);
}

/** An answer in words to who asked for a WebSocket and gets none. */
function refuse(socket: Duplex, status: 401 | 404 | 503, error: string): void {
  const names = { 401: "Unauthorized", 404: "Not Found", 503: "Service Unavailable" };
  const body = `${JSON.stringify({ error })}\n`;
  const asks = status === 401 ? "www-authenticate: Bearer\r\n" : "";
  socket.end(
    `HTTP/1.1 ${status} ${names[status]}\r\nconnection: close\r\ncontent-type: application/json\r\n${asks}` +
      `content-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
}
