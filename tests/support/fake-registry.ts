/** A container registry in the spec's own process: HTTP API v2, in memory, with and without logins. */
import { createHash } from "node:crypto";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface FakeRegistryOptions {
  /** Who may come in, and how it asks. @default - everybody */
  readonly login?: { readonly kind: "basic" | "bearer"; readonly username: string; readonly password: string };
  /** How long a token holds, by what it says. @default 300 */
  readonly tokenSeconds?: number;
  /** Sends those that ask for a blob to another address. @default false */
  readonly redirects?: boolean;
}

const MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";
const INDEX = "application/vnd.oci.image.index.v1+json";

const digestOf = (bytes: Buffer): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;

interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | string;
}

const end = (status: number, headers: Reply["headers"] = {}, body: Reply["body"] = ""): Reply => ({
  status,
  headers,
  body,
});

const refuse = (status: number, message: string, headers: Reply["headers"] = {}): Reply =>
  end(status, headers, JSON.stringify({ errors: [{ code: message.toUpperCase(), message }] }));

export class FakeRegistry {
  /** Everything asked so far, as `GET /v2/…`. */
  readonly asked: string[] = [];
  /** Host and port, as in the names of images. */
  readonly server: string;
  /** Repositories that refuse a push although the login is right. */
  readonly readOnly = new Set<string>();
  /** Repositories whose layers end in the middle. */
  readonly broken = new Set<string>();
  readonly #http: Server;
  readonly #options: FakeRegistryOptions;
  readonly #blobs = new Map<string, Buffer>();
  readonly #manifests = new Map<string, { readonly type: string; readonly bytes: Buffer }>();
  readonly #tokens = new Set<string>();

  private constructor(http: Server, options: FakeRegistryOptions) {
    this.#http = http;
    this.#options = options;
    this.server = `localhost:${(http.address() as AddressInfo).port}`;
  }

  static async start(options: FakeRegistryOptions = {}): Promise<FakeRegistry> {
    const http = createServer();
    await new Promise<void>((resolve) => http.listen(0, "localhost", resolve));
    const fake = new FakeRegistry(http, options);
    http.on("request", (request, response) => void fake.#answer(request, response));
    return fake;
  }

  async stop(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  /** Puts an image of these layers under a tag; answers its digest. */
  put(repository: string, tag: string, layers: readonly string[], architecture = "amd64"): string {
    const blob = (bytes: Buffer, mediaType: string) => {
      this.#blobs.set(`${repository}@${digestOf(bytes)}`, bytes);
      return { mediaType, size: bytes.length, digest: digestOf(bytes) };
    };
    const config = blob(Buffer.from(JSON.stringify({ os: "linux", architecture })), "application/json");
    const manifest = {
      schemaVersion: 2,
      mediaType: MANIFEST,
      config,
      layers: layers.map((layer) => blob(Buffer.from(layer), "application/x-tar")),
    };
    return this.#putManifest(repository, tag, MANIFEST, Buffer.from(JSON.stringify(manifest)));
  }

  /** Puts images of several architectures, each with one layer, under one tag. */
  putIndex(repository: string, tag: string, layers: Readonly<Record<string, string>>): void {
    const manifests = Object.entries(layers).map(([architecture, layer]) => ({
      digest: this.put(repository, `${tag}-${architecture}`, [layer], architecture),
      mediaType: MANIFEST,
      size: 1,
      platform: { os: "linux", architecture },
    }));
    this.#putManifest(repository, tag, INDEX, Buffer.from(JSON.stringify({ schemaVersion: 2, manifests })));
  }

  /** Gives an image of these layers to whoever asks for a digest that is another's. */
  forge(repository: string, digest: string, layers: readonly string[]): void {
    const other = this.#manifests.get(`${repository}:${this.put(repository, "forged", layers)}`);
    if (other !== undefined) this.#manifests.set(`${repository}:${digest}`, other);
  }

  /** Digest under a tag. */
  digest(repository: string, tag: string): string | undefined {
    const found = this.#manifests.get(`${repository}:${tag}`);
    return found === undefined ? undefined : digestOf(found.bytes);
  }

  /** The layers of an image as texts, in their order. */
  layers(repository: string, tag: string): string[] {
    const manifest = JSON.parse(String(this.#manifests.get(`${repository}:${tag}`)?.bytes)) as {
      readonly layers: readonly { readonly digest: string }[];
    };
    return manifest.layers.map(({ digest }) => String(this.#blobs.get(`${repository}@${digest}`)));
  }

  /** How often blobs were sent to it. */
  get uploads(): number {
    return this.asked.filter((line) => line.startsWith("PUT ") && line.includes("/blobs/uploads/")).length;
  }

  #putManifest(repository: string, tag: string, type: string, bytes: Buffer): string {
    this.#manifests.set(`${repository}:${tag}`, { type, bytes });
    this.#manifests.set(`${repository}:${digestOf(bytes)}`, { type, bytes });
    return digestOf(bytes);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { status, headers, body } = this.#reply(request, Buffer.concat(chunks));
    if (
      request.method === "GET" &&
      [...this.broken].some((one) => request.url?.includes(`${one}/blobs/`)) &&
      body.length < 20
    ) {
      response.writeHead(status, { ...headers, "content-length": "1000" });
      response.write(String(body).slice(0, 1));
      setTimeout(() => request.socket.destroy(), 20);
      return;
    }
    response.writeHead(status, { ...headers, "content-length": String(Buffer.byteLength(body)) });
    response.end(request.method === "HEAD" ? "" : body);
  }

  #reply(request: IncomingMessage, body: Buffer): Reply {
    const url = new URL(request.url ?? "", `http://${this.server}`);
    const method = request.method ?? "";
    this.asked.push(`${method} ${url.pathname}`);
    if (url.pathname === "/token") return this.#giveToken(request, url, body);
    if (url.pathname.startsWith("/elsewhere/")) {
      // As a store of objects does: it takes no other login than that in its address.
      if (request.headers.authorization !== undefined) return refuse(400, "only one login is allowed");
      return end(200, {}, this.#blobs.get(decodeURIComponent(url.pathname.slice("/elsewhere/".length))));
    }
    const [, repository = "", kind = "", reference = ""] =
      /^\/v2\/(.+)\/(manifests|blobs\/uploads|blobs)\/(.*)$/.exec(url.pathname) ?? [];
    const isPush = method !== "GET" && method !== "HEAD";
    const challenge = this.#challenge(request.headers.authorization, repository, isPush);
    if (challenge !== undefined) return refuse(401, "authentication required", { "www-authenticate": challenge });
    if (isPush && this.readOnly.has(repository)) return refuse(403, "denied");
    const key = `${repository}@${reference}`;
    switch (`${method === "HEAD" ? "GET" : method} ${kind}`) {
      case "GET manifests": {
        const found = this.#manifests.get(`${repository}:${reference}`);
        if (found === undefined) return refuse(404, "manifest unknown");
        return end(200, { "content-type": found.type, "docker-content-digest": digestOf(found.bytes) }, found.bytes);
      }
      case "GET blobs": {
        const found = this.#blobs.get(key);
        if (found === undefined) return refuse(404, "blob unknown");
        if (this.#options.redirects === true && method === "GET")
          return end(307, { location: `/elsewhere/${encodeURIComponent(key)}` });
        return end(200, {}, found);
      }
      case "POST blobs/uploads": {
        const mount = url.searchParams.get("mount");
        const there = this.#blobs.get(`${url.searchParams.get("from") ?? ""}@${mount ?? ""}`);
        if (mount !== null && there !== undefined) {
          this.#blobs.set(`${repository}@${mount}`, there);
          return end(201);
        }
        return end(202, { location: `/v2/${repository}/blobs/uploads/1?state=a%2Fb` });
      }
      case "DELETE blobs/uploads":
        return end(204);
      case "PUT blobs/uploads": {
        const digest = url.searchParams.get("digest") ?? "";
        if (url.searchParams.get("state") !== "a/b") return refuse(404, "upload unknown");
        if (digestOf(body) !== digest) return refuse(400, "digest invalid");
        this.#blobs.set(`${repository}@${digest}`, body);
        return end(201);
      }
      case "PUT manifests": {
        const { config, layers } = JSON.parse(body.toString()) as Record<string, { digest: string }> & {
          layers: { digest: string }[];
        };
        const lacking = [config, ...layers].some((blob) => !this.#blobs.has(`${repository}@${blob?.digest ?? ""}`));
        if (lacking) return refuse(400, "blob unknown");
        this.#putManifest(repository, reference, request.headers["content-type"] ?? "", body);
        return end(201);
      }
      default:
        return refuse(404, "not found");
    }
  }

  #giveToken(request: IncomingMessage, url: URL, body: Buffer): Reply {
    const form = new URLSearchParams(body.toString());
    const byToken = request.method === "POST" && form.get("grant_type") === "refresh_token";
    const isWelcome = byToken
      ? form.get("refresh_token") === this.#options.login?.password
      : request.headers.authorization === this.#basic;
    if (!isWelcome) return refuse(401, "incorrect username or password");
    const scopes = byToken ? [form.get("scope")] : url.searchParams.getAll("scope");
    const token = `token for ${scopes.join(" ")}`;
    this.#tokens.add(token);
    const answer = byToken ? { access_token: token } : { token };
    return end(200, {}, JSON.stringify({ ...answer, expires_in: this.#options.tokenSeconds ?? 300 }));
  }

  get #basic(): string {
    const { username = "", password = "" } = this.#options.login ?? {};
    return `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  }

  /** What one who may not come in is told; `undefined`: he may. */
  #challenge(authorization: string | undefined, repository: string, isPush: boolean): string | undefined {
    const { login } = this.#options;
    if (login === undefined) return undefined;
    if (login.kind === "basic") return authorization === this.#basic ? undefined : 'Basic realm="fake"';
    const scope = `repository:${repository}:pull${isPush ? ",push" : ""}`;
    const token = authorization?.replace("Bearer ", "") ?? "";
    if (
      this.#tokens.has(token) &&
      token.includes(`repository:${repository}:pull`) &&
      (!isPush || token.includes(scope))
    )
      return undefined;
    return `Bearer realm="http://${this.server}/token",service="fake",scope="${scope}"`;
  }
}
