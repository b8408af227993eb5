/** Bad luck and bad input of the display: nonsense is answered in plain words, and what is behind it may go and come back. */
import { io } from "socket.io-client";

import { watchPage } from "../../browser/display-pages.ts";
import { livePath } from "../../../display/protocol.ts";
import { askDisplay, CASSANDRA, DISPLAY, displayUrl } from "../pipeline.ts";
import { fingerprints, gone, kill, loginHeaders, ready, scale } from "../platform.ts";
import { must, type Runner, until } from "../runner.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

interface Nonsense {
  readonly path: string;
  readonly status: 400 | 404 | 405;
  readonly method?: string;
  /** What the answer must speak of. */
  readonly says?: RegExp;
}

const api = "/api/spark-streaming/cassandra/random-numbers";
const page = "/spark-streaming/cassandra/random-numbers";
const LONG = "x".repeat(5000);

const unknown = (path: string): Nonsense => ({ path, status: 404 });
const refused = (path: string, says: RegExp): Nonsense => ({ path, status: 400, says });

const nonsense: readonly Nonsense[] = [
  ...["/nowhere", "/api/nowhere", "/spark", "/spark/disk", "/socket.io/nothing", "/index.html"].map(unknown),
  ...["/spark-streaming/tape/monitoring", "/spark-streaming/disk/weather", "/spark/tape/census-data"].flatMap(
    (path) => [unknown(path), unknown(`/api${path}`)],
  ),
  ...["/etc/passwd", "/../../etc/passwd", "/..%2f..%2fetc%2fpasswd", "/package.json", "/server/app.ts"].map(unknown),
  ...["minutes=abc", "minutes=0", "minutes=361", "minutes=1.5", "minutes=", "minutes=1e2"].flatMap((query) =>
    [api, page].map((path) => refused(`${path}?${query}`, /minutes/)),
  ),
  ...[api, page].flatMap((path) => [
    refused(`${path}?colour=red`, /colour/),
    refused(`${path}?series=a&series=b`, /series/),
    refused(`${path}?series=`, /series/),
    refused(`${path}?series=${LONG}`, /series/),
    refused(`${path}?series[x]=1`, /series/),
    refused(`${path}?metric=%00`, /metric/),
  ]),
  refused("/api/spark/disk/census-data?run=a&run=b", /run/),
  refused("/spark/disk/census-data?minutes=5", /minutes/),
  refused("/?series=a", /series/),
  refused("/%zz", /%zz/),
  { path: api, method: "POST", status: 405 },
  { path: page, method: "DELETE", status: 405 },
];

/** Words that only a program's author understands, or that tell of its inside. */
const INNARDS = /\bat \S+ \(|node_modules|node:internal|\.ts:\d+|\/opt\/|undefined|\[object/;

export async function malformed(runner: Runner): Promise<void> {
  await runner.step(`${nonsense.length} malformed requests are answered in plain words`, 2 * MINUTE, async () => {
    const before = await fingerprints(DISPLAY);
    const wrong: string[] = [];
    for (const one of nonsense) {
      const problem = await answerProblem(one);
      if (problem !== undefined) wrong.push(`${one.method ?? "GET"} ${one.path.slice(0, 80)}: ${problem}`);
    }
    must(wrong.length === 0, wrong.join("; "));
    must((await fingerprints(DISPLAY)).join() === before.join(), "the display was started anew");
    return undefined;
  });
  await runner.step("a script in a query is not given back as one", MINUTE, async () => {
    for (const path of [`${page}?series=`, `${page}?`, "/", `${api}?minutes=`]) {
      const answer = await askDisplay(`${path}${encodeURIComponent("<script>alert(1)</script>")}`);
      const text = await answer.text();
      const isPage = answer.headers.get("content-type")?.startsWith("text/html") ?? false;
      must(!isPage || !text.includes("<script>alert"), `${path} gives it back: ${text.slice(0, 300)}`);
      must(answer.headers.get("x-content-type-options") === "nosniff", `${path} lets a browser guess the type`);
    }
    return undefined;
  });
  await runner.step("nonsense over Socket.IO is answered in words, and the connection lives", MINUTE, liveNonsense);
}

/** What is wrong with the answer to nonsense; `undefined`: nothing. */
async function answerProblem({ path, method = "GET", status, says }: Nonsense): Promise<string | undefined> {
  const answer = await askDisplay(path, { method, signal: AbortSignal.timeout(20 * SECOND) });
  const text = await answer.text();
  if (answer.status !== status) return `status ${answer.status}, not ${status}: ${text.slice(0, 200)}`;
  if (path.startsWith("/api/")) {
    const { error } = JSON.parse(text) as { readonly error?: unknown };
    if (typeof error !== "string" || error.length < 10) return `no words: ${text.slice(0, 200)}`;
  }
  if (INNARDS.test(text)) return `it tells of its inside: ${text.slice(0, 300)}`;
  if (says?.test(text) === false) return `it does not speak of ${says.source}: ${text.slice(0, 300)}`;
  const policy = answer.headers.get("content-security-policy") ?? "";
  if (!policy.includes("default-src 'none'") || policy.includes("unsafe")) return `its policy is "${policy}"`;
  if (answer.headers.has("x-powered-by")) return "it tells what it is made with";
  return undefined;
}

async function liveNonsense(): Promise<string> {
  const socket = io(`${displayUrl()}/random-numbers`, {
    path: livePath,
    transports: ["websocket"],
    extraHeaders: await loginHeaders("display"),
  });
  try {
    await until("a connection", 20 * SECOND, () => Promise.resolve(socket.connected ? true : undefined));
    const words: string[] = [];
    for (const series of [5, "", LONG, {}, ["a"]]) {
      const problem = (await socket.timeout(5 * SECOND).emitWithAck("watch", series)) as unknown;
      must(
        typeof problem === "string" && problem.length > 10,
        `watch(${JSON.stringify(series).slice(0, 20)}): no words`,
      );
      words.push(problem);
    }
    // No answer is asked for, and no such event exists.
    socket.emit("watch", 5).emit("watch").emit("no-such-event", LONG);
    const fine = (await socket.timeout(5 * SECOND).emitWithAck("watch", null)) as unknown;
    must(fine === null, `watch(null) is answered with ${JSON.stringify(fine)}`);
    must(socket.connected, "the connection was closed");
    return words[0] ?? "";
  } finally {
    socket.disconnect();
  }
}

/** Words of an answer's error, with its status. */
async function errorOf(path: string): Promise<{ readonly status: number; readonly error: string }> {
  const answer = await askDisplay(path, { signal: AbortSignal.timeout(40 * SECOND) });
  const { error = "" } = (await answer.json()) as { readonly error?: string };
  return { status: answer.status, error };
}

/** Cassandra is away while the display starts and while it runs; what does not need it goes on. */
export async function withoutCassandra(runner: Runner): Promise<void> {
  const title = "without Cassandra the display says so, also when it starts then, and recovers by itself";
  await runner.step(title, 10 * MINUTE, async () => {
    const sayIt = (who: string): Promise<boolean> =>
      until(`${who} to say so`, MINUTE, async () => {
        await mustSaySo();
        return true;
      });
    await scale(CASSANDRA, 0);
    let isBack = false;
    const back = async (): Promise<void> => {
      if (isBack) return;
      isBack = true;
      await scale(CASSANDRA, 1);
      await ready(CASSANDRA, 4 * MINUTE);
    };
    try {
      await gone(CASSANDRA, MINUTE);
      await sayIt("the display");
      await kill(DISPLAY);
      await ready(DISPLAY, 2 * MINUTE);
      await sayIt("the display that has started since");
      return await watchPage(page, back);
    } finally {
      await back();
    }
  });
}

async function mustSaySo(): Promise<void> {
  const { status, error } = await errorOf(api);
  must(status === 503 && /Cassandra/.test(error), `status ${status}: ${error}`);
  must(!INNARDS.test(error), `it tells of its inside: ${error}`);
  const alive = await askDisplay("/healthz");
  must(alive.ok, `/healthz answers ${alive.status}`);
  const other = await askDisplay("/api/spark-streaming/disk/random-numbers");
  must(other.ok, `what comes through Presto is answered with ${other.status}: ${await other.text()}`);
}
