/** A Docker engine for specs: it holds containers, volumes and networks by name, and writes down what is removed. */
import { serveHttp } from "../support/local-server.ts";

type Labels = Readonly<Record<string, string>>;

export interface FakeEngine {
  readonly containers: Map<string, { readonly id: string; readonly labels: Labels; readonly running: boolean }>;
  readonly volumes: Map<string, Labels>;
  readonly networks: Map<string, Labels>;
  /** Requests that change something, such as `DELETE /volumes/millrace-var`. */
  readonly changes: string[];
  /** What commands in containers print. */
  output: string;
  /** Where it keeps everything. */
  root: string;
}

const CREATED = "2026-11-27T07:40:00Z";

/** Runs `body` with a fake engine as the one that every client of Docker finds. */
export async function withEngine(body: (engine: FakeEngine) => Promise<void>): Promise<void> {
  const engine: FakeEngine = {
    containers: new Map(),
    volumes: new Map(),
    networks: new Map(),
    changes: [],
    output: "",
    root: "/nowhere",
  };
  const server = await serveHttp((request, _body, response) => {
    const path = (request.url ?? "").replace(/\?.*$/, "").replace(/^\/v[\d.]+/, "");
    const method = request.method ?? "GET";
    if (path === "/exec/1/start") {
      response.end(framed(engine.output));
      return;
    }
    const isChange = method !== "GET" && method !== "HEAD" && !path.endsWith("/exec");
    if (isChange) engine.changes.push(`${method} ${path}`);
    const answer = answerOf(engine, method, path);
    response.writeHead(answer === undefined ? 404 : method === "DELETE" ? 204 : 200, {
      "content-type": "application/json",
    });
    response.end(answer === undefined ? '{"message":"no such thing"}' : JSON.stringify(answer));
  });
  const before = process.env["DOCKER_HOST"];
  process.env["DOCKER_HOST"] = server.url.replace("http://", "tcp://");
  try {
    await body(engine);
  } finally {
    if (before === undefined) delete process.env["DOCKER_HOST"];
    else process.env["DOCKER_HOST"] = before;
    await server.stop();
  }
}

/** A piece of standard output as the engine sends it. */
function framed(text: string): Buffer {
  const head = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
  head.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([head, Buffer.from(text)]);
}

function answerOf(engine: FakeEngine, method: string, path: string): unknown {
  const [, kind = "", name = ""] = path.split("/");
  if (path === "/_ping") return "OK";
  if (path === "/info") return { DockerRootDir: engine.root };
  if (path === "/exec/1/json") return { ExitCode: 0 };
  if (path.endsWith("/exec")) return { Id: "1" };
  if (path === "/containers/json") {
    return [...engine.containers].map(([key, { id, labels }]) => ({ Id: id, Names: [`/${key}`], Labels: labels }));
  }
  if (path === "/volumes")
    return { Volumes: [...engine.volumes].map(([key, labels]) => ({ Name: key, Labels: labels })) };
  if (path === "/networks") {
    return [...engine.networks].map(([key, labels]) => ({ Name: key, Labels: labels, Created: CREATED }));
  }
  const lists: Readonly<Record<string, Map<string, unknown>>> = {
    containers: engine.containers,
    volumes: engine.volumes,
    networks: engine.networks,
  };
  if (method === "DELETE") return lists[kind]?.delete(name) === true ? {} : undefined;
  const container = kind === "containers" ? engine.containers.get(name) : undefined;
  if (container !== undefined) {
    const { id, labels, running } = container;
    return { Id: id, Created: CREATED, Config: { Labels: labels, Image: "x" }, State: { Running: running } };
  }
  const volume = kind === "volumes" ? engine.volumes.get(name) : undefined;
  return volume === undefined ? undefined : { Name: name, Labels: volume, CreatedAt: CREATED };
}
