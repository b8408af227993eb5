import { expect } from "chai";
import { pumpHop } from "../../../../components/random-numbers/hops/pump.ts";
import type { LiveClient } from "../../../../components/display/hops/live-client.ts";
import { MarkedNumbers } from "../../../../components/random-numbers/hops/marked-numbers.ts";
import { makeMarkedRun } from "../../../../components/telemetry/hops/marked-records.ts";
import { PumpClient } from "../../../../components/random-numbers/hops/pump-client.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import type { FakeAnswer, SeenRequest } from "../../../support/fake-server.ts";
import { hourStart, runHop } from "../../../support/hops.ts";
import type { HopOutcome } from "../../../support/hops.ts";

interface Order {
  readonly run: string;
  readonly values: number[];
  readonly metric: string;
  readonly poison?: string[];
}

describe("hop pump", () => {
  let server: FakeServer;
  let sent: number;
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());
  beforeEach(() => {
    sent = 0;
    server.reset({ "POST /marked": carriedOut });
  });

  /** Answers as a pump does, each time with new ids. */
  function carriedOut(request: SeenRequest): FakeAnswer {
    const { run, values } = JSON.parse(request.body) as Order;
    const records = values.map((value) => ({ id: `n-${sent++}`, ts: new Date(hourStart).toISOString(), value }));
    return { body: { run, sent: values.length, records } };
  }

  const orders = (): Order[] => server.requests.map(({ body }) => JSON.parse(body) as Order);

  async function prove(
    options: {
      url?: string;
      records?: number;
      live?: (run: string) => Promise<void>;
      reading?: readonly boolean[];
      timeoutMs?: number;
      liveLimitMs?: number;
    } = {},
  ): Promise<HopOutcome & { numbers: MarkedNumbers; steps: string[] }> {
    const numbers = new MarkedNumbers(makeMarkedRun({ records: options.records ?? 5, poison: 2 }));
    const steps: string[] = [];
    const reading = [...(options.reading ?? [])];
    const live = {
      get isReading() {
        return reading.shift() ?? true;
      },
      where: "display at http://display",
      watch: (run: string) => {
        steps.push(`watches ${run}`);
        return options.live?.(run) ?? Promise.resolve();
      },
      close: () => void steps.push("ends the live connection"),
    } as unknown as LiveClient;
    const hop = pumpHop({
      pump: new PumpClient({ url: options.url ?? server.url, token: "pump-token" }),
      numbers,
      live,
      cleanups: [{ what: "rows", run: () => Promise.resolve(void steps.push("removes rows")) }],
      liveLimitMs: options.liveLimitMs ?? 50,
      pauseMs: 5,
    });
    return { ...(await runHop(hop, options.timeoutMs)), numbers, steps };
  }

  it("holds when a pump has sent all numbers at once, the poison with them, and removes what it left", async () => {
    const { result, proof, numbers, steps } = await prove();
    expect(result).to.include({ hop: "pump", ok: true, count: 5, distinct: 5 });
    expect(result.message).to.equal(
      `sent by the pump of random numbers at ${server.url} and acknowledged, and 2 poison ones`,
    );
    expect(orders()).to.deep.equal([
      {
        run: numbers.run,
        values: numbers.values,
        metric: "uniform",
        poison: numbers.poison.map(({ value }) => value),
      },
    ]);
    expect(server.requests[0]?.headers.authorization).to.equal("Bearer pump-token");
    expect(numbers.records.map(({ value }) => value)).to.deep.equal(numbers.values);
    expect(proof.warnings).to.deep.equal([]);
    expect(steps).to.deep.equal([`watches ${numbers.run}`, "removes rows", "ends the live connection"]);
  });

  it("sends nothing before the display reads Kafka: it never shows what came before", async () => {
    const { result, numbers, steps } = await prove({ reading: [false, false], liveLimitMs: 5000 });
    expect(result).to.include({ ok: true, count: 5 });
    expect(steps.filter((step) => step === `watches ${numbers.run}`)).to.have.length(3);
  });

  it("goes on after a while where the display never reads Kafka: the hop after it names that", async () => {
    const { result } = await prove({ reading: Array.from({ length: 1000 }, () => false) });
    expect(result).to.include({ ok: true, count: 5 });
  });

  it("goes on without a display that can't be watched: the hop after it names that", async () => {
    const { result, steps } = await prove({ live: () => Promise.reject(new Error("can't be reached")) });
    expect(result).to.include({ ok: true, count: 5 });
    expect(steps[0]).to.match(/^watches /);
  });

  it("tries again under another run when a part may have been sent", async () => {
    let asked = 0;
    server.reset({
      "POST /marked": (request) =>
        asked++ === 0 ? { status: 503, body: { error: "Kafka acknowledged 1 of 2 messages" } } : carriedOut(request),
    });
    const { result, numbers, steps } = await prove();
    expect(result).to.include({ ok: true, count: 5, distinct: 5 });
    expect(numbers.runs).to.have.length(2);
    expect(orders().map(({ run }) => run)).to.deep.equal(numbers.runs);
    expect(steps.filter((step) => step.startsWith("watches"))).to.deep.equal(
      numbers.runs.map((run) => `watches ${run}`),
    );
  });

  it("says that nothing runs where the pumps should be, and has sent under one run only", async () => {
    const { result, numbers } = await prove({ url: "http://127.0.0.1:1", timeoutMs: 1000 });
    expect(result.message).to.match(
      /^not done within \d+ s, the whole time of the proof: pump of random numbers at http:\/\/127\.0\.0\.1:1 can't be reached: .*nothing runs there/,
    );
    expect(numbers.runs).to.have.length(1);
  });

  it("says why Kafka did not take the numbers, in the pump's words", async () => {
    server.reset({ "POST /marked": { status: 503, body: { error: "Kafka acknowledged 0 of 3 messages: no answer" } } });
    const { result, steps } = await prove({ timeoutMs: 1000 });
    expect(result.message).to.match(
      /^not done within \d+ s, the whole time of the proof: pump of random numbers at \S+ did not send the numbers: status 503: Kafka acknowledged 0 of 3 messages: no answer$/,
    );
    expect(steps).to.include("removes rows");
  });

  it("does not try again what is refused for good", async () => {
    server.reset({ "POST /marked": { status: 401, body: { error: "this is not the pump's token" } } });
    const token = await prove();
    expect(token.result.message).to.equal(
      `pump of random numbers at ${server.url} refuses the proof's token: status 401: this is not the pump's token`,
    );
    server.reset({ "POST /marked": { status: 400, body: { error: 'run is "x y"' } } });
    const order = await prove();
    expect(order.result.message).to.contain('did not send the numbers: status 400: run is "x y"');
    expect(server.asked).to.have.length(1);
  });

  const lies: readonly (readonly [string, (answer: { run: string; records: object[] }) => object, string])[] = [
    ["no list of records", () => ({ status: "ok" }), "answers what is no list of records"],
    ["another run", (answer) => ({ ...answer, run: "other" }), "answers for run other where"],
    ["too few", (answer) => ({ ...answer, records: answer.records.slice(1) }), "answers with 4 records for 5 numbers"],
    ["other numbers", (answer) => ({ ...answer, records: answer.records.toReversed() }), "answers with other numbers"],
    [
      "an id twice",
      (answer) => ({ ...answer, records: answer.records.map((record) => ({ ...record, id: "same" })) }),
      "answers with an id that is there twice",
    ],
  ];
  for (const [what, lie, words] of lies) {
    it(`does not believe a pump that answers with ${what}`, async () => {
      server.reset({
        "POST /marked": (request) => ({
          body: lie(carriedOut(request).body as { run: string; records: object[] }),
        }),
      });
      const { result } = await prove();
      expect(result.ok).to.equal(false);
      expect(result.message).to.contain(words);
    });
  }
});
