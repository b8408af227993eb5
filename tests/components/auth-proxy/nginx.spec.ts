import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chownSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer, type IncomingHttpHeaders, request, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { HEALTH_PATH, nginxConfig } from "../../../components/auth-proxy/nginx.ts";
import { guardRules } from "../../../components/presto/presto.ts";

const ENTRYPOINT = join(import.meta.dirname, "../../../components/auth-proxy/image/entrypoint.sh");
const presto = { title: "Presto", port: 30080, upstream: "presto.data.svc:8080", ...guardRules };
const display = { title: "Display", port: 30300, upstream: "display.data.svc:8080" };

describe("nginx's configuration", () => {
  const text = nginxConfig([presto, display], 8081);
  const [, , sqlServer = "", pageServer = ""] = text.split("  server {\n");

  it("asks for a login at each page's port, and at none for the probes' answer", () => {
    expect(text.match(/listen \d+;/g)).to.deep.equal(["listen 8081;", "listen 30080;", "listen 30300;"]);
    expect(text.match(/auth_basic "[^"]+";/g)).to.deep.equal(['auth_basic "Presto";', 'auth_basic "Display";']);
  });

  it("finds a page by a whole name, again and again", () => {
    expect(text).to.contain("resolver @NAME_SERVER@ valid=5s");
    expect(pageServer).to.contain("set $page http://display.data.svc.@DOMAIN@:8080;\n      proxy_pass $page;");
  });

  it("says who has logged in, in the header of the page's own, and passes no password on", () => {
    expect(sqlServer).to.contain("proxy_set_header X-Presto-User $remote_user;");
    expect(pageServer).not.to.contain("$remote_user");
    for (const server of [sqlServer, pageServer]) expect(server).to.contain('proxy_set_header Authorization "";');
  });
});

const free = async (): Promise<number> => {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
};

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
}

describe("nginx with that configuration", function () {
  this.timeout(60_000);
  let folder = "";
  let nginx: ChildProcess | undefined;
  let page: Server;
  let ports: { readonly sql: number; readonly page: number; readonly health: number };
  const seen: Seen[] = [];

  before(async function () {
    if (spawnSync("nginx", ["-v"]).status !== 0) this.skip();
    folder = mkdtempSync(join(tmpdir(), "millrace-nginx-"));
    page = createServer((asked, answer) => {
      seen.push({ method: asked.method ?? "", url: asked.url ?? "", headers: asked.headers });
      asked.resume();
      answer.end("behind");
    }).listen(0, "127.0.0.1");
    page.on("upgrade", (_, socket) => {
      socket.end("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
    });
    await once(page, "listening");
    const upstream = `127.0.0.1:${(page.address() as AddressInfo).port}`;
    ports = { sql: await free(), page: await free(), health: await free() };
    const text = nginxConfig(
      [
        { ...presto, port: ports.sql, upstream },
        { ...display, port: ports.page, upstream },
      ],
      ports.health,
    );
    mkdirSync(join(folder, "people"));
    writeFileSync(join(folder, "people", "ana@example.com"), "word-1");
    writeFileSync(join(folder, "people", "proof"), "word-2");
    writeFileSync(join(folder, "nginx.conf"), text.replaceAll(".@DOMAIN@", ""));
    writeFileSync(join(folder, "resolv.conf"), "nameserver 127.0.0.1\n");
    const program = join(folder, "auth-proxy");
    copyFileSync(ENTRYPOINT, program);
    // In its pod it is nobody's root.
    const uid = process.getuid?.() === 0 ? 1000 : undefined;
    if (uid !== undefined) chownSync(folder, uid, uid);
    const out = openSync(join(folder, "out"), "a");
    if (uid !== undefined) chownSync(join(folder, "out"), uid, uid);
    const child = spawn(program, {
      ...(uid !== undefined && { uid, gid: uid }),
      env: {
        ...process.env,
        SETTINGS: join(folder, "nginx.conf"),
        PEOPLE: join(folder, "people"),
        RESOLV_CONF: join(folder, "resolv.conf"),
        WORK: join(folder, "work"),
      },
      stdio: ["ignore", out, "pipe"],
    });
    nginx = child;
    let words = "";
    child.stderr?.on("data", (data: Buffer) => (words += data.toString()));
    for (let tries = 0; ; tries++) {
      const status = await ask(ports.health, HEALTH_PATH).catch(() => 0);
      if (status === 200) break;
      if (tries > 200 || child.exitCode !== null) throw new Error(`nginx does not serve: ${words}`);
      await sleep(100);
    }
  });
  after(async () => {
    if (nginx?.exitCode === null) {
      nginx.kill("SIGQUIT");
      await once(nginx, "exit");
    }
    if (folder !== "") {
      page.close();
      rmSync(folder, { recursive: true });
    }
  });
  beforeEach(() => seen.splice(0));

  const login = (user: string, word: string): Record<string, string> => ({
    authorization: `Basic ${Buffer.from(`${user}:${word}`).toString("base64")}`,
  });
  const ana = login("ana@example.com", "word-1");
  async function ask(
    port: number,
    path: string,
    headers: Record<string, string | string[]> = {},
    method = "GET",
  ): Promise<number> {
    const asked = request({ host: "127.0.0.1", port, path, headers, method, agent: false }).end();
    const [answer] = (await Promise.race([once(asked, "response"), once(asked, "upgrade")])) as [
      { statusCode?: number; resume(): void },
    ];
    answer.resume();
    return answer.statusCode ?? 0;
  }

  it("says who opens a page and who is refused, and nothing of what pages and programs fetch", async () => {
    const said = (): string[] => readFileSync(join(folder, "out"), "utf8").split("\n").slice(0, -1);
    const before = said().length;
    await ask(ports.page, "/", { ...ana, "sec-fetch-mode": "navigate" });
    // Over plain http browsers do not say how they ask.
    await ask(ports.page, "/", { ...ana, accept: "text/html,application/xhtml+xml" });
    await ask(ports.page, "/app.js", { ...ana, "sec-fetch-mode": "no-cors", accept: "*/*" });
    await ask(ports.sql, "/v1/info", { ...ana, accept: "application/json" });
    await ask(ports.page, "/", login("ana@example.com", "word-2"));
    await ask(ports.page, "/");
    await ask(ports.page, "/", { ...login('a" b', "x"), "sec-fetch-mode": "navigate" });
    const title = display.title;
    expect(said().slice(before)).to.deep.equal([
      `opened: "ana@example.com" "${title}" 200`,
      `opened: "ana@example.com" "${title}" 200`,
      `opened: "ana@example.com" "${title}" 401`,
      `opened: "a\\x22 b" "${title}" 401`,
    ]);
  });

  it("refuses who has no login, a wrong password, another's password, or an empty one, and the page sees none of it", async () => {
    const refused: Record<string, string>[] = [
      {},
      login("ana@example.com", "word-2"),
      login("ana@example.com", ""),
      login("nobody", "word-1"),
      login("ANA@example.com", "word-1"),
      { authorization: "Bearer word-1" },
      { authorization: "Basic !!" },
      { "x-presto-user": "ana@example.com" },
    ];
    for (const headers of refused) {
      for (const port of [ports.sql, ports.page])
        expect(await ask(port, "/", headers), JSON.stringify(headers)).to.equal(401);
    }
    expect(await ask(ports.sql, "/v1/statement", {}, "POST")).to.equal(401);
    expect(seen).to.deep.equal([]);
  });

  it("lets in who has one, under their own name whatever they say, and keeps the password", async () => {
    const forged = { ...ana, "X-Presto-User": ["root", "proof"], "x-PRESTO-user": "root" };
    expect(await ask(ports.sql, "/v1/statement", { ...ana, ...forged }, "POST")).to.equal(200);
    expect(await ask(ports.page, "/", ana)).to.equal(200);
    const [statement, start] = seen;
    expect(statement?.headers).to.include({ "x-presto-user": "ana@example.com", host: `127.0.0.1:${ports.sql}` });
    expect(statement?.headers).to.include({ "x-forwarded-proto": "http" });
    expect(statement?.headers).not.to.have.property("authorization");
    expect(start?.headers).not.to.have.any.keys("authorization", "x-presto-user");
  });

  it("tells the page that people come by https where what is before it says so", async () => {
    await ask(ports.sql, "/v1/info", { ...ana, "x-forwarded-proto": "https" });
    expect(seen[0]?.headers).to.include({ "x-forwarded-proto": "https" });
  });

  it("lets only the paths of people and clients through to Presto, however the others are written", async () => {
    const refused = [
      "/v1/task/1",
      "/v1/announcement/1",
      "/v1/info/state",
      "/v1/memory",
      "/v1/statement/../task/1",
      "/v1/statement/%2e%2e/task/1",
      "/v1/statement/..;/task/1",
      "/v1;x=y/task/1",
      "/v1/statement;/../task",
      "/v1/query/%2e%2e%2ftask",
      "/v1//task/1",
      "/v1/%74ask/1",
      "/v1/statement/..%5ctask",
    ];
    for (const path of refused) expect(await ask(ports.sql, path, ana, "PUT"), path).to.be.oneOf([400, 404]);
    expect(seen).to.deep.equal([]);
    const taken = [
      "/",
      "/ui/index.html?1;2",
      "/v1/statement/queued/1?slug=a",
      "/v1/query/1",
      "/v1/cluster",
      "/v1/info",
    ];
    for (const path of taken) expect(await ask(ports.sql, path, ana), path).to.equal(200);
    expect(seen.map(({ url }) => url)).to.deep.equal(taken);
  });

  it("refuses what another site's page has a browser ask, and takes what the page itself does", async () => {
    const host = `127.0.0.1:${ports.sql}`;
    for (const origin of [
      "http://evil.example",
      "null",
      `http://${host}.evil.example`,
      `http://x${host}`,
      "http://127.0.0.1",
    ]) {
      expect(await ask(ports.sql, "/v1/statement", { ...ana, origin }, "POST"), origin).to.equal(403);
    }
    expect(seen).to.deep.equal([]);
    for (const origin of [`http://${host}`, `https://${host}`]) {
      expect(await ask(ports.sql, "/v1/statement", { ...ana, origin }, "POST"), origin).to.equal(200);
    }
  });

  it("carries a socket of the page, with a login only", async () => {
    const socket = { connection: "Upgrade", upgrade: "websocket" };
    expect(await ask(ports.page, "/live/", { ...ana, ...socket })).to.equal(101);
    expect(await ask(ports.page, "/live/", socket)).to.equal(401);
    expect(await ask(ports.page, "/live/", { ...ana, ...socket, origin: "http://evil.example" })).to.equal(403);
  });

  it("takes at rest less than 20 MiB", () => {
    const pids = [String(nginx?.pid), ...children(nginx?.pid ?? 0)];
    const kib = pids.map((pid) =>
      Number(/^Pss_Anon: +(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1]),
    );
    expect(kib.reduce((sum, one) => sum + one, 0)).to.be.within(100, 20 * 1024);
  });
});

/** Ids of a process' children. */
function children(pid: number): string[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
}
