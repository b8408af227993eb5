/** A small client of the Kubernetes API: any kind, by discovery, with retries; no throttling of its own. */

import http from "node:http";
import https from "node:https";
import { setTimeout as sleep } from "node:timers/promises";
import type { KubeConfig } from "@kubernetes/client-node";
import { NoAnswerError } from "../provider.ts";
import { isObject, type Props } from "../values.ts";
import { readKubeconfig } from "./kubeconfig.ts";

export class ApiError extends Error {
  /** HTTP status. */
  readonly code: number;
  readonly body: Props;

  constructor(code: number, body: Props, what: string) {
    super(`${what}: ${typeof body["message"] === "string" ? body["message"] : `HTTP ${code}`}`);
    this.name = "ApiError";
    this.code = code;
    this.body = body;
  }
}

/** The kubeconfig's credentials can't be used; trying again does not help. */
class KubeconfigError extends Error {
  constructor(cause: unknown) {
    super(`the kubeconfig can't be used: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
    this.name = "KubeconfigError";
  }
}

/** The cluster has no such kind of object. */
export class UnknownKindError extends Error {
  override readonly name = "UnknownKindError";
}

type Body = Props | readonly Props[];

interface Kind {
  readonly plural: string;
  readonly namespaced: boolean;
}

export interface Reference {
  readonly apiVersion: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

const retriedStatus = new Set([429, 500, 502, 503, 504]);
const requestTimeoutMs = 15_000;
/** A server that was never reached is given up after this. */
const unreachableAfterMs = 15_000;
/** One that has answered before, or says that it is busy, is given up after this. */
const silentAfterMs = 40_000;
const leastAttempts = 8;
/** A server that asks for more patience than this is asked again all the same. */
const longestRetryAfterMs = 30_000;

/** What `ask` gives, or `otherwise` while the server is silent or busy: whoever waits anyway asks again. */
export async function unlessAway<T>(ask: () => Promise<T>, otherwise: T): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof NoAnswerError || (error instanceof ApiError && retriedStatus.has(error.code))) {
      return otherwise;
    }
    throw error;
  }
}

export class KubernetesApi {
  readonly server: string;
  readonly #config: KubeConfig;
  #agent: http.Agent | https.Agent | undefined;
  #hasAnswered = false;
  readonly #discovered = new Map<string, Promise<Map<string, Kind>>>();

  constructor(kubeconfig: string | undefined, context: string | undefined) {
    this.#config = loadConfig(kubeconfig, context);
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null) {
      throw new Error(
        `the kubeconfig has no usable context${context === undefined ? "" : ` "${context}"`}; it has: ` +
          (this.#config
            .getContexts()
            .map((entry) => entry.name)
            .join(", ") || "none"),
      );
    }
    this.server = cluster.server;
  }

  close(): void {
    this.#agent?.destroy();
  }

  /** The path of an object, or of its collection when `name` is empty. */
  async path(reference: Reference): Promise<string> {
    const { apiVersion, kind, name, namespace } = reference;
    const found = await this.kind(apiVersion, kind);
    const root = apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
    const scope = found.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : "";
    return `${root}${scope}/${found.plural}${name === "" ? "" : `/${name}`}`;
  }

  /** Plural name and scope of a kind; waits a little for a kind whose definition was made a moment ago. */
  async kind(apiVersion: string, kind: string): Promise<Kind> {
    for (let attempt = 0; ; attempt++) {
      let kinds = this.#discovered.get(apiVersion);
      if (kinds === undefined) {
        kinds = this.#discover(apiVersion);
        this.#discovered.set(apiVersion, kinds);
      }
      const known = await kinds.catch((error: unknown) => {
        this.#discovered.delete(apiVersion);
        throw error;
      });
      const found = known.get(kind);
      if (found !== undefined) {
        return found;
      }
      this.#discovered.delete(apiVersion);
      if (attempt >= 10) {
        throw new UnknownKindError(
          `the cluster does not know the kind ${kind} of ${apiVersion}; is its CustomResourceDefinition installed?`,
        );
      }
      await sleep(500);
    }
  }

  async #discover(apiVersion: string): Promise<Map<string, Kind>> {
    const answer = await this.get(apiVersion.includes("/") ? `/apis/${apiVersion}` : `/api/${apiVersion}`);
    const kinds = new Map<string, Kind>();
    for (const entry of Array.isArray(answer?.["resources"]) ? (answer["resources"] as unknown[]) : []) {
      if (
        isObject(entry) &&
        typeof entry["name"] === "string" &&
        typeof entry["kind"] === "string" &&
        !entry["name"].includes("/")
      ) {
        kinds.set(entry["kind"], { plural: entry["name"], namespaced: entry["namespaced"] === true });
      }
    }
    return kinds;
  }

  /** `undefined` when there is no such object. */
  async get(path: string): Promise<Props | undefined> {
    try {
      return await this.request("GET", path);
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) {
        return undefined;
      }
      throw error;
    }
  }

  async list(path: string, query: Readonly<Record<string, string>> = {}): Promise<Props[]> {
    const search = new URLSearchParams(query).toString();
    const answer = await this.get(search === "" ? path : `${path}?${search}`);
    return Array.isArray(answer?.["items"]) ? (answer["items"] as Props[]) : [];
  }

  apply(path: string, object: Props, manager: string, force: boolean): Promise<Props> {
    const query = new URLSearchParams({ fieldManager: manager, force: String(force), fieldValidation: "Strict" });
    return this.request("PATCH", `${path}?${query.toString()}`, object, "application/apply-patch+yaml");
  }

  /** A JSON patch: all of its operations, or none. */
  patch(path: string, operations: readonly Props[]): Promise<Props> {
    return this.request("PATCH", path, operations, "application/json-patch+json");
  }

  /** A merge patch. */
  merge(path: string, change: Props): Promise<Props> {
    return this.request("PATCH", path, change, "application/merge-patch+json");
  }

  delete(path: string, options: Props): Promise<Props> {
    return this.request("DELETE", path, options);
  }

  /** The end of a container's log; empty when there is none. */
  async log(namespace: string, pod: string, container: string, previous: boolean, lines: number): Promise<string> {
    const query = new URLSearchParams({ container, previous: String(previous), tailLines: String(lines) });
    try {
      const { text } = await this.#send("GET", `/api/v1/namespaces/${namespace}/pods/${pod}/log?${query.toString()}`);
      return text.trim();
    } catch {
      return "";
    }
  }

  async request(method: string, path: string, body?: Body, contentType = "application/json"): Promise<Props> {
    const started = Date.now();
    for (let attempt = 0; ; attempt++) {
      const wait = Math.min(250 * 2 ** attempt, 4_000) * (0.75 + Math.random() / 2);
      try {
        const { status, text, retryAfterMs } = await this.#send(method, path, body, contentType);
        this.#hasAnswered = true;
        const answer = parseBody(text);
        if (status < 300) {
          return answer;
        }
        const isOver = attempt + 1 >= leastAttempts && Date.now() - started > silentAfterMs;
        if (!retriedStatus.has(status) || isOver) {
          throw new ApiError(status, answer, `${method} ${path.split("?")[0] ?? path}`);
        }
        await sleep(Math.max(wait, Math.min(retryAfterMs, longestRetryAfterMs)));
      } catch (error) {
        if (error instanceof ApiError || error instanceof KubeconfigError) {
          throw error;
        }
        if (Date.now() - started + wait > (this.#hasAnswered ? silentAfterMs : unreachableAfterMs)) {
          const reason =
            error instanceof Error ? error.message || String((error as NodeJS.ErrnoException).code) : String(error);
          throw new NoAnswerError(`the Kubernetes API server ${this.server} can't be reached: ${reason}`, {
            cause: error,
          });
        }
        await sleep(wait);
      }
    }
  }

  async #send(method: string, path: string, body?: Body, contentType = "application/json") {
    const url = new URL(this.server.replace(/\/$/, "") + path);
    const options: https.RequestOptions = { method, headers: { Accept: "application/json" } };
    try {
      await this.#config.applyToHTTPSOptions(options);
    } catch (error) {
      throw new KubeconfigError(error);
    }
    this.#agent ??=
      url.protocol === "http:"
        ? new http.Agent({ keepAlive: true, maxSockets: 64 })
        : new https.Agent({
            keepAlive: true,
            maxSockets: 64,
            ...pickTls(options),
          });
    const text = body === undefined ? undefined : JSON.stringify(body);
    const headers: http.OutgoingHttpHeaders = { ...(options.headers as http.OutgoingHttpHeaders) };
    if (text !== undefined) {
      headers["Content-Type"] = contentType;
      headers["Content-Length"] = Buffer.byteLength(text);
    }
    const agent = this.#agent;
    return new Promise<{ status: number; text: string; retryAfterMs: number }>((resolve, reject) => {
      const send = url.protocol === "http:" ? http.request : https.request;
      const request = send(url, { method, headers, agent, timeout: requestTimeoutMs }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          const retryAfterMs = Number(response.headers["retry-after"] ?? 0) * 1000 || 0;
          resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8"), retryAfterMs });
        });
      });
      request.on("error", reject);
      request.on("timeout", () => request.destroy(new Error(`no answer within ${requestTimeoutMs / 1000} s`)));
      request.end(text);
    });
  }
}

function pickTls(options: https.RequestOptions): https.AgentOptions {
  const tls: https.AgentOptions = {};
  for (const key of ["ca", "cert", "key", "pfx", "passphrase", "rejectUnauthorized", "servername"] as const) {
    if (options[key] !== undefined) {
      Object.assign(tls, { [key]: options[key] });
    }
  }
  return tls;
}

function parseBody(text: string): Props {
  try {
    const parsed: unknown = JSON.parse(text);
    return isObject(parsed) ? parsed : { message: text };
  } catch {
    return { message: text.slice(0, 500) };
  }
}

function loadConfig(kubeconfig: string | undefined, context: string | undefined): KubeConfig {
  const config = readKubeconfig(kubeconfig);
  if (context !== undefined && context !== "") {
    config.setCurrentContext(context);
  }
  return config;
}
