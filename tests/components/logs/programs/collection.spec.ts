import { expect } from "chai";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Collection } from "../../../../components/logs/programs/collection.ts";
import { KubeApi } from "../../../../platform/kube-api.ts";

/** A pod with one container, as the fake cluster has it. */
interface FakePod {
  restarts: number;
  isRunning: boolean;
  /** Lines of each run of the container: texts with their times in ns since a second. */
  readonly runs: string[][];
}

/** An API server with pods, their logs and a watch, and a store that can forget and refuse. */
class World {
  readonly pods = new Map<string, FakePod>();
  stored: Record<string, string>[] = [];
  isStoreUp = true;
  /** Whether the nodes know their pods. */
  isKubeletUp = true;
  adds = 0;
  queries = 0;
  readonly #server: Server;
  readonly #watches = new Set<ServerResponse>();
  readonly #follows = new Map<ServerResponse, { readonly pod: string; readonly run: number }>();
  #version = 1;

  constructor() {
    this.#server = createServer((request, response) => {
      const url = new URL(request.url ?? "", "http://x");
      let body = "";
      request.on("data", (chunk) => (body += String(chunk)));
      request.on("end", () => {
        this.#answer(url, body, response);
      });
    });
  }

  async start(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  add(name: string, lines: readonly string[]): void {
    this.pods.set(name, { restarts: 0, isRunning: true, runs: [[...lines]] });
    this.#tell("ADDED", name);
  }

  log(name: string, line: string): void {
    const pod = this.pods.get(name);
    pod?.runs.at(-1)?.push(line);
    for (const [response, { pod: of, run }] of this.#follows)
      if (of === name && run === pod?.restarts) response.write(`${line}\n`);
  }

  /** The container ends and is started anew. */
  restart(name: string): void {
    const pod = this.pods.get(name);
    if (pod === undefined) return;
    this.cutOff(name);
    pod.restarts++;
    pod.runs.push([]);
    this.#tell("MODIFIED", name);
  }

  /** Followed logs end in the middle of a line. */
  cutOffWithin(name: string, begin: string): void {
    for (const [response, { pod }] of this.#follows) if (pod === name) response.write(begin);
    this.cutOff(name);
  }

  /** Followed logs end, as they do when the API server is started anew. */
  cutOff(name: string): void {
    for (const [response, { pod }] of this.#follows) {
      if (pod !== name) continue;
      this.#follows.delete(response);
      response.end();
    }
  }

  remove(name: string): void {
    this.#tell("DELETED", name);
    this.pods.delete(name);
    this.cutOff(name);
  }

  get texts(): string[] {
    return this.stored.map(({ _msg = "" }) => _msg);
  }

  #object(name: string): object {
    const pod = this.pods.get(name);
    const state = { running: { startedAt: "2026-11-29T09:00:00Z" } };
    return {
      metadata: {
        name,
        namespace: "data",
        uid: `uid-${name}`,
        labels: { "app.kubernetes.io/name": name, team: "blue-5f1e" },
        annotations: { team: "blue" },
        resourceVersion: String(++this.#version),
      },
      status: { containerStatuses: [{ name: "main", restartCount: pod?.restarts ?? 0, state }] },
    };
  }

  #tell(type: string, name: string): void {
    for (const watch of this.#watches) watch.write(`${JSON.stringify({ type, object: this.#object(name) })}\n`);
  }

  #answer(url: URL, body: string, response: ServerResponse): void {
    const { pathname, searchParams: query } = url;
    const [, log] = /\/pods\/([^/]+)\/log$/.exec(pathname) ?? [];
    if (log !== undefined) {
      this.#log(log, query, response);
    } else if (query.get("watch") === "true") {
      this.#watches.add(response);
      response.flushHeaders();
    } else if (pathname.endsWith("/pods")) {
      const items = [...this.pods.keys()].map((name) => this.#object(name));
      response.end(JSON.stringify({ metadata: { resourceVersion: String(this.#version) }, items }));
    } else {
      this.#store(pathname, body, response);
    }
  }

  #log(name: string, query: URLSearchParams, response: ServerResponse): void {
    const pod = this.pods.get(name);
    if (pod === undefined || !this.isKubeletUp) return void response.writeHead(404).end('{"message":"no such pod"}');
    const run = query.get("previous") === "true" ? pod.restarts - 1 : pod.restarts;
    const since = query.get("sinceTime") ?? "";
    const lines = (pod.runs[run] ?? []).filter((line) => `${line.slice(0, 19)}Z` >= since);
    response.writeHead(200).write(lines.map((line) => `${line}\n`).join("") || " ");
    if (query.get("follow") === "true") this.#follows.set(response, { pod: name, run });
    else response.end();
  }

  #store(pathname: string, body: string, response: ServerResponse): void {
    if (!this.isStoreUp) return void response.destroy();
    if (pathname.startsWith("/insert")) {
      this.adds++;
      for (const line of body.split("\n").filter(Boolean)) this.stored.push(JSON.parse(line) as Record<string, string>);
      return void response.end();
    }
    this.queries++;
    const text = new URLSearchParams(body).get("query") ?? "";
    const [, pod] = /pod="([^"]+)"/.exec(text) ?? [];
    const rows =
      pod === undefined
        ? [...new Set(this.stored.map((row) => row["pod"]))].map((name) => {
            const own = this.stored.filter((row) => row["pod"] === name);
            const most = (key: string): string =>
              own
                .map((row) => row[key] ?? "")
                .sort()
                .at(-1) ?? "";
            return { namespace: "data", pod: name, container: "main", last: most("_time"), until: most("until") };
          })
        : this.stored.filter((row) => row["pod"] === pod);
    response.end(rows.map((row) => JSON.stringify(row)).join("\n"));
  }
}

describe("the collection of logs", () => {
  let world: World;
  let url: string;
  let folder: string;
  let ended: AbortController;
  let running: Promise<void>;
  const said: string[] = [];

  const begin = (): Collection => {
    ended = new AbortController();
    const collection = new Collection({
      api: new KubeApi({ url, tokenFile: join(folder, "token") }),
      storeUrl: url,
      namespaces: ["data"],
      words: { user: ["team"] },
      keepDays: 7,
      log: (line) => said.push(line),
      pauseMs: 50,
      pace: { gatherMs: 10, holdMs: 40, againMs: 20 },
    });
    running = collection.run(ended.signal);
    return collection;
  };
  const end = async (): Promise<void> => {
    ended.abort();
    await running;
  };
  const line = (second: number, text: string): string =>
    `2026-11-29T10:00:${String(second).padStart(2, "0")}.000000001Z ${text}`;
  const until = async (wanted: () => boolean): Promise<void> => {
    const limit = Date.now() + 10_000;
    while (!wanted()) {
      if (Date.now() > limit)
        throw new Error(`never so; the store has ${JSON.stringify(world.texts)}; ${said.join("; ")}`);
      await sleep(20);
    }
  };

  beforeEach(async () => {
    said.length = 0;
    folder = mkdtempSync(join(tmpdir(), "logs-"));
    writeFileSync(join(folder, "token"), "t");
    world = new World();
    url = await world.start();
  });
  afterEach(async () => {
    await end();
    world.stop();
    rmSync(folder, { recursive: true });
  });

  it("has what was logged before and after it began, with whose it is and how grave", async () => {
    world.add("kafka", [line(1, "INFO one")]);
    begin();
    await until(() => world.stored.length === 1);
    world.log("kafka", line(2, "ERROR two password=hunter22"));
    await until(() => world.stored.length === 2);
    expect(world.stored).to.deep.equal([
      {
        _time: "2026-11-29T10:00:01.000000001Z",
        _msg: "INFO one",
        namespace: "data",
        pod: "kafka",
        container: "main",
        service: "kafka",
        level: "info",
        user: "blue",
      },
      {
        _time: "2026-11-29T10:00:02.000000001Z",
        _msg: "ERROR two password=[secret]",
        namespace: "data",
        pod: "kafka",
        container: "main",
        service: "kafka",
        level: "error",
        user: "blue",
      },
    ]);
  });

  it("goes on where the store is, and has nothing twice, when it is started anew itself", async () => {
    world.add("a", [line(1, "INFO one"), line(2, "ERROR two"), line(3, "  at three")]);
    begin();
    await until(() => world.stored.length === 2);
    await end();
    world.log("a", line(20, "INFO four"));
    begin();
    await until(() => world.stored.length === 3);
    await sleep(100);
    expect(world.texts).to.deep.equal(["INFO one", "ERROR two\n  at three", "INFO four"]);
  });

  it("brings again what the store has lost when it was killed", async () => {
    world.add("a", [line(1, "one"), line(2, "two")]);
    begin();
    await until(() => world.stored.length === 2);
    world.isStoreUp = false;
    world.stored = world.stored.slice(0, 1);
    world.log("a", line(3, "three"));
    await until(() => said.some((words) => words.includes("can't be reached")));
    world.isStoreUp = true;
    await until(() => world.stored.length === 3);
    await sleep(100);
    expect(world.texts).to.deep.equal(["one", "two", "three"]);
  });

  it("goes through the restarts of a container, and reads again where an answer was cut off", async () => {
    world.add("a", [line(1, "first run")]);
    begin();
    await until(() => world.stored.length === 1);
    world.cutOff("a");
    world.log("a", line(2, "while nobody read"));
    await until(() => world.stored.length === 2);
    world.restart("a");
    world.log("a", line(3, "second run"));
    await until(() => world.stored.length === 3);
    expect(world.texts).to.deep.equal(["first run", "while nobody read", "second run"]);
  });

  it("has a line whole where an answer was cut off within it", async () => {
    world.add("a", [line(1, "one")]);
    begin();
    await until(() => world.stored.length === 1);
    world.cutOffWithin("a", line(2, "tw"));
    world.log("a", line(2, "two"));
    await until(() => world.stored.length === 2);
    expect(world.texts).to.deep.equal(["one", "two"]);
  });

  it("goes on when a node knows its pods again, and tells meanwhile what is not read", async () => {
    world.add("a", [line(1, "one")]);
    const collection = begin();
    await until(() => world.stored.length === 1);
    world.isKubeletUp = false;
    world.cutOff("a");
    await until(() => collection.report().troubles.length > 0);
    expect(collection.report().troubles).to.deep.equal(["a, main: no such pod"]);
    world.isKubeletUp = true;
    world.log("a", line(2, "two"));
    await until(() => world.stored.length === 2);
    expect(collection.report().troubles).to.deep.equal([]);
  });

  it("keeps what is logged after a clock was set back", async () => {
    world.add("a", [line(30, "before")]);
    begin();
    await until(() => world.stored.length === 1);
    world.log("a", line(31, "last"));
    await until(() => world.stored.length === 2);
    world.log("a", line(10, "after"));
    await until(() => world.stored.length === 3);
    expect(world.texts).to.deep.equal(["before", "last", "after"]);
  });

  it("has pods that come later, and those that have gone", async () => {
    begin();
    await until(() => world.queries > 0);
    await sleep(50);
    world.add("late", [line(1, "hello")]);
    await until(() => world.stored.length === 1);
    world.remove("late");
    world.add("later", [line(2, "hello too")]);
    await until(() => world.stored.length === 2);
  });

  it("says where a log was rotated while nobody read it", async () => {
    world.add("a", [line(1, "one")]);
    begin();
    await until(() => world.stored.length === 1);
    await end();
    const pod = world.pods.get("a");
    pod?.runs.splice(0, 1, [line(40, "after the rotation")]);
    begin();
    await until(() => world.stored.length === 3);
    expect(world.texts[1]).to.equal(
      "millrace: lines between 2026-11-29T10:00:01Z and 2026-11-29T10:00:40Z may be missing: nobody read this log, and it was rotated",
    );
  });
});
