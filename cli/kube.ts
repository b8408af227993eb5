/** A small client of the API server: JSON by path, and followed logs. */
import { existsSync, readFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import { request as httpsRequest, type RequestOptions } from "node:https";

import type { KubeConfig } from "@kubernetes/client-node";

import { answerMs } from "../platform/hops/limits.ts";
import { clientCertificateTrouble, renewalWords, serverCertificateTrouble } from "../clusters/certificates.ts";
import type { TargetProfile } from "../clusters/profile.ts";
import { expandHome, readKubeconfig } from "../engine/providers/kubeconfig.ts";
import { UserError, messageOf } from "./errors.ts";
import { lineSplitter } from "./exec.ts";

/** An answer of the API server that is not a success. */
export class KubeError extends Error {
  override readonly name = "KubeError";
  readonly status: number;
  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** What a request may carry beside its path. */
export interface RequestExtras {
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** @default `answerMs` */
  readonly timeoutMs?: number;
}

export interface Kube {
  /** Any request that answers JSON, also to a Service through the API server. */
  ask<T>(method: string, path: string, extras?: RequestExtras): Promise<T>;
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body: unknown): Promise<T>;
  patch<T>(path: string, body: unknown): Promise<T>;
  delete(path: string, body?: unknown): Promise<void>;
  /** Plain text, for logs. */
  text(path: string): Promise<string>;
  /** Calls back for each line of a followed log until it ends or the signal aborts. */
  follow(path: string, onLine: (line: string) => void, signal?: AbortSignal): Promise<void>;
}

/**
 * Connects to the target's cluster.
 * @throws UserError when the kubeconfig or its context is not there.
 */
export function connect(profile: Pick<TargetProfile, "kubeconfig" | "context" | "target">): Kube {
  const fix =
    profile.target === "embedded"
      ? "the embedded cluster is not there; npm run up makes it"
      : "check cluster.context in the stack and $KUBECONFIG";
  if (profile.kubeconfig !== undefined && !existsSync(expandHome(profile.kubeconfig))) {
    throw new UserError(`no kubeconfig at ${profile.kubeconfig}: ${fix}`);
  }
  const config = fromKubeconfig(profile.kubeconfig);
  const names = config.getContexts().map((context) => context.name);
  if (!names.includes(profile.context)) {
    throw new UserError(
      `the kubeconfig has no context "${profile.context}"; it has ${names.length === 0 ? "none" : names.join(", ")}; ${fix}`,
    );
  }
  config.setCurrentContext(profile.context);
  return clientOf(config, renewalWords(profile.target === "embedded"));
}

function fromKubeconfig(given: string | undefined): KubeConfig {
  try {
    return readKubeconfig(given);
  } catch (error) {
    throw new UserError(messageOf(error));
  }
}

/**
 * A client of the current context of a loaded kubeconfig.
 * @param renewal - how its certificates are made anew
 */
export function clientOf(config: KubeConfig, renewal = renewalWords(false)): Kube {
  const server = config.getCurrentCluster()?.server;
  if (server === undefined) throw new UserError("the kubeconfig's context names no cluster");
  const base = new URL(server);
  const ownCertificateTrouble = (): string | undefined => {
    const { certData, certFile } = config.getCurrentUser() ?? {};
    if (certData !== undefined) return clientCertificateTrouble(Buffer.from(certData, "base64").toString());
    return certFile !== undefined && existsSync(certFile)
      ? clientCertificateTrouble(readFileSync(certFile, "utf8"))
      : undefined;
  };

  const open = async (
    method: string,
    path: string,
    body: unknown,
    onData: (chunk: string, status: number) => void,
    limits: Pick<RequestExtras, "timeoutMs" | "headers"> & { signal?: AbortSignal | undefined },
  ): Promise<number> => {
    const options: RequestOptions = {
      method,
      hostname: base.hostname,
      port: base.port,
      path: `${base.pathname.replace(/\/$/, "")}${path}`,
    };
    if (limits.signal !== undefined) options.signal = limits.signal;
    // Named even when there is none: Node's own agent would end a log that is silent for five seconds.
    options.timeout = limits.timeoutMs ?? 0;
    await config.applyToHTTPSOptions(options);
    const payload = body === undefined ? undefined : JSON.stringify(body);
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    return await new Promise<number>((resolve, reject) => {
      const send = base.protocol === "http:" ? httpRequest : httpsRequest;
      const sent = send(options);
      sent.setHeader("accept", "application/json, */*");
      for (const [name, value] of Object.entries(limits.headers ?? {})) sent.setHeader(name, value);
      if (payload !== undefined) {
        sent.setHeader("content-type", type);
        // Without a length Node sends no body with DELETE, and a Job's pods would outlive it.
        sent.setHeader("content-length", Buffer.byteLength(payload));
      }
      sent.on("response", (response) => {
        const status = response.statusCode ?? 0;
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          onData(chunk, status);
        });
        response.on("end", () => {
          resolve(status);
        });
        response.on("error", reject);
      });
      sent.on("timeout", () => {
        sent.destroy(new Error(`no answer within ${(limits.timeoutMs ?? 0) / 1000} s`));
      });
      sent.on("error", (error) => {
        const trouble = serverCertificateTrouble(error) ?? ownCertificateTrouble();
        const why = trouble === undefined ? error.message : `${trouble}; ${renewal}`;
        reject(new KubeError(0, `the API server at ${server} does not answer (${why})`));
      });
      sent.end(payload);
    });
  };

  const whole = async (method: string, path: string, body?: unknown, extras: RequestExtras = {}): Promise<string> => {
    let received = "";
    const status = await open(
      method,
      path,
      body,
      (chunk) => {
        received += chunk;
      },
      { timeoutMs: answerMs, ...extras },
    );
    if (status >= 300) {
      const trouble = status === 401 ? ownCertificateTrouble() : undefined;
      const reason = reasonOf(received) ?? `${method} ${path}: HTTP ${status}`;
      throw new KubeError(status, trouble === undefined ? reason : `${reason}: ${trouble}; ${renewal}`);
    }
    return received;
  };

  return {
    ask: async <T>(method: string, path: string, extras: RequestExtras = {}) =>
      JSON.parse(await whole(method, path, extras.body, extras)) as T,
    get: async <T>(path: string) => JSON.parse(await whole("GET", path)) as T,
    post: async <T>(path: string, body: unknown) => JSON.parse(await whole("POST", path, body)) as T,
    patch: async <T>(path: string, body: unknown) => JSON.parse(await whole("PATCH", path, body)) as T,
    async delete(path, body) {
      try {
        await whole("DELETE", path, body);
      } catch (error) {
        if (!(error instanceof KubeError && error.status === 404)) throw error;
      }
    },
    text: (path) => whole("GET", path),
    async follow(path, onLine, signal) {
      const lines = lineSplitter(onLine);
      let refusal = "";
      const status = await open(
        "GET",
        path,
        undefined,
        (chunk, code) => {
          if (code >= 300) refusal += chunk;
          else lines.push(chunk);
        },
        { signal },
      );
      lines.end();
      if (status >= 300) throw new KubeError(status, reasonOf(refusal) ?? `GET ${path}: HTTP ${status}`);
    },
  };
}

/** The message of a Kubernetes `Status` body. */
function reasonOf(body: string): string | undefined {
  try {
    const { message } = JSON.parse(body) as { message?: unknown };
    return typeof message === "string" ? message : undefined;
  } catch {
    return body === "" ? undefined : body.slice(0, 300);
  }
}

/** Whether the API server answers at all, and if not, why. */
export async function reachable(kube: Kube): Promise<{ ok: true } | { ok: false; why: string }> {
  try {
    await kube.get("/version");
    return { ok: true };
  } catch (error) {
    return { ok: false, why: messageOf(error) };
  }
}
