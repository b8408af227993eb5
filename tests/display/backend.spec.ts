import { expect } from "chai";
import { Backend } from "../../display/server/backend.ts";
import { Problem } from "../../display/server/problem.ts";

describe("what the server reads from", () => {
  let now = 0;
  let logged: string[] = [];
  beforeEach(() => {
    now = Date.parse("2026-11-21T12:03:04.567Z");
    logged = [];
  });

  const make = (timeoutMs = 5000): Backend =>
    new Backend({ name: "Cassandra", timeoutMs, log: (line) => logged.push(line), now: () => now });
  const failure = async (backend: Backend, look: () => Promise<unknown>): Promise<Problem> => {
    const error = await backend.ask(look).catch((caught: unknown) => caught);
    if (error instanceof Problem) return error;
    throw new Error(`no problem, but ${String(error)}`);
  };
  const fail = (words: string) => (): Promise<never> => Promise.reject(new Error(words));

  it("gives its answers as they are", async () => {
    expect(await make().ask(() => Promise.resolve(42))).to.equal(42);
    expect(logged).to.deep.equal([]);
  });

  it("says since when it is down, each time the first time, and why it is so now", async () => {
    const backend = make();
    expect(await failure(backend, fail("no route"))).to.include({
      status: 503,
      message: "Cassandra does not answer since 12:03:04 UTC: no route",
    });
    now += 60_000;
    expect((await failure(backend, fail("refused"))).message).to.equal(
      "Cassandra does not answer since 12:03:04 UTC: refused",
    );
    expect(backend.state).to.deep.equal({ name: "Cassandra", downSince: "2026-11-21T12:03:04.567Z" });
    expect(logged).to.deep.equal(["Cassandra does not answer: no route"]);
  });

  it("is up again with its first answer", async () => {
    const backend = make();
    await failure(backend, fail("no route"));
    await backend.ask(() => Promise.resolve(1));
    expect(backend.state.downSince).to.equal(null);
    expect(logged).to.deep.equal(["Cassandra does not answer: no route", "Cassandra answers again"]);
    now += 60_000;
    expect((await failure(backend, fail("again"))).message).to.contain("since 12:04:04 UTC");
  });

  it("is down when it takes too long", async () => {
    const never = new Promise<never>(() => undefined);
    expect((await failure(make(10), () => never)).message).to.equal(
      "Cassandra does not answer since 12:03:04 UTC: no answer within 0.01 s",
    );
  });
});
