/** A client of container registries (HTTP API v2), with the logins of this machine. */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import http, { type IncomingMessage } from "node:http";
import https from "node:https";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import tls from "node:tls";
import { describeError } from "../describe-error.ts";
import { dockerLogin, type RegistryLogin } from "./docker-logins.ts";

/** What an image's layers, settings and manifests are named by. */
export interface Descriptor {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

/** A manifest as the registry gave it. */
export interface ManifestText {
  readonly mediaType: string;
  readonly digest: string;
  readonly bytes: Buffer;
}

/** A registry that refuses, or that can't be asked: the message says which, and the way out. */
export class RegistryError extends Error {
  override readonly name = "RegistryError";
}

export interface RegistryOptions {
  /** Finds this machine's login. @default - that of `docker login` */
  readonly login?: (server: string) => Promise<RegistryLogin | undefined>;
  /** Ends what is going on when aborted. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds of silence after which a request is given up. @default 10000 */
  readonly silenceMs?: number;
}

interface Question {
  readonly headers?: Readonly<Record<string, string>>;
  /** What is sent; a stream can be sent once, so its request must be let in at once. */
  readonly body?: Buffer | Readable;
  /** The rights that it takes, in the words of the registry's tokens. */
  readonly scope: string;
  /** @default - that of the client */
  readonly silenceMs?: number;
}

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly stream: IncomingMessage;
}

interface Pass {
  readonly header: string;
  readonly until: number;
}

interface TokenAnswer {
  readonly token?: string;
  readonly access_token?: string;
  /** Seconds. */
  readonly expires_in?: number;
}

const MANIFESTS = [
  "application/vnd.docker.distribution.manifest.v2+json",
  "application/vnd.docker.distribution.manifest.list.v2+json",
  "application/vnd.oci.image.manifest.v1+json",
  "application/vnd.oci.image.index.v1+json",
];
/** A layer's other end may be slow, and a registry checks what it has taken before it answers: milliseconds of silence. */
const BLOB_SILENCE_MS = 120_000;
const REDIRECTS = [301, 302, 303, 307, 308];
const MOST_REDIRECTS = 5;
/** How long a token holds where its registry does not say, in seconds. */
const TOKEN_SECONDS = 60;
/** A token that is about to end is not used any more, in milliseconds. */
const TOKEN_SLACK_MS = 10_000;
const MOST_JSON_BYTES = 8 * 2 ** 20;

export class Registry {
  /** Host with its port, as in the names of images. */
  readonly server: string;
  readonly #options: RegistryOptions;
  readonly #origin: string;
  readonly #agents: { readonly http: http.Agent; readonly https: https.Agent };
  readonly #passes = new Map<string, Pass>();
  #login: Promise<RegistryLogin | undefined> | undefined;

  constructor(server: string, options: RegistryOptions = {}) {
    this.server = server;
    this.#options = options;
    const isLocal = /^(localhost|127\.[0-9.]+)(:|$)/.test(server);
    // Docker's own rule: registries of this machine need no TLS, and no proxy leads to them.
    this.#origin = isLocal ? `http://${server}` : `https://${server === "docker.io" ? "registry-1.docker.io" : server}`;
    const proxies = isLocal ? {} : { proxyEnv: process.env };
    this.#agents = {
      http: new http.Agent({ keepAlive: true, ...proxies }),
      https: new https.Agent({ keepAlive: true, ...proxies, ...(isLocal ? {} : { ca: authorities(server) }) }),
    };
  }

  /** Ends idle connections. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /** Digest of what a tag names; `undefined` when the registry lacks it. @throws RegistryError */
  async digestOf(repository: string, tag: string): Promise<string | undefined> {
    const path = `/v2/${repository}/manifests/${tag}`;
    const answer = await this.#ask("HEAD", path, {
      headers: { accept: MANIFESTS.join(", ") },
      scope: pull(repository),
    });
    answer.stream.resume();
    if (answer.status === 404) return undefined;
    const digest = answer.headers["docker-content-digest"];
    if (answer.status === 200)
      return typeof digest === "string" ? digest : (await this.manifest(repository, tag))?.digest;
    throw new RegistryError(`${this.server} answers ${answer.status} when asked for ${repository}:${tag}`);
  }

  /** The manifest under a tag or a digest; `undefined` when the registry lacks it. @throws RegistryError */
  async manifest(repository: string, reference: string): Promise<ManifestText | undefined> {
    const path = `/v2/${repository}/manifests/${reference}`;
    const answer = await this.#ask("GET", path, { headers: { accept: MANIFESTS.join(", ") }, scope: pull(repository) });
    const bytes = await textOf(answer);
    if (answer.status === 404) return undefined;
    if (answer.status !== 200) throw this.#refused(answer, bytes, `the manifest of ${repository}:${reference}`);
    const { "content-type": type = "" } = answer.headers;
    const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
    const mediaType = type.replace(/;.*/, "").trim();
    if (!MANIFESTS.includes(mediaType)) {
      throw new RegistryError(
        `${this.server} does not answer as a registry does: it gives ${mediaType === "" ? "something" : mediaType} for a manifest`,
      );
    }
    if (reference.startsWith("sha256:") && reference !== digest) {
      throw new RegistryError(
        `${this.server} gives another manifest for ${repository}@${reference}: its digest is ${digest}`,
      );
    }
    return { mediaType, digest, bytes };
  }

  /** A small blob as a whole. @throws RegistryError also when it is not there */
  async smallBlob(repository: string, digest: string): Promise<Buffer> {
    const answer = await this.#ask("GET", `/v2/${repository}/blobs/${digest}`, { scope: pull(repository) });
    const bytes = await textOf(answer);
    if (answer.status !== 200) throw this.#refused(answer, bytes, `${digest} of ${repository}`);
    return bytes;
  }

  /** A blob as it comes. @throws RegistryError also when it is not there */
  async blob(repository: string, digest: string): Promise<Readable> {
    const question = { scope: pull(repository), silenceMs: BLOB_SILENCE_MS };
    const answer = await this.#ask("GET", `/v2/${repository}/blobs/${digest}`, question);
    if (answer.status !== 200) throw this.#refused(answer, await textOf(answer), `${digest} of ${repository}`);
    return answer.stream;
  }

  /** @throws RegistryError */
  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const answer = await this.#ask("HEAD", `/v2/${repository}/blobs/${digest}`, { scope: pushPull(repository) });
    answer.stream.resume();
    if (answer.status === 200 || answer.status === 404) return answer.status === 200;
    throw new RegistryError(`${this.server} answers ${answer.status} when asked for ${digest} of ${repository}`);
  }

  /**
   * Begins to take a blob.
   * @param mounted A blob that another repository of this registry has. @default - its bytes are sent
   * @returns where its bytes go; `undefined`: it was taken from there.
   * @throws RegistryError
   */
  async beginUpload(
    repository: string,
    mounted?: { readonly digest: string; readonly from: string },
  ): Promise<string | undefined> {
    const mount = mounted === undefined ? "" : `?mount=${mounted.digest}&from=${encodeURIComponent(mounted.from)}`;
    const scope = pushPull(repository) + (mounted === undefined ? "" : ` ${pull(mounted.from)}`);
    const path = `/v2/${repository}/blobs/uploads/${mount}`;
    const answer = await this.#ask("POST", path, { body: Buffer.alloc(0), scope });
    const bytes = await textOf(answer);
    if (answer.status === 201) return undefined;
    const { location } = answer.headers;
    if (answer.status !== 202 || location === undefined) throw this.#refused(answer, bytes, `a push to ${repository}`);
    return location;
  }

  /** Begins a push and gives it up. @throws RegistryError when this machine may not push */
  async checkPush(repository: string): Promise<void> {
    const place = await this.beginUpload(repository);
    if (place === undefined) return;
    const answer = await this.#ask("DELETE", place, { scope: pushPull(repository) });
    answer.stream.resume();
  }

  /** Sends the bytes of a blob to the place that {@link beginUpload} answered; the registry checks them. @throws RegistryError */
  async upload(place: string, repository: string, blob: Descriptor, body: Readable): Promise<void> {
    const target = new URL(place, this.#origin);
    target.searchParams.set("digest", blob.digest);
    const headers = { "content-type": "application/octet-stream", "content-length": String(blob.size) };
    const question = { headers, body, scope: pushPull(repository), silenceMs: BLOB_SILENCE_MS };
    const answer = await this.#ask("PUT", target.href, question);
    const bytes = await textOf(answer);
    if (answer.status !== 201) throw this.#refused(answer, bytes, `${blob.digest} for ${repository}`);
  }

  /** Puts a manifest under a tag; its blobs are there already. @throws RegistryError */
  async putManifest(repository: string, tag: string, { mediaType, bytes }: ManifestText): Promise<void> {
    const headers = { "content-type": mediaType, "content-length": String(bytes.length) };
    const path = `/v2/${repository}/manifests/${tag}`;
    const answer = await this.#ask("PUT", path, { headers, body: bytes, scope: pushPull(repository) });
    const text = await textOf(answer);
    if (answer.status !== 201) throw this.#refused(answer, text, `the manifest of ${repository}:${tag}`);
  }

  /** Asks with the login that the registry wants, and goes where it leads. */
  async #ask(method: string, place: string, question: Question): Promise<Answer> {
    const url = new URL(place, this.#origin);
    const streams = question.body !== undefined && !(question.body instanceof Buffer);
    const pass = this.#passes.get(question.scope);
    // A stream can't be sent again, and the request before it has just been let in.
    const holds = pass !== undefined && (streams || pass.until > Date.now()) && url.origin === this.#origin;
    const first = await this.#send(method, url, question, holds ? pass.header : undefined);
    if (first.status !== 401 || streams) return await this.#admitted(first, method, question);
    const bytes = await textOf(first);
    const renewed = await this.#passFor(first.headers["www-authenticate"] ?? "", question.scope);
    if (renewed === undefined) throw await this.#unwelcome(first.status, bytes);
    return await this.#admitted(await this.#send(method, url, question, renewed), method, question);
  }

  async #admitted(answer: Answer, method: string, question: Question): Promise<Answer> {
    if (answer.status === 401 || answer.status === 403)
      throw await this.#unwelcome(answer.status, await textOf(answer));
    const isRead = method === "GET" || method === "HEAD";
    return isRead && REDIRECTS.includes(answer.status) ? await this.#follow(answer, method, question) : answer;
  }

  /** Blobs often lie elsewhere, where the registry's own login must not go. */
  async #follow(answer: Answer, method: string, question: Question): Promise<Answer> {
    let at = new URL(this.#origin);
    let led = answer;
    for (let left = MOST_REDIRECTS; left > 0 && REDIRECTS.includes(led.status); left--) {
      led.stream.resume();
      at = new URL(led.headers.location ?? "", at);
      led = await this.#send(method, at, question, undefined);
    }
    return led;
  }

  /** A header that lets requests of this scope in; `undefined`: there is no way in. */
  async #passFor(challenge: string, scope: string): Promise<string | undefined> {
    const login = await this.login();
    const keep = (header: string, until: number): string => {
      this.#passes.set(scope, { header, until });
      return header;
    };
    if (/^basic/i.test(challenge)) return login === undefined ? undefined : keep(basic(login), Infinity);
    const wanted = new Map([...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", value = ""]) => [key, value]));
    const realm = wanted.get("realm");
    if (!/^bearer/i.test(challenge) || realm === undefined) return undefined;
    const asked = { service: wanted.get("service") ?? "", scope };
    const answer = await this.#token(new URL(realm, this.#origin), asked, login);
    const bytes = await textOf(answer);
    if (answer.status !== 200) throw await this.#unwelcome(answer.status, bytes);
    const given = jsonFrom(this.server, bytes) as TokenAnswer;
    const until = Date.now() + (given.expires_in ?? TOKEN_SECONDS) * 1000 - TOKEN_SLACK_MS;
    return keep(`Bearer ${given.token ?? given.access_token ?? ""}`, until);
  }

  async #token(
    realm: URL,
    { service, scope }: { readonly service: string; readonly scope: string },
    login: RegistryLogin | undefined,
  ): Promise<Answer> {
    const scopes = scope.split(" ");
    if (login !== undefined && "identityToken" in login) {
      const form = new URLSearchParams({ grant_type: "refresh_token", service, client_id: "millrace", scope });
      form.set("refresh_token", login.identityToken);
      const headers = { "content-type": "application/x-www-form-urlencoded" };
      return await this.#send("POST", realm, { headers, body: Buffer.from(form.toString()), scope }, undefined);
    }
    if (service !== "") realm.searchParams.set("service", service);
    for (const one of scopes) realm.searchParams.append("scope", one);
    return await this.#send("GET", realm, { scope }, login === undefined ? undefined : basic(login));
  }

  /** This machine's login for the registry. */
  async login(): Promise<RegistryLogin | undefined> {
    this.#login ??= (this.#options.login ?? dockerLogin)(this.server);
    return await this.#login;
  }

  async #unwelcome(status: number, bytes: Buffer): Promise<RegistryError> {
    const login = await this.login();
    const words = errorWords(bytes);
    const answer = `${status}${words === "" ? "" : `: ${words}`}`;
    return new RegistryError(
      login === undefined
        ? `${this.server} wants a login (${answer}), and this machine has none; run: docker login ${this.server}`
        : `${this.server} refuses the login of "${login.username}" (${answer}); run docker login ${this.server}, or ask for the right`,
    );
  }

  #refused({ status }: Answer, bytes: Buffer, what: string): RegistryError {
    const words = errorWords(bytes);
    return new RegistryError(`${this.server} refuses ${what} (${status}${words === "" ? "" : `: ${words}`})`);
  }

  async #send(method: string, url: URL, question: Question, authorization: string | undefined): Promise<Answer> {
    try {
      return await this.#request(method, url, question, authorization);
    } catch (error) {
      if (this.#options.signal?.aborted === true || error instanceof RegistryError) throw error;
      throw new RegistryError(`${url.host} can't be reached (${describeError(error)})`, { cause: error });
    }
  }

  /** Not by `fetch`, which refuses ports that browsers refuse: 6000, the registry's of a second cluster, is one of them. */
  async #request(method: string, url: URL, question: Question, authorization: string | undefined): Promise<Answer> {
    const { headers, body, silenceMs = this.#options.silenceMs ?? 10_000 } = question;
    const { signal } = this.#options;
    const isSecure = url.protocol === "https:";
    const sent = (isSecure ? https : http).request(url, {
      agent: isSecure ? this.#agents.https : this.#agents.http,
      method,
      headers: {
        "user-agent": "millrace",
        ...(body instanceof Buffer ? { "content-length": String(body.length) } : {}),
        ...headers,
        ...(authorization === undefined ? {} : { authorization }),
      },
      ...(signal === undefined ? {} : { signal }),
    });
    const giveUp = (): void => {
      sent.destroy(new Error(`silent for ${silenceMs / 1000} s`));
    };
    sent.setTimeout(silenceMs, giveUp);
    // Node begins to count when it is connected, which a host that drops what it gets never is.
    const connecting = setTimeout(giveUp, silenceMs);
    const stopCounting = (): void => {
      clearTimeout(connecting);
    };
    sent.on("close", stopCounting).on("socket", (socket) => {
      if (socket.connecting) socket.once("connect", stopCounting);
      else stopCounting();
    });
    const answered = new Promise<IncomingMessage>((resolve, reject) => {
      sent.on("response", resolve);
      sent.on("error", reject);
    });
    const isStream = body !== undefined && !(body instanceof Buffer);
    try {
      if (isStream) await Promise.race([pipeline(body, sent), answered]);
      else sent.end(body);
      const stream = await answered;
      return { status: stream.statusCode ?? 0, headers: stream.headers, stream };
    } catch (error) {
      // The other end has closed a connection that was kept open for the next request.
      if (!sent.reusedSocket || isStream || signal?.aborted === true) throw error;
      return await this.#request(method, url, question, authorization);
    }
  }
}

/** @throws RegistryError naming the server when it is no JSON */
export function jsonFrom(server: string, bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    throw new RegistryError(`${server} does not answer as a registry does: what it says is not JSON`);
  }
}

const pull = (repository: string): string => `repository:${repository}:pull`;
const pushPull = (repository: string): string => `repository:${repository}:pull,push`;

function basic(login: RegistryLogin): string {
  const secret = "password" in login ? login.password : login.identityToken;
  return `Basic ${Buffer.from(`${login.username}:${secret}`).toString("base64")}`;
}

async function textOf({ stream }: Answer): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > MOST_JSON_BYTES) throw new RegistryError("a registry's answer is larger than any manifest");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What a registry says itself of an error; empty when it says nothing in its own form. */
function errorWords(bytes: Buffer): string {
  try {
    const said = JSON.parse(bytes.toString("utf8")) as {
      errors?: readonly { readonly code?: string; readonly message?: string }[];
      details?: string;
    };
    const [first] = said.errors ?? [];
    return first?.message ?? first?.code ?? said.details ?? "";
  } catch {
    return "";
  }
}

/** Where Docker looks for the authority of one registry. */
const CERTIFICATES = "/etc/docker/certs.d";

/** Whom a registry's certificate may come from: what Node trusts, what this machine trusts, and what Docker does for it. */
function authorities(server: string): string[] {
  const own = join(CERTIFICATES, server, "ca.crt");
  return [
    ...tls.getCACertificates("default"),
    ...tls.getCACertificates("system"),
    ...(existsSync(own) ? [readFileSync(own, "utf8")] : []),
  ];
}
