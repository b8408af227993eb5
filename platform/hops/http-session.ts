/**
 * HTTP as a browser speaks it: cookies are kept, redirects are the caller's. Node's own `fetch` can't be used for this: it
 * marks each request as a script's, and JupyterHub gives a script no cookie for its login form.
 */
import { request as httpRequest } from "node:http";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { describeError } from "./errors.ts";
import { HopFailure } from "./hop.ts";
import { answerMs } from "./limits.ts";

export interface Answer {
  readonly status: number;
  /** Of the `Location` header, where there is one: path and query. */
  readonly location: string | undefined;
  readonly text: string;
}

export interface RequestParts {
  /** `cookie` is sent instead of the session's own. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as a form. */
  readonly form?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
  /** Told of each line as it comes, for answers that end late. */
  readonly onLine?: (line: string) => void;
}

export interface SessionOptions {
  /** What is spoken to, for messages: "Airflow". */
  readonly service: string;
  /** `http://host:port` */
  readonly url: string;
  /** Time that an answer has, in ms, from the last byte of it. @default `answerMs` */
  readonly timeoutMs?: number;
}

interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
}

export class HttpSession {
  readonly #base: URL;
  readonly #options: SessionOptions;
  readonly #cookies = new Map<string, Cookie>();

  constructor(options: SessionOptions) {
    this.#base = new URL(options.url);
    this.#options = options;
  }

  /** `Airflow at http://host:port`, for messages. */
  get where(): string {
    return `${this.#options.service} at ${this.#options.url}`;
  }

  /** Value of a cookie that a request to `path` would carry. */
  cookie(name: string, path: string): string | undefined {
    return this.#cookiesFor(path)
      .find((cookie) => cookie.name === name)
      ?.value.replaceAll('"', "");
  }

  /** @throws {Error} when nothing answers; any status is an answer */
  async send(method: string, path: string, parts: RequestParts = {}): Promise<Answer> {
    try {
      return await this.#send(method, path, parts);
    } catch (error) {
      throw new Error(`${this.where} can't be reached: ${describeError(error)}`, { cause: error });
    }
  }

  async #send(method: string, path: string, { headers, json, form, signal, onLine }: RequestParts): Promise<Answer> {
    const body = json === undefined ? form && new URLSearchParams(form).toString() : JSON.stringify(json);
    const type = json === undefined ? "application/x-www-form-urlencoded" : "application/json";
    const cookies = this.#cookiesFor(path).map(({ name, value }) => `${name}=${value}`);
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const send = this.#base.protocol === "https:" ? httpsRequest : httpRequest;
    const request = send(
      new URL(path, this.#base),
      {
        method,
        timeout: this.#options.timeoutMs ?? answerMs,
        // A connection that a restarted server has closed would fail the next request.
        agent: false,
        ...(signal === undefined ? {} : { signal }),
        headers: {
          ...(body === undefined ? {} : { "content-type": type, "content-length": String(Buffer.byteLength(body)) }),
          ...(cookies.length === 0 ? {} : { cookie: cookies.join("; ") }),
          ...headers,
        },
      },
      resolve,
    );
    request.on("timeout", () => request.destroy(new Error("it does not answer in time")));
    request.on("error", reject);
    request.end(body);
    const response = await promise;
    for (const line of response.headers["set-cookie"] ?? []) this.#keep(line, path);
    const location = response.headers.location;
    const target = location === undefined ? undefined : new URL(location, new URL(path, this.#base));
    return {
      status: response.statusCode ?? 0,
      location: target && `${target.pathname}${target.search}`,
      text: await textOf(response, onLine),
    };
  }

  #cookiesFor(path: string): Cookie[] {
    return [...this.#cookies.values()]
      .filter((cookie) => `${path.split("?")[0] ?? ""}/`.startsWith(cookie.path.replace(/\/?$/, "/")))
      .sort((left, right) => right.path.length - left.path.length);
  }

  #keep(line: string, requestPath: string): void {
    const [pair = "", ...attributes] = line.split(";").map((part) => part.trim());
    const [name = "", ...rest] = pair.split("=");
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? requestPath.replace(/\/[^/]*$/, "/");
    // Quotes are part of a value: it is sent back as it came.
    const value = rest.join("=");
    if (["", '""'].includes(value) || attributes.some(isPast)) this.#cookies.delete(`${name} ${path}`);
    else this.#cookies.set(`${name} ${path}`, { name, value, path });
  }
}

/** Whether an attribute of a cookie says that it is over: how servers take one back. */
function isPast(attribute: string): boolean {
  if (/^max-age=(0|-\d+)$/i.test(attribute)) return true;
  const [, date] = /^expires=(.+)$/i.exec(attribute) ?? [];
  return date !== undefined && Date.parse(date) < Date.now();
}

async function textOf(response: IncomingMessage, onLine: ((line: string) => void) | undefined): Promise<string> {
  response.setEncoding("utf8");
  let text = "";
  let rest = "";
  for await (const chunk of response) {
    text += String(chunk);
    const lines = (rest + String(chunk)).split("\n");
    rest = lines.pop() ?? "";
    if (onLine !== undefined) lines.forEach(onLine);
  }
  if (onLine !== undefined && rest !== "") onLine(rest);
  return text;
}

/** What a server that answers in HTML or JSON says went wrong, in a line. */
export function wordsOfAnswer({ status, text }: Pick<Answer, "status" | "text">): string {
  const plain = jsonMessage(text) ?? text.replaceAll(/<(script|style)[^]*?<\/\1>|<[^>]*>/g, " ");
  const words = plain.replaceAll(/\s+/g, " ").trim().slice(0, 200);
  return words === "" ? `status ${status}` : `status ${status}: ${words}`;
}

function jsonMessage(text: string): string | undefined {
  try {
    const value = JSON.parse(text) as {
      readonly detail?: unknown;
      readonly message?: unknown;
      readonly error?: unknown;
    };
    const said = value.detail ?? value.message ?? value.error;
    return said === undefined ? undefined : typeof said === "string" ? said : JSON.stringify(said);
  } catch {
    return undefined;
  }
}

/** A status that no second try changes: the request or the account is wrong, not the moment. */
export function refusedForGood(status: number): boolean {
  return status >= 400 && status < 500 && ![404, 408, 409, 429].includes(status);
}

/** @throws {HopFailure} when the answer is a refusal for good, an error to try again when it is another failure */
export function mustSucceed(answer: Answer, what: string): Answer {
  if (answer.status < 300) return answer;
  const words = `${what}: ${wordsOfAnswer(answer)}`;
  throw refusedForGood(answer.status) ? new HopFailure(words) : new Error(words);
}
