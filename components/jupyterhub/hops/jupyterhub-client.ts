/** A small client of JupyterHub: the login form as a browser sends it, then the REST API of the hub and of a server. */
import { z } from "zod";
import { HopFailure } from "../../../platform/hops/hop.ts";
import { HttpSession, mustSucceed, wordsOfAnswer } from "../../../platform/hops/http-session.ts";
import type { Answer, RequestParts } from "../../../platform/hops/http-session.ts";
import { openKernel } from "./kernel.ts";
import type { Kernel } from "./kernel.ts";

export interface JupyterHubOptions {
  /** `http://host:port` of the proxy. */
  readonly url: string;
  readonly user: string;
  readonly password: string;
  /** Says what the token was made for, in the hub's list of tokens. */
  readonly note: string;
}

const tokenShape = z.looseObject({ id: z.string(), token: z.string().min(1) });
const userShape = z.looseObject({
  name: z.string(),
  servers: z
    .record(
      z.string(),
      z.looseObject({ ready: z.boolean(), pending: z.string().nullable(), stopped: z.boolean().default(false) }),
    )
    .default({}),
});
const eventShape = z.looseObject({
  message: z.string().default(""),
  ready: z.boolean().default(false),
  failed: z.boolean().default(false),
});
const kernelShape = z.looseObject({ id: z.string() });

/** Seconds that a token is good for: longer than any proof. */
const tokenSeconds = 3600;

export type ProgressEvent = z.infer<typeof eventShape>;

export class JupyterHubClient {
  readonly #options: JupyterHubOptions;
  readonly #http: HttpSession;
  #token: z.infer<typeof tokenShape> | undefined;

  constructor(options: JupyterHubOptions) {
    this.#options = options;
    this.#http = new HttpSession({ service: "JupyterHub", url: options.url });
  }

  get where(): string {
    return this.#http.where;
  }

  /** Whether {@link logIn} has succeeded. */
  get isLoggedIn(): boolean {
    return this.#token !== undefined;
  }

  /**
   * Sends the login form, makes sure that the hub takes us for the user, and gets a token for the rest.
   * @throws {HopFailure} when the account is refused; other errors when the hub is away
   */
  async logIn(signal?: AbortSignal): Promise<void> {
    const { user, password, note } = this.#options;
    const page = await this.#http.send("GET", "/hub/login", { signal });
    if (page.status !== 200) throw new Error(`${this.where} shows no login form: ${wordsOfAnswer(page)}`);
    if (!/<input[^>]*name="password"/.test(page.text)) {
      throw new HopFailure(`${this.where} has no form for a name and a password`);
    }
    const form = { username: user, password, _xsrf: this.#http.cookie("_xsrf", "/hub/login") ?? "" };
    const answer = await this.#http.send("POST", "/hub/login", { form, signal });
    if (answer.status >= 500) throw new Error(`${this.where} takes no login: ${wordsOfAnswer(answer)}`);
    // A wrong password is answered by the form again, with whatever status: only the hub's own word counts.
    const path = "/hub/api/user";
    const seen = await this.#http.send("GET", path, { signal, headers: this.#xsrf(path) });
    if (answer.status !== 302 || seen.status !== 200 || userShape.parse(JSON.parse(seen.text)).name !== user) {
      throw new HopFailure(
        `${this.where} refuses the login of "${user}": ${wordsOfRefusal(answer)}; the password is wrong, ` +
          "there is no such account, or too many wrong passwords were tried",
      );
    }
    const tokens = `/hub/api/users/${user}/tokens`;
    const json = { note, expires_in: tokenSeconds };
    const made = await this.#http.send("POST", tokens, { json, signal, headers: this.#xsrf(tokens) });
    this.#token = tokenShape.parse(JSON.parse(mustSucceed(made, `${this.where} gives no token`).text));
  }

  /** Takes the token back. */
  async logOut(signal?: AbortSignal): Promise<void> {
    if (this.#token === undefined) return;
    const path = `/hub/api/users/${this.#options.user}/tokens/${this.#token.id}`;
    const answer = await this.#call("DELETE", path, { signal });
    this.#token = undefined;
    if (answer.status !== 404) mustSucceed(answer, `${this.where}: the token can't be taken back`);
  }

  /** State of the user's server; `undefined`: there is none. */
  async server(
    signal?: AbortSignal,
  ): Promise<{ readonly isReady: boolean; readonly pending: string | null } | undefined> {
    const answer = await this.#call("GET", `/hub/api/users/${this.#options.user}`, { signal });
    const { servers } = userShape.parse(JSON.parse(mustSucceed(answer, this.where).text));
    const server = servers[""];
    // A hub may list a server that has ended.
    if (server === undefined || (server.stopped && server.pending === null)) return undefined;
    return { isReady: server.ready, pending: server.pending };
  }

  /** Asks for a server; whether and when it is there, {@link progress} tells. */
  async startServer(signal?: AbortSignal): Promise<void> {
    const answer = await this.#call("POST", `/hub/api/users/${this.#options.user}/server`, { json: {}, signal });
    // 400: it is on its way already.
    if (answer.status !== 400) mustSucceed(answer, `${this.where} starts no server for "${this.#options.user}"`);
  }

  /** Calls back for each event of a start, and answers the last one. */
  async progress(onEvent: (event: ProgressEvent) => void, signal?: AbortSignal): Promise<ProgressEvent | undefined> {
    let last: ProgressEvent | undefined;
    const answer = await this.#call("GET", `/hub/api/users/${this.#options.user}/server/progress`, {
      signal,
      onLine: (line) => {
        if (!line.startsWith("data:")) return;
        last = eventShape.parse(JSON.parse(line.slice("data:".length)));
        onEvent(last);
      },
    });
    mustSucceed(answer, `${this.where} tells nothing of the start of the server`);
    return last;
  }

  /** Asks the server to end; one that is not there has ended. */
  async stopServer(signal?: AbortSignal): Promise<void> {
    const answer = await this.#call("DELETE", `/hub/api/users/${this.#options.user}/server`, { signal });
    // 400: it is on its way up or down already.
    if (![400, 404].includes(answer.status)) mustSucceed(answer, `${this.where} does not stop the server`);
  }

  async startKernel(signal?: AbortSignal): Promise<Kernel> {
    const answer = await this.#call("POST", this.#serverPath("api/kernels"), { json: { name: "python3" }, signal });
    const { id } = kernelShape.parse(JSON.parse(mustSucceed(answer, "the server starts no kernel").text));
    const url = new URL(this.#serverPath(`api/kernels/${id}/channels`), this.#options.url);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    return await openKernel(url, { authorization: this.#authorization() }, signal);
  }

  /** Saves a notebook as the Lab does. @param path - below the user's folder */
  async saveNotebook(path: string, content: object, signal?: AbortSignal): Promise<void> {
    const json = { type: "notebook", format: "json", content };
    const answer = await this.#call("PUT", this.#serverPath(`api/contents/${path}`), { json, signal });
    mustSucceed(answer, `the server does not save ${path}`);
  }

  /** A notebook's content, as JSON. @param path - below the user's folder */
  async readNotebook(path: string, signal?: AbortSignal): Promise<string> {
    const answer = await this.#call("GET", this.#serverPath(`api/contents/${path}?content=1`), { signal });
    return mustSucceed(answer, `the server does not give ${path}`).text;
  }

  async removeNotebook(path: string, signal?: AbortSignal): Promise<void> {
    const answer = await this.#call("DELETE", this.#serverPath(`api/contents/${path}`), { signal });
    mustSucceed(answer, `the server does not delete ${path}`);
  }

  #serverPath(path: string): string {
    return `/user/${this.#options.user}/${path}`;
  }

  #xsrf(path: string): Record<string, string> {
    return { "x-xsrftoken": this.#http.cookie("_xsrf", path) ?? "" };
  }

  #authorization(): string {
    return `token ${this.#token?.token ?? ""}`;
  }

  /** Cookies are left out: with one of them, the hub would want its `_xsrf` too. */
  #call(method: string, path: string, parts: RequestParts): Promise<Answer> {
    return this.#http.send(method, path, { ...parts, headers: { authorization: this.#authorization(), cookie: "" } });
  }
}

/** What a login page says above its form. */
function wordsOfRefusal(answer: Answer): string {
  const [, said] = /<p[^>]*class="[^"]*login_error[^"]*"[^>]*>([^<]*)</.exec(answer.text) ?? [];
  const words = said?.replaceAll(/\s+/g, " ").trim();
  return words === undefined || words === "" ? `it answers with status ${answer.status}` : words;
}
