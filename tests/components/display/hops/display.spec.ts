import { expect } from "chai";
import { DisplayClient } from "../../../../components/display/hops/display-client.ts";
import type { Hop } from "../../../../platform/hops/hop.ts";
import { displayHop } from "../../../../components/display/hops/display.ts";
import type { MarkedNumbers } from "../../../../components/random-numbers/hops/marked-numbers.ts";
import { makeMarkedRun } from "../../../../components/telemetry/hops/marked-records.ts";
import type { MarkedRun } from "../../../../components/telemetry/hops/marked-records.ts";
import { windowsOf } from "../../../../components/windows/hops/windows.ts";
import type { TimedValue } from "../../../../components/windows/hops/windows.ts";
import type { WindowFigures, WindowsAnswer } from "../../../../display/protocol.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import { hourStart, runHop, sentNumbers } from "../../../support/hops.ts";

const path = "/api/spark-streaming";

describe("hop display", () => {
  let server: FakeServer;
  let numbers: MarkedNumbers;
  let marked: MarkedRun;
  let hop: Hop;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());
  beforeEach(() => {
    numbers = sentNumbers();
    marked = makeMarkedRun({ records: 20, poison: 0 }, new Date(hourStart + 1000));
    server.reset(good());
    hop = displayHop({ display: new DisplayClient(server), numbers, marked, windowSeconds: 10, pauseMs: 5 });
  });

  const telemetry = (): TimedValue[] => marked.records.map(({ ts, value }) => ({ ts: Date.parse(ts), value }));

  function shown(records: readonly TimedValue[]): WindowFigures[] {
    return windowsOf(records, 10).map((window) => ({ ...window, start: new Date(window.start).toISOString() }));
  }

  function answer(sink: "disk" | "cassandra", changes: Partial<WindowsAnswer> = {}): WindowsAnswer {
    return {
      sink,
      stream: "random-numbers",
      series: numbers.run,
      metric: "uniform",
      available: [{ series: numbers.run, metrics: ["uniform"] }],
      windowSeconds: 10,
      windows: shown(numbers.records),
      lastRecordAt: "2026-11-21T12:00:14.000Z",
      readAt: "2026-11-21T12:00:20.000Z",
      ...changes,
    };
  }

  function good(): Record<string, { body: WindowsAnswer }> {
    const monitoring = {
      stream: "monitoring",
      series: marked.run,
      metric: "proof.sequence",
      windows: shown(telemetry()),
      lastRecordAt: "2026-11-21T12:00:01.000Z",
    } as const;
    return Object.fromEntries(
      (["disk", "cassandra"] as const).flatMap((sink) => [
        [`GET ${path}/${sink}/random-numbers`, { body: answer(sink) }],
        [`GET ${path}/${sink}/monitoring`, { body: answer(sink, monitoring) }],
      ]),
    );
  }

  /** What the hop says when one of the four answers is changed. */
  async function failureOf(changes: Partial<WindowsAnswer>): Promise<string> {
    server.reset({ ...good(), [`GET ${path}/cassandra/random-numbers`]: { body: answer("cassandra", changes) } });
    return (await runHop(hop, /shows/)).result.message;
  }

  it("holds when both streams are shown as computed, from both sinks", async () => {
    const { result } = await runHop(hop);
    // Two windows of random numbers and one of monitoring, from each sink.
    expect(result).to.include({ hop: "display", ok: true, count: 6, distinct: 3, checksum: "60" });
    expect(result.message).to.equal(`both streams from both sinks, from the display at ${server.url}`);
    expect(server.requests.map((request) => request.path)).to.have.members(
      ["disk", "cassandra"].flatMap((sink) => [
        `${path}/${sink}/random-numbers?series=${numbers.run}&metric=uniform&minutes=60`,
        `${path}/${sink}/monitoring?series=${marked.run}&metric=proof.sequence&minutes=60`,
      ]),
    );
  });

  it("waits until all four answers hold, and says for which", async () => {
    let asked = 0;
    const late = `GET ${path}/disk/monitoring`;
    const routes = good();
    server.reset({
      ...routes,
      [late]: () => (asked++ < 3 ? { body: { ...routes[late]?.body, windows: [] } } : (routes[late] ?? {})),
    });
    const { result, progress } = await runHop(hop);
    expect(result).to.include({ ok: true, count: 6 });
    expect(progress).to.deep.equal([
      `the display at ${server.url} shows of monitoring from disk 0 of 1 windows; that of 2026-11-21T12:00:00.000Z is missing`,
    ]);
  });

  it("refuses figures that are not those of the records", async () => {
    const windows = shown(numbers.records);
    const wrong = windows.map((window) => ({ ...window, mean: window.mean * 1.001 }));
    expect(await failureOf({ windows: wrong })).to.match(
      /shows of random-numbers from cassandra the window of 2026-11-21T12:00:00\.000Z with mean \S+, right is \S+$/,
    );
    expect(await failureOf({ windows: [...windows, ...windows.slice(0, 1)] })).to.contain("duplicates");
    expect(await failureOf({ windows: windows.toReversed() })).to.contain("windows in no order of time");
  });

  it("refuses an answer to another question", async () => {
    expect(await failureOf({ series: "pumps" })).to.contain(
      `shows of random-numbers from cassandra series pumps, asked was proof-`,
    );
    expect(await failureOf({ metric: null })).to.contain("metric null, asked was uniform");
    expect(await failureOf({ sink: "disk" })).to.contain("sink disk, asked was cassandra");
    expect(await failureOf({ windowSeconds: 60 })).to.contain("windows of 60 s, right is 10");
  });

  it("refuses a time of the newest record that is none of it", async () => {
    expect(await failureOf({ lastRecordAt: null })).to.contain("its newest record as of none");
    expect(await failureOf({ lastRecordAt: "2026-11-21T12:00:13.000Z" })).to.contain(
      "its newest record as of 2026-11-21T12:00:13.000Z, sent was 2026-11-21T12:00:14.000Z",
    );
  });

  it("tells an outage from an empty answer, in the display's words", async () => {
    server.reset({
      ...good(),
      [`GET ${path}/cassandra/random-numbers`]: { status: 503, body: { error: "Cassandra does not answer" } },
    });
    expect((await runHop(hop, /status 503/)).result.message).to.match(
      /^after \d+ s: of random-numbers from cassandra, display at \S+ does not answer \/api\/spark-streaming\/cassandra\/random-numbers: status 503: Cassandra does not answer$/,
    );
    const away = displayHop({
      display: new DisplayClient({ url: "http://127.0.0.1:1" }),
      numbers,
      marked,
      windowSeconds: 10,
    });
    expect((await runHop(away, /can't be reached/)).result.message).to.match(
      /^not done within \d+ s, the whole time of the proof: display at http:\/\/127\.0\.0\.1:1 can't be reached: [^;]+ \(nothing runs there\)$/,
    );
  });

  it("does not try again what is refused for good, or is no answer at all", async () => {
    server.reset({ ...good(), [`GET ${path}/disk/monitoring`]: { status: 400, body: { error: 'minutes is "60"' } } });
    expect((await runHop(hop)).result.message).to.equal(
      `display at ${server.url} does not answer ${path}/disk/monitoring: status 400: minutes is "60"`,
    );
    server.reset({ ...good(), [`GET ${path}/disk/monitoring`]: { body: { windows: "many" } } });
    expect((await runHop(hop)).result.message).to.match(
      /^display at \S+ answers \/api\/spark-streaming\/disk\/monitoring with something else: \S+/,
    );
  });
});
