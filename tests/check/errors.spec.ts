import { expect } from "chai";
import { describeError, isRefusal, poll } from "../../check/errors.ts";
import { HopFailure } from "../../check/hop.ts";

async function failureOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => "no failure",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}

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

  it("does not wait when the key is refused or the data is wrong", async () => {
    const refused = Object.assign(new Error("no"), { code: "SignatureDoesNotMatch" });
    const signal = AbortSignal.timeout(5000);
    expect(await failureOf(poll(() => Promise.reject(refused), { signal }))).to.equal("no");
    expect(await failureOf(poll(() => Promise.reject(new HopFailure("other bytes")), { signal }))).to.equal(
      "other bytes",
    );
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

  it("takes only answers about access for refusals", () => {
    expect(isRefusal(Object.assign(new Error("x"), { code: "AccessDenied" }))).to.equal(true);
    expect(isRefusal(Object.assign(new Error("x"), { code: "NoSuchKey" }))).to.equal(false);
    expect(isRefusal("AccessDenied")).to.equal(false);
  });
});
