import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { Server } from "socket.io";
import type { Namespace } from "socket.io";
import { liveHop } from "../../../../components/display/hops/live.ts";
import { LiveClient, livePath } from "../../../../components/display/hops/live-client.ts";
import type { MarkedNumbers } from "../../../../components/random-numbers/hops/marked-numbers.ts";
import { livePath as pathOfPages } from "../../../../display/protocol.ts";
import type { LiveBatch, PageEvents, ServerEvents } from "../../../../display/protocol.ts";
import { runHop, sentNumbers } from "../../../support/hops.ts";
import type { HopOutcome } from "../../../support/hops.ts";

type Point = readonly [number, number];

/** A display that shows what a spec tells it to, on a free port of this machine. */
class FakeDisplay {
  readonly url: string;
  /** Series that were asked for. */
  readonly watched: (string | null)[] = [];
  /** What is told to who asks for a series, besides `null`. */
  problem: string | null = null;
  state: Parameters<ServerEvents["state"]>[0] = { kafka: "connected", problem: null };
  /** What a newcomer is sent of the last minute. */
  history: readonly Point[] = [];
  readonly #io: Server<PageEvents, ServerEvents>;
  readonly #numbers: Namespace<PageEvents, ServerEvents>;

  private constructor(io: Server<PageEvents, ServerEvents>, port: number) {
    this.#io = io;
    this.url = `http://127.0.0.1:${port}`;
    this.#numbers = io.of("/random-numbers");
    this.#numbers.on("connection", (socket) => {
      socket.emit("state", this.state);
      socket.on("watch", (series, answer) => {
        this.watched.push(series);
        answer(this.problem);
        if (this.problem === null) socket.emit("history", batchOf(series ?? "", this.history));
      });
    });
  }

  static async start(): Promise<FakeDisplay> {
    const server = createServer();
    const io = new Server<PageEvents, ServerEvents>(server, { path: livePath });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FakeDisplay(io, (server.address() as AddressInfo).port);
  }

  show(series: string, points: readonly Point[], metric = "uniform", count = points.length): void {
    this.#numbers.emit("batch", batchOf(series, points, metric, count));
  }

  async stop(): Promise<void> {
    await this.#io.close();
  }
}

function batchOf(series: string, points: readonly Point[], metric = "uniform", count = points.length): LiveBatch {
  return { at: 0, unreadable: 0, series: [{ series, metric, count, points }] };
}

const pointsOf = ({ records }: MarkedNumbers): Point[] => records.map(({ ts, value }) => [ts, value]);

describe("hop live", () => {
  let display: FakeDisplay;
  let numbers: MarkedNumbers;
  let live: LiveClient;
  beforeEach(async () => {
    display = await FakeDisplay.start();
    numbers = sentNumbers(4);
    live = new LiveClient({ url: display.url, namespace: "random-numbers", metric: "uniform" });
  });
  afterEach(async () => {
    live.close();
    await display.stop();
  });

  /** Connects as hop `pump` does, lets the display show something, and runs the hop. */
  async function prove(
    shows: () => void,
    limits: { missedAfterMs?: number; timeoutMs?: number; arrived?: number } = {},
  ): Promise<HopOutcome> {
    await live.watch(numbers.run, AbortSignal.timeout(5000));
    shows();
    while (live.points.length < (limits.arrived ?? 0)) await sleep(5);
    const { missedAfterMs = 60_000, timeoutMs } = limits;
    return runHop(liveHop({ live, numbers, missedAfterMs, againLimitMs: 100, pauseMs: 5 }), timeoutMs);
  }

  it("speaks at the path of the pages", () => {
    expect(livePath).to.equal(pathOfPages);
  });

  it("holds when exactly the numbers were shown, in whatever batches, with others' beside them", async () => {
    const { result } = await prove(() => {
      const [first, ...rest] = pointsOf(numbers);
      display.show("pumps", [[1, 0.5]]);
      display.show(numbers.run, [[2, 7]], "normal");
      display.show(numbers.run, rest);
      display.show(numbers.run, first === undefined ? [] : [first]);
    });
    expect(result).to.include({ hop: "live", ok: true, count: 4, distinct: 4 });
    expect(result.message).to.equal(`over Socket.IO from the display at ${display.url}`);
    expect(display.watched).to.deep.equal([numbers.run]);
  });

  it("takes what was shown before it came from the last minute", async () => {
    display.history = pointsOf(numbers);
    const { result } = await prove(() => undefined);
    expect(result).to.include({ ok: true, count: 4 });
    expect(result.message).to.contain(", 4 of them only when asked again");
  });

  it("asks once more for what it missed, and says so", async () => {
    const { result, progress } = await prove(
      () => {
        display.show(numbers.run, pointsOf(numbers).slice(1));
        display.history = pointsOf(numbers);
      },
      { missedAfterMs: 100, arrived: 3 },
    );
    expect(result).to.include({ ok: true, count: 4, distinct: 4 });
    expect(result.message).to.contain(", 1 of them only when asked again");
    expect(progress).to.include("asks again for the live stream: 3 of 4 records");
    expect(display.watched).to.deep.equal([numbers.run, numbers.run]);
  });

  it("says since when the stream has been silent, which is no progress", async () => {
    const { result, progress } = await prove(() => undefined, { timeoutMs: 1500 });
    expect(new Set(progress.filter((words) => words.includes("silent since"))).size).to.equal(1);
    expect(result.message).to.match(
      /^not done within \d+ s, the whole time of the proof: the live stream has shown 0 of 4 records; display at \S+ is connected and silent since [\d:]{8} UTC: no batch of the series has come$/,
    );
  });

  it("says when the last batch came, where some is missing", async () => {
    const { result } = await prove(
      () => {
        display.show(numbers.run, pointsOf(numbers).slice(0, 1));
      },
      { timeoutMs: 200, arrived: 1 },
    );
    expect(result.message).to.match(/has shown 1 of 4 records; .* its last batch of the series came at [\d:]{8} UTC$/);
  });

  it("refuses a number that came twice", async () => {
    const { result } = await prove(
      () => {
        display.show(numbers.run, [...pointsOf(numbers), ...pointsOf(numbers).slice(0, 1)]);
      },
      { timeoutMs: 200, arrived: 4 },
    );
    expect(result.message).to.contain("the live stream has shown 5 records where 4 were sent: duplicates");
  });

  it("refuses a number that was never sent", async () => {
    const { result } = await prove(() => {
      display.show(numbers.run, [[1, 42.5]]);
    });
    expect(result.message).to.equal(
      `the display at ${display.url} shows the value 42.5 in series ${numbers.run}, which was never sent`,
    );
  });

  it("says that marked numbers were thinned out", async () => {
    const { result } = await prove(
      () => {
        display.show(numbers.run, pointsOf(numbers).slice(0, 1), "uniform", 4);
      },
      { timeoutMs: 200, arrived: 1 },
    );
    expect(result.message).to.contain("1 of 4 records; ").and.contain("thinned out 3 marked records");
  });

  it("says that the display can't reach Kafka, in the display's words", async () => {
    display.state = { kafka: "unreachable", problem: "no answer since 12:00:01" };
    const { result } = await prove(() => undefined, { timeoutMs: 200 });
    expect(result.message).to.contain("says that it can't reach Kafka: no answer since 12:00:01");
  });

  it("says that the display refuses the series", async () => {
    display.problem = "the name of a series has 1 to 200 characters";
    const error = await live.watch(numbers.run, AbortSignal.timeout(5000)).then(
      () => undefined,
      (reason: unknown) => reason,
    );
    expect(String(error)).to.equal(
      `Error: display at ${display.url} refuses to show series ${numbers.run}: the name of a series has 1 to 200 characters`,
    );
  });

  it("says that nothing runs where the display should be", async () => {
    const away = new LiveClient({ url: "http://127.0.0.1:1", namespace: "random-numbers", metric: "uniform" });
    const hop = liveHop({ live: away, numbers, missedAfterMs: 0, againLimitMs: 300, pauseMs: 5 });
    const { result } = await runHop(hop);
    away.close();
    expect(result.message).to.match(
      /^the live stream has shown 0 of 4 records; no live connection: display at http:\/\/127\.0\.0\.1:1 can't be reached: .*nothing runs there/,
    );
  });

  it("asks for its series again when a display that was away is back", async () => {
    await live.watch(numbers.run, AbortSignal.timeout(5000));
    const port = Number(new URL(display.url).port);
    await display.stop();
    while (!live.describe().startsWith("no live connection: ")) await sleep(5);
    expect(live.describe()).to.match(
      /^no live connection: display at \S+ (has ended the connection|can't be reached): /,
    );
    const server = createServer();
    const io = new Server<PageEvents, ServerEvents>(server, { path: livePath });
    const { promise, resolve } = Promise.withResolvers<string | null>();
    io.of("/random-numbers").on("connection", (socket) => {
      socket.on("watch", (series, answer) => {
        answer(null);
        resolve(series);
      });
    });
    await new Promise<void>((listening) => server.listen(port, "127.0.0.1", listening));
    try {
      expect(await promise).to.equal(numbers.run);
    } finally {
      await io.close();
    }
  });
});
