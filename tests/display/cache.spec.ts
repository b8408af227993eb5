import { expect } from "chai";
import { cached } from "../../display/server/cache.ts";
import { Problem } from "../../display/server/problem.ts";

describe("answers that are kept", () => {
  let now = 0;
  let looks: string[] = [];
  let pending: PromiseWithResolvers<string>[] = [];

  beforeEach(() => {
    now = 1000;
    looks = [];
    pending = [];
  });

  const slow = (question: { readonly of: string }): Promise<string> => {
    looks.push(question.of);
    const answer = Promise.withResolvers<string>();
    pending.push(answer);
    return answer.promise;
  };
  const quick = (question: { readonly of: string }): Promise<string> => {
    looks.push(question.of);
    return Promise.resolve(`${question.of} ${looks.length}`);
  };
  const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

  it("cost one look for all who ask at the same time", async () => {
    const ask = cached(slow, { keepMs: 100, now: () => now });
    const answers = [ask({ of: "a" }), ask({ of: "a" }), ask({ of: "a" })];
    now += 10_000;
    answers.push(ask({ of: "a" }));
    pending[0]?.resolve("answer");
    expect(await Promise.all(answers)).to.deep.equal(["answer", "answer", "answer", "answer"]);
    expect(looks).to.deep.equal(["a"]);
  });

  it("are looked up again when their time is over", async () => {
    const ask = cached(quick, { keepMs: 100, now: () => now });
    expect(await ask({ of: "a" })).to.equal("a 1");
    now += 99;
    expect(await ask({ of: "a" })).to.equal("a 1");
    now += 1;
    expect(await ask({ of: "a" })).to.equal("a 2");
  });

  it("are told apart by their questions", async () => {
    const ask = cached(quick, { keepMs: 100, now: () => now });
    expect([await ask({ of: "a" }), await ask({ of: "b" })]).to.deep.equal(["a 1", "b 2"]);
  });

  it("are failures too, for as long", async () => {
    const ask = cached(slow, { keepMs: 100, now: () => now });
    const first = ask({ of: "a" });
    pending[0]?.reject(new Error("down"));
    const wordsOf = (answer: Promise<string>) => answer.catch((error: unknown) => (error as Error).message);
    expect(await wordsOf(first)).to.equal("down");
    expect(await wordsOf(ask({ of: "a" }))).to.equal("down");
    expect(looks).to.have.length(1);
    now += 100;
    void wordsOf(ask({ of: "a" }));
    expect(looks).to.have.length(2);
  });

  it("are no more than allowed, and the oldest goes first", async () => {
    const ask = cached(quick, { keepMs: 1000, maxAnswers: 2, now: () => now });
    for (const name of ["a", "b", "c"]) await ask({ of: name });
    await settled();
    await ask({ of: "c" });
    await ask({ of: "b" });
    expect(looks).to.deep.equal(["a", "b", "c"]);
    await ask({ of: "a" });
    expect(looks).to.deep.equal(["a", "b", "c", "a"]);
  });

  it("are refused when too many others are looked up already, and given again afterwards", async () => {
    const ask = cached(slow, { keepMs: 100, maxLooks: 2, now: () => now });
    const answers = [ask({ of: "a" }), ask({ of: "b" })];
    const refusal = await ask({ of: "c" }).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(Problem).and.to.include({
      status: 503,
      message: "the server looks up 2 other answers already; ask again in a moment",
    });
    for (const { resolve } of pending) resolve("answer");
    await Promise.all(answers);
    await settled();
    void ask({ of: "c" });
    expect(looks).to.deep.equal(["a", "b", "c"]);
  });
});
