/**
 * The one client of the Kubernetes API, for the engine, the CLI and what asks after a cluster: text and JSON by path,
 * followed logs, and one place for credentials, time-outs and retries. `@kubernetes/client-node` reads the kubeconfig
 * and gives a request its credentials. Its own calls are not used: they drop every field that their release does not
 * know, so the engine would see changes where there are none, and they neither retry nor give up a silent server.
 */
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";

import type { KubeConfig } from "@kubernetes/client-node";

import { clientCertificateTrouble, renewalWords, serverCertificateTrouble } from "./certificates.ts";

/** An answer of the API server that is not a success, or none at all. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  /** HTTP status; 0: nobody answered, and whether the request was carried out is not known. */
  readonly status: number;
  /** What is wrong with the certificates, with the way out; `undefined`: nothing that can be told. */
  readonly certificateTrouble: string | undefined;

  constructor(status: number, message: string, certificateTrouble?: string, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
    this.certificateTrouble = certificateTrouble;
  }
}

/** Nobody answered. */
export class KubeSilenceError extends KubeError {
  /** Why, in words. */
  readonly why: string;

  constructor(server: string, why: string, certificateTrouble: string | undefined, cause: unknown) {
    super(0, `the API server at ${server} does not answer (${why})`, certificateTrouble, { cause });
    this.why = why;
  }
}

/** The kubeconfig's credentials can't be used; trying again does not help. */
export class KubeconfigError extends Error {
  override readonly name = "KubeconfigError";

  constructor(cause: unknown) {
    super(`the kubeconfig can't be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

export interface KubernetesClientOptions {
  /** A silent server is given up after this, in milliseconds. */
  readonly timeoutMs: number;
  /**
   * Whether a request is tried again while the server is busy (429, 5xx) or silent, and connections are kept for the
   * next request.
   * @default false
   */
  readonly patient?: boolean;
  /** Whether the words of a refusal begin with the request. @default false */
  readonly namesRequests?: boolean;
  /** How the cluster's certificates are made anew. @default - as on a cluster that is not ours */
  readonly renewal?: string;
}

/** What a request may carry beside its path. */
export interface RequestExtras {
  /** Sent as JSON. */
  readonly body?: unknown;
  /** @default application/json; for PATCH a merge patch */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** In milliseconds; 0: for ever. @default - the client's */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
  /** @default - as the client */
  readonly patient?: boolean;
}

interface Answer {
  readonly status: number;
  readonly text: string;
  readonly retryAfterMs: number;
}

const retriedStatus = new Set([429, 500, 502, 503, 504]);
/** A server that was never reached is given up after this. */
const unreachableAfterMs = 15_000;
/** One that has answered before, or says that it is busy, is given up after this. */
const silentAfterMs = 40_000;
const leastAttempts = 8;
/** A server that asks for more patience than this is asked again all the same. */
const longestRetryAfterMs = 30_000;

/** Whether the server is silent or busy, so that the same question may be answered later. */
export function isAway(error: unknown): boolean {
  return error instanceof KubeError && (error.status === 0 || retriedStatus.has(error.status));
}

export class KubernetesClient {
  readonly server: string;
  readonly #config: KubeConfig;
  readonly #timeoutMs: number;
  readonly #isPatient: boolean;
  readonly #namesRequests: boolean;
  readonly #renewal: string;
  #agent: http.Agent | https.Agent | undefined;
  #hasAnswered = false;

  /**
   * A client of the kubeconfig's current context.
   * @throws Error when the context names no cluster.
   */
  constructor(config: KubeConfig, options: KubernetesClientOptions) {
    const cluster = config.getCurrentCluster();
    if (cluster === null) throw new Error("the kubeconfig's context names no cluster");
    this.server = cluster.server;
    this.#config = config;
    this.#timeoutMs = options.timeoutMs;
    this.#isPatient = options.patient ?? false;
    this.#namesRequests = options.namesRequests ?? false;
    this.#renewal = options.renewal ?? renewalWords(false);
  }

  /** Ends the connections that are kept. */
  close(): void {
    this.#agent?.destroy();
  }

  /** The body of a successful answer. @throws KubeError for any other, or none. */
  async text(method: string, path: string, extras: RequestExtras = {}): Promise<string> {
    const { status, text } =
      (extras.patient ?? this.#isPatient)
        ? await this.#insist(method, path, extras)
        : await this.#ask(method, path, extras);
    if (status < 300) return text;
    const trouble = status === 401 ? this.#withRenewal(this.#ownCertificateTrouble()) : undefined;
    const words = this.#refusalWords(`${method} ${path.split("?")[0] ?? path}`, status, text);
    throw new KubeError(status, trouble === undefined ? words : `${words}: ${trouble}`, trouble);
  }

  /** The JSON of a successful answer. @throws KubeError for any other, or none. */
  async json<T>(method: string, path: string, extras: RequestExtras = {}): Promise<T> {
    return JSON.parse(await this.text(method, path, extras)) as T;
  }

  /** Hands on the body of a successful answer piece by piece until it ends, however long it is silent in between. */
  async follow(path: string, onText: (piece: string) => void, signal?: AbortSignal): Promise<void> {
    const { status, text } = await this.#ask("GET", path, { timeoutMs: 0, signal }, onText);
    if (status >= 300) throw new KubeError(status, this.#refusalWords(`GET ${path}`, status, text));
  }

  async #insist(method: string, path: string, extras: RequestExtras): Promise<Answer> {
    const started = Date.now();
    for (let attempt = 0; ; attempt++) {
      const wait = Math.min(250 * 2 ** attempt, 4_000) * (0.75 + Math.random() / 2);
      let answer: Answer;
      try {
        answer = await this.#ask(method, path, extras);
      } catch (error) {
        const isSilent = error instanceof KubeSilenceError;
        const giveUpMs = this.#hasAnswered ? silentAfterMs : unreachableAfterMs;
        if (!isSilent || Date.now() - started + wait > giveUpMs) throw error;
        await sleep(wait);
        continue;
      }
      const isOver = attempt + 1 >= leastAttempts && Date.now() - started > silentAfterMs;
      if (!retriedStatus.has(answer.status) || isOver) return answer;
      await sleep(Math.max(wait, Math.min(answer.retryAfterMs, longestRetryAfterMs)));
    }
  }

  /** One exchange. A refusal is an answer too; with `onText` its body alone is kept. */
  async #ask(method: string, path: string, extras: RequestExtras, onText?: (piece: string) => void): Promise<Answer> {
    const timeoutMs = extras.timeoutMs ?? this.#timeoutMs;
    const options: https.RequestOptions = { method, headers: { accept: "application/json, */*", ...extras.headers } };
    // Named even when there is none: Node's own agent would end a log that is silent for five seconds.
    options.timeout = timeoutMs;
    if (extras.signal !== undefined) options.signal = extras.signal;
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new KubeconfigError(error);
    }
    // What is followed has a connection of its own: the kept ones are for requests that end.
    if (this.#isPatient && onText === undefined) options.agent = this.#keptAgent(options);
    const payload = extras.body === undefined ? undefined : JSON.stringify(extras.body);
    const url = new URL(this.server.replace(/\/$/, "") + path);
    return await new Promise<Answer>((resolve, reject) => {
      const fail = (error: Error): void => {
        reject(this.#silence(error));
      };
      const send = url.protocol === "http:" ? http.request : https.request;
      const sent = send(url, options, (response) => {
        const { statusCode: status = 0, headers } = response;
        this.#hasAnswered = true;
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          if (onText !== undefined && status < 300) onText(piece);
          else text += piece;
        });
        response.on("end", () => {
          resolve({ status, text, retryAfterMs: Number(headers["retry-after"] ?? 0) * 1000 || 0 });
        });
        response.on("error", fail);
      });
      sent.on("error", fail);
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${timeoutMs / 1000} s`)));
      if (payload !== undefined) {
        const byMethod = method === "PATCH" ? "application/merge-patch+json" : "application/json";
        sent.setHeader("content-type", extras.contentType ?? byMethod);
        // Without a length Node sends no body with DELETE, and a Job's pods would outlive it.
        sent.setHeader("content-length", Buffer.byteLength(payload));
      }
      sent.end(payload);
    });
  }

  /** The library's agents keep no connection; a proxy is known to them only. */
  #keptAgent(options: https.RequestOptions): http.Agent | https.Agent {
    const { agent } = options;
    if (this.#config.getCurrentCluster()?.proxyUrl !== undefined && agent instanceof http.Agent) return agent;
    const kept = { keepAlive: true, maxSockets: 64 };
    this.#agent ??= this.server.startsWith("http:")
      ? new http.Agent(kept)
      : new https.Agent({ ...kept, ...pickTls(options) });
    return this.#agent;
  }

  #refusalWords(request: string, status: number, text: string): string {
    const reason = reasonOf(text);
    return reason === undefined || this.#namesRequests ? `${request}: ${reason ?? `HTTP ${status}`}` : reason;
  }

  #silence(error: Error): KubeSilenceError {
    const trouble = this.#withRenewal(serverCertificateTrouble(error) ?? this.#ownCertificateTrouble());
    const plain = error.message || String((error as NodeJS.ErrnoException).code);
    return new KubeSilenceError(this.server, trouble ?? plain, trouble, error);
  }

  #withRenewal(trouble: string | undefined): string | undefined {
    return trouble && `${trouble}; ${this.#renewal}`;
  }

  #ownCertificateTrouble(): string | undefined {
    const { certData, certFile } = this.#config.getCurrentUser() ?? {};
    if (certData !== undefined) return clientCertificateTrouble(Buffer.from(certData, "base64").toString());
    if (certFile === undefined || !existsSync(certFile)) return undefined;
    return clientCertificateTrouble(readFileSync(certFile, "utf8"));
  }
}

function pickTls(options: https.RequestOptions): https.AgentOptions {
  const { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername } = options;
  const given = { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername };
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}

/** The message of a Kubernetes `Status` body, or what was sent in its place. */
function reasonOf(body: string): string | undefined {
  try {
    const parsed = JSON.parse(body) as { readonly message?: unknown } | null;
    return typeof parsed?.message === "string" ? parsed.message : undefined;
  } catch {
    return body === "" ? undefined : body.slice(0, 300);
  }
}
