import { expect } from "chai";
import { askEarly, describeError, isConnectionRefused, isRefusal, poll } from "../../../platform/hops/errors.ts";
import { HopFailure } from "../../../platform/hops/hop.ts";

async function failureOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => "no failure",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

const refusedConnection = Object.assign(new Error("connect ECONNREFUSED 10.0.0.1:8080"), { code: "ECONNREFUSED" });
const unreachable = new Error("pump at http://pump:8080 can't be reached", { cause: refusedConnection });

describe("polling a hop", () => {
  it("tries again after an outage and gives the result when it is there", async () => {
    let looks = 0;
    const look = (): Promise<object | string> => {
      looks++;
      if (looks === 1) return Promise.reject(new Error("ECONNREFUSED"));
      return Promise.resolve(looks === 2 ? "0 of 2" : { found: true });
    };
    expect(await poll(look, { signal: AbortSignal.timeout(5000), pauseMs: 1 })).to.deep.equal({ found: true });
  });

  it("looks again soon, then less and less often, and soon again after an answer in other words", async () => {
    const pauses: number[] = [];
    const answers = ["0 of 2", "0 of 2", "0 of 2", "1 of 2", "1 of 2"];
    const look = (): Promise<object | string> => Promise.resolve(answers[pauses.length] ?? { found: true });
    const pause = (ms: number): Promise<void> => Promise.resolve(void pauses.push(ms));
    await poll(look, { signal: new AbortController().signal, pauseMs: 300, pause });
    expect(pauses).to.deep.equal([100, 200, 300, 100, 200]);
    pauses.length = 0;
    await poll(look, { signal: new AbortController().signal, pause });
    expect(pauses).to.deep.equal([100, 200, 400, 100, 200]);
  });

  it("says at the end what was missing last", async () => {
    const failure = await failureOf(
      poll(() => Promise.resolve("1 of 2"), { signal: AbortSignal.timeout(30), pauseMs: 5 }),
    );
    expect(failure).to.equal("after 0 s: 1 of 2");
  });

  it("keeps what it saw when the last look is cut off by the time limit", async () => {
    const stop = new AbortController();
    let looks = 0;
    const look = (): Promise<object | string> => {
      looks++;
      if (looks === 1) return Promise.resolve("1 of 2");
      stop.abort();
      return Promise.reject(new Error("aborted"));
    };
    expect(await failureOf(poll(look, { signal: stop.signal, pauseMs: 1 }))).to.equal("after 0 s: 1 of 2");
  });

  it("ends early, in the words of the end, where every connection is refused", async () => {
    const words = await failureOf(
      poll(() => Promise.reject(unreachable), { signal: AbortSignal.timeout(5000), pauseMs: 1, refusedMs: 20 }),
    );
    expect(words).to.equal(
      "after 0 s: pump at http://pump:8080 can't be reached: connect ECONNREFUSED 10.0.0.1:8080 (nothing runs there)",
    );
    const longer = poll(() => Promise.reject(unreachable), { signal: AbortSignal.timeout(30), pauseMs: 1 });
    expect(await failureOf(longer)).to.equal(words);
  });

  it("counts refused connections anew after an answer, or after another trouble than that", async () => {
    const timedOut = Object.assign(new Error("connect ETIMEDOUT 10.0.0.1:8080"), { code: "ETIMEDOUT" });
    const others: readonly (() => Promise<string>)[] = [
      () => Promise.resolve("0 of 2"),
      () => Promise.reject(timedOut),
      () => Promise.reject(new Error("status 503")),
    ];
    for (const other of others) {
      let looks = 0;
      const look = (): Promise<object | string> => {
        looks++;
        if (looks === 12) return Promise.resolve({ found: true });
        return looks % 2 === 0 ? other() : Promise.reject(unreachable);
      };
      const options = { signal: AbortSignal.timeout(5000), pauseMs: 5, refusedMs: 1 };
      expect(await poll(look, options)).to.deep.equal({ found: true });
    }
  });

  it("waits to the end for a host without a name and for one that does not answer", async () => {
    for (const code of ["ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH"]) {
      const error = Object.assign(new Error(`${code} pump`), { code });
      const signal = AbortSignal.timeout(40);
      await failureOf(poll(() => Promise.reject(error), { signal, pauseMs: 1, refusedMs: 5 }));
      expect(signal.aborted, code).to.equal(true);
    }
  });

  it("does not wait when the key is refused or the data is wrong", async () => {
    const refused = Object.assign(new Error("no"), { code: "SignatureDoesNotMatch" });
    const signal = AbortSignal.timeout(5000);
    expect(await failureOf(poll(() => Promise.reject(refused), { signal }))).to.equal("no");
    expect(await failureOf(poll(() => Promise.reject(new HopFailure("other bytes")), { signal }))).to.equal(
      "other bytes",
    );
  });
});

describe("what is asked early", () => {
  const asking = (...answers: (string | Error)[]) => {
    return (): Promise<string> => {
      const answer = answers.shift() ?? "asked once too often";
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    };
  };

  it("is not asked again where it went well", async () => {
    expect(await askEarly(asking("listed"), new Promise(() => undefined))).to.equal("listed");
  });

  it("is asked again, once the others have passed, where it went wrong before that", async () => {
    const { promise, resolve } = Promise.withResolvers<undefined>();
    const asked = askEarly(asking(new Error("away"), "listed"), promise);
    resolve(undefined);
    expect(await asked).to.equal("listed");
  });

  it("fails with what went wrong after that, and where the others are missing", async () => {
    const { promise: begun, resolve } = Promise.withResolvers<undefined>();
    const twice = askEarly(asking(new Error("away"), new Error("still away")), begun);
    resolve(undefined);
    expect(await failureOf(twice)).to.equal("still away");
    const { promise, reject } = Promise.withResolvers<never>();
    const asked = askEarly(asking(new Error("away")), promise);
    reject(new Error("others are missing"));
    expect(await failureOf(asked)).to.equal("others are missing");
  });
});

describe("errors in words", () => {
  it("shows code, cause and meaning once", () => {
    const cause = Object.assign(new Error("connect ECONNREFUSED 127.0.0.1:1"), { code: "ECONNREFUSED" });
    const words = "fetch failed: connect ECONNREFUSED 127.0.0.1:1 (nothing runs there)";
    expect(describeError(new Error("fetch failed", { cause }))).to.equal(words);
    expect(describeError(new Error(words))).to.equal(words);
    expect(describeError(Object.assign(new Error(""), { code: "ETIMEDOUT" }))).to.equal(
      "ETIMEDOUT (it does not answer)",
    );
  });

  it("takes a connection for refused by its cause, not by words that speak of one", () => {
    expect(isConnectionRefused(refusedConnection)).to.equal(true);
    expect(isConnectionRefused(new Error("outer", { cause: unreachable }))).to.equal(true);
    expect(isConnectionRefused(new AggregateError([refusedConnection, refusedConnection]))).to.equal(true);
    expect(isConnectionRefused(new AggregateError([refusedConnection, new Error("late")]))).to.equal(false);
    expect(isConnectionRefused(new Error("status 503: connect ECONNREFUSED 10.0.0.1:9042"))).to.equal(false);
    expect(isConnectionRefused("ECONNREFUSED")).to.equal(false);
  });

  it("takes only answers about access for refusals", () => {
    expect(isRefusal(Object.assign(new Error("x"), { code: "AccessDenied" }))).to.equal(true);
    expect(isRefusal(Object.assign(new Error("x"), { code: "NoSuchKey" }))).to.equal(false);
    expect(isRefusal("AccessDenied")).to.equal(false);
  });
});
