/** The cluster's API, as a pod's own account asks it. */
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";

const ACCOUNT_FOLDER = "/var/run/secrets/kubernetes.io/serviceaccount";
/** Time until the first byte of an answer, in ms. */
const ANSWER_MS = 30_000;
/** A connection on which nothing comes is asked whether it still is one, in ms. */
const ALIVE_MS = 30_000;

/** An answer that is no success. */
export class KubeRefusal extends Error {
  override readonly name = "KubeRefusal";
  readonly status: number;

  constructor(status: number, words: string) {
    super(words);
    this.status = status;
  }
}

export interface KubeApiOptions {
  /** @default "https://kubernetes.default.svc" */
  readonly url?: string;
  /** File with the account's token. @default - where Kubernetes mounts it */
  readonly tokenFile?: string;
}

export class KubeApi {
  readonly #url: string;
  readonly #tokenFile: string;

  constructor({ url = "https://kubernetes.default.svc", tokenFile = `${ACCOUNT_FOLDER}/token` }: KubeApiOptions = {}) {
    this.#url = url;
    this.#tokenFile = tokenFile;
  }

  /** @throws KubeRefusal when the answer is no success, Error when there is none */
  async json(path: string, signal: AbortSignal): Promise<unknown> {
    const chunks: Buffer[] = [];
    for await (const chunk of await this.stream(path, signal)) chunks.push(chunk as Buffer);
    return JSON.parse(Buffer.concat(chunks).toString("utf8"));
  }

  /**
   * An answer that goes on until one of both ends it.
   * @param answerMs Time until the head of it comes, in ms. @default 30000
   * @throws as `json`
   */
  async stream(path: string, signal: AbortSignal, answerMs = ANSWER_MS): Promise<IncomingMessage> {
    // The token is renewed in its file.
    const token = (await readFile(this.#tokenFile, "utf8")).trim();
    const url = new URL(path, this.#url);
    const send = url.protocol === "https:" ? httpsRequest : httpRequest;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = send(
      url,
      { signal, agent: false, timeout: answerMs, headers: { authorization: `Bearer ${token}` } },
      resolve,
    );
    request.on("timeout", () => request.destroy(new Error("the API server does not answer in time")));
    request.on("error", reject);
    request.on("socket", (socket) => {
      socket.setKeepAlive(true, ALIVE_MS);
    });
    request.end();
    const response = await promise;
    request.setTimeout(0);
    const { statusCode = 0 } = response;
    if (statusCode === 200) return response;
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    throw new KubeRefusal(statusCode, messageIn(Buffer.concat(chunks).toString("utf8"), statusCode));
  }
}

function messageIn(body: string, status: number): string {
  try {
    const { message } = JSON.parse(body) as { readonly message?: string };
    if (message !== undefined) return message;
  } catch {
    // It is no answer of Kubernetes.
  }
  return `HTTP ${status}: ${body.slice(0, 200)}`;
}
