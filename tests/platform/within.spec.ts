import { expect } from "chai";
import { within } from "../../platform/within.ts";

describe("work within a time", () => {
  const never = new AbortController().signal;

  it("gives its answer, or its error", async () => {
    expect(await within(5000, never, () => Promise.resolve(7))).to.equal(7);
    expect(await within(5000, never, () => Promise.reject(new Error("no"))).catch(String)).to.equal("Error: no");
  });

  it("is over in time, and told so, whether it looks at its signal or not", async () => {
    let told: unknown;
    const deaf = within(20, never, (signal) => {
      signal.addEventListener("abort", () => (told = signal.reason as unknown));
      return new Promise(() => undefined);
    });
    expect(await deaf.catch(String)).to.equal("Error: no answer within 0.02 s");
    expect(String(told)).to.equal("Error: no answer within 0.02 s");
  });

  it("is over when nobody waits for it any more, and does not begin then", async () => {
    const ended = new AbortController();
    const work = within(60_000, ended.signal, () => new Promise(() => undefined));
    ended.abort(new Error("stopped"));
    expect(await work.catch(String)).to.equal("Error: stopped");
    let hasBegun = false;
    const late = within(60_000, ended.signal, () => {
      hasBegun = true;
      return Promise.resolve();
    });
    expect(await late.catch(String)).to.equal("Error: stopped");
    expect(hasBegun).to.equal(false);
  });
});
