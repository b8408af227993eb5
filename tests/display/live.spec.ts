import { expect } from "chai";
import { once } from "node:events";
import { connect as connectTcp, type Socket as TcpSocket } from "node:net";
import { io, type Socket } from "socket.io-client";
import {
  livePath,
  type LiveBatch,
  type LiveState,
  type PageEvents,
  type ServerEvents,
} from "../../display/protocol.ts";
import { recordSchema, runHeader } from "../../components/telemetry/programs/record.ts";
import { startTestServer, type TestServer } from "./fakes.ts";

type Page = Socket<ServerEvents, PageEvents>;

const ts = Date.parse("2026-11-21T12:00:00.000Z");

function message(fields: { readonly [field: string]: unknown } = {}): {
  value: Buffer;
  headers: Record<string, string>;
  timestamp: string;
} {
  const record = {
    schema: recordSchema,
    id: "id-1",
    run: null,
    source: "random-numbers",
    node: "node-1",
    ts: new Date(ts).toISOString(),
    metric: "uniform",
    value: 0.5,
    ...fields,
  };
  const headers: Record<string, string> = typeof record.run === "string" ? { [runHeader]: record.run } : {};
  return { value: Buffer.from(JSON.stringify(record)), headers, timestamp: String(ts) };
}

const unreadable = (value: Buffer | null, run?: string) => ({
  value,
  timestamp: String(ts),
  headers: run === undefined ? {} : { [runHeader]: run },
});

describe("live connections of the display", () => {
  let server: TestServer;
  let pages: { close(): unknown }[] = [];

  beforeEach(async () => {
    server = await startTestServer();
    pages = [];
  });
  afterEach(async () => {
    for (const page of pages) page.close();
    await server.stop();
  });

  const open = (namespace: string, extraHeaders: Record<string, string> = {}): Page => {
    const options = { path: livePath, transports: ["websocket"], forceNew: true, reconnection: false, extraHeaders };
    const page: Page = io(`${server.url}${namespace}`, options);
    pages.push(page);
    return page;
  };
  const next = async <Event extends keyof ServerEvents>(
    page: Page,
    event: Event,
  ): Promise<Parameters<ServerEvents[Event]>[0]> =>
    await new Promise((resolve) => {
      page.once(event, resolve as never);
    });
  /** Connected, with the history that it got. */
  const opened = async (namespace = "/random-numbers"): Promise<[page: Page, history: LiveBatch]> => {
    const page = open(namespace);
    return [page, await next(page, "history")];
  };
  const watch = async (page: Page, series: unknown): Promise<string | null> =>
    await new Promise((resolve) => {
      page.emit("watch", series as string, resolve);
    });
  const batchOf = async (page: Page, give: () => void): Promise<LiveBatch> => {
    const batch = next(page, "batch");
    give();
    server.live.flush();
    return await batch;
  };

  it("begin with the state and what was sent in the last minute", async () => {
    server.live.take("random-numbers", message({ value: 1 }));
    server.live.take("monitoring", message({ value: 2, metric: "vmstat.us" }));
    server.live.flush();
    const page = open("/random-numbers");
    const state = next(page, "state");
    const history = await next(page, "history");
    expect(await state).to.deep.equal({ kafka: "unreachable", problem: "the server is not connected to Kafka yet" });
    expect(history.series).to.deep.equal([{ series: "pumps", metric: "uniform", count: 1, points: [[ts, 1]] }]);
    const [, monitoring] = await opened("/monitoring");
    expect(monitoring.series).to.deep.equal([{ series: "node-1", metric: "vmstat.us", count: 1, points: [[ts, 2]] }]);
  });

  it("get what has come since the batch before, once", async () => {
    const [page] = await opened();
    const first = await batchOf(page, () => {
      server.live.take("random-numbers", message({ value: 1 }));
      server.live.take("random-numbers", message({ value: 2, ts: new Date(ts + 5).toISOString() }));
      server.live.take("random-numbers", message({ value: 3, metric: "normal" }));
    });
    expect(first.series).to.deep.equal([
      {
        series: "pumps",
        metric: "uniform",
        count: 2,
        points: [
          [ts, 1],
          [ts + 5, 2],
        ],
      },
      { series: "pumps", metric: "normal", count: 1, points: [[ts, 3]] },
    ]);
    const second = await batchOf(page, () => {
      server.live.take("random-numbers", message({ value: 4 }));
    });
    expect(second.series.map(({ points }) => points)).to.deep.equal([[[ts, 4]]]);
    expect(second.at).to.be.at.least(first.at);
  });

  it("get marked records only where their run is watched, and then nothing else", async () => {
    const [ordinary] = await opened();
    const [marked] = await opened();
    expect(await watch(marked, "run-1")).to.equal(null);
    const give = (): void => {
      server.live.take("random-numbers", message({ value: 1 }));
      server.live.take("random-numbers", message({ value: 7, run: "run-1" }));
      server.live.take("random-numbers", message({ value: 8, run: "run-2" }));
    };
    const ordinaryBatch = next(ordinary, "batch");
    const markedBatch = await batchOf(marked, give);
    expect(markedBatch.series).to.deep.equal([{ series: "run-1", metric: "uniform", count: 1, points: [[ts, 7]] }]);
    expect((await ordinaryBatch).series).to.deep.equal([
      { series: "pumps", metric: "uniform", count: 1, points: [[ts, 1]] },
    ]);
  });

  it("get one node's records where it is watched, and all again afterwards", async () => {
    const [page] = await opened("/monitoring");
    const give = (): void => {
      for (const node of ["node-1", "node-2"]) server.live.take("monitoring", message({ node }));
    };
    await watch(page, "node-2");
    expect((await batchOf(page, give)).series.map(({ series }) => series)).to.deep.equal(["node-2"]);
    const history = next(page, "history");
    await watch(page, null);
    expect((await history).series.map(({ series }) => series)).to.deep.equal(["node-1", "node-2"]);
    expect((await batchOf(page, give)).series.map(({ series }) => series)).to.deep.equal(["node-1", "node-2"]);
  });

  it("get the run's last minute when they begin to watch it", async () => {
    server.live.take("random-numbers", message({ run: "run-1", value: 7 }));
    server.live.flush();
    const [page, first] = await opened();
    expect(first.series).to.deep.equal([]);
    const history = next(page, "history");
    await watch(page, "run-1");
    expect((await history).series).to.deep.equal([{ series: "run-1", metric: "uniform", count: 1, points: [[ts, 7]] }]);
  });

  it("may watch what nobody has seen yet, and are told what can't be a series", async () => {
    const [page] = await opened();
    expect(await watch(page, "<b>nobody</b>")).to.equal(null);
    expect(await watch(page, 5)).to.equal("a series is a text, or null for all that are not marked");
    expect(await watch(page, { length: 3 })).to.equal("a series is a text, or null for all that are not marked");
    expect(await watch(page, "")).to.equal("the name of a series has 1 to 512 characters; this one has 0");
    expect(await watch(page, "s".repeat(10_000))).to.equal(
      "the name of a series has 1 to 512 characters; this one has 10000",
    );
    page.emit("watch", "run-1", undefined as never);
    expect(await watch(page, "run-1")).to.equal(null);
    expect(page.connected).to.equal(true);
  });

  it("are told how many records could not be read, of a run only those who watch it", async () => {
    const [page] = await opened();
    const [marked] = await opened();
    await watch(marked, "run-1");
    const give = (): void => {
      server.live.take("random-numbers", unreadable(Buffer.from("not JSON")));
      server.live.take("random-numbers", unreadable(null));
      server.live.take("random-numbers", unreadable(Buffer.alloc(2_000_000, "x")));
      server.live.take("random-numbers", message({ value: "1" }));
      server.live.take("random-numbers", message({ ts: "yesterday" }));
      server.live.take("random-numbers", message({ schema: "other/1" }));
      server.live.take("random-numbers", unreadable(Buffer.from("{}"), "run-1"));
    };
    const markedBatch = next(marked, "batch");
    expect(await batchOf(page, give)).to.deep.include({ series: [], unreadable: 6 });
    expect(await markedBatch).to.deep.include({ series: [], unreadable: 1 });
    expect(server.live.figures).to.include({ records: 0, unreadable: 7 });
  });

  it("are told when Kafka goes and comes, once each", async () => {
    const [page] = await opened();
    const states: LiveState[] = [];
    page.on("state", (state) => states.push(state));
    const gone = { kafka: "unreachable", problem: "Kafka does not answer" } as const;
    const back = { kafka: "connected", problem: null } as const;
    for (const state of [gone, gone, back, back]) server.live.setState(state);
    await watch(page, null);
    expect(states).to.deep.equal([gone, back]);
  });

  it("miss batches where they are too slow, and the server keeps nothing for them", async () => {
    const slow = await stalled(server.port);
    pages.push({ close: () => slow.destroy() });
    const [quick] = await opened();
    let batches = 0;
    quick.on("batch", () => batches++);
    const rounds = 400;
    for (let round = 0; round < rounds; round++) {
      for (let key = 0; key < 100; key++) {
        server.live.take("random-numbers", message({ metric: `metric-${key}-${"x".repeat(150)}`, value: round }));
      }
      server.live.flush();
      // The quick one takes each batch before the next one is made.
      while (batches <= round) await new Promise((resolve) => setImmediate(resolve));
    }
    const { missed } = server.live.figures;
    // What the kernel takes for it is some megabytes of the 9 that were sent; nothing waits in the server.
    expect(missed).to.be.greaterThan(50).and.below(rounds);
    expect(server.live.waiting).to.be.at.most(1);
    expect(batches).to.equal(rounds);
  }).timeout(60_000);

  it("are ended when they ask again and again without taking the answers", async () => {
    const slow = await stalled(server.port);
    pages.push({ close: () => slow.destroy() });
    for (let key = 0; key < 500; key++) {
      server.live.take("random-numbers", message({ metric: `metric-${key}-${"x".repeat(150)}` }));
    }
    server.live.flush();
    while (server.live.figures.connections > 0) {
      slow.write(frame('42/random-numbers,1["watch",null]'));
      await new Promise((resolve) => setImmediate(resolve));
      expect(server.live.waiting).to.be.at.most(12);
    }
  }).timeout(60_000);

  it("are refused beyond their number", async () => {
    const full = await startTestServer({ live: { maxConnections: 1 } });
    const options = { path: livePath, transports: ["websocket"], forceNew: true, reconnection: false };
    const first = io(`${full.url}/random-numbers`, options);
    const second = await new Promise<Socket>((resolve) => {
      first.once("connect", () => {
        resolve(io(`${full.url}/monitoring`, options));
      });
    });
    const refused = new Promise<string>((resolve) => {
      second.once("connect_error", (error) => {
        resolve(error.message);
      });
    });
    expect(await refused).to.equal("websocket error");
    expect(full.live.figures.connections).to.equal(1);
    first.close();
    await full.stop();
  });

  it("are refused to pages of other servers", async () => {
    const answer = async (origin: string): Promise<number> =>
      (await fetch(`${server.url}${livePath}/?EIO=4&transport=polling`, { headers: { origin } })).status;
    expect(await answer("http://elsewhere.example")).to.equal(403);
    expect(await answer("null")).to.equal(403);
    expect(await answer(server.url)).to.equal(200);
  });

  it("are refused where nothing is sent", async () => {
    const refusal = async (namespace: string): Promise<string> => {
      const page = open(namespace);
      return await new Promise((resolve) => {
        page.once("connect_error", (error) => {
          resolve(error.message);
        });
      });
    };
    expect(await refusal("/")).to.equal("nothing is sent here; connect to /random-numbers or /monitoring");
    expect(await refusal("/telemetry")).to.equal("Invalid namespace");
  });
});

/** A connection to the random numbers that takes nothing after its welcome. */
async function stalled(port: number): Promise<TcpSocket> {
  const socket = connectTcp({ port, host: "127.0.0.1" });
  socket.write(
    `GET ${livePath}/?EIO=4&transport=websocket HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\n` +
      "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
  );
  await once(socket, "data");
  socket.write(frame("40/random-numbers,"));
  let seen = "";
  while (!seen.includes('"history"')) seen += String((await once(socket, "data"))[0]);
  socket.pause();
  return socket;
}

/** A short text as a client's frame, masked with zeros. */
function frame(text: string): Buffer {
  return Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]);
}
