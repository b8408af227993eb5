import { expect } from "chai";

import { type Fault, PutBack, together } from "./put-back.ts";

describe("faults that end", () => {
  it("are ended once, also when they have begun only in part", async () => {
    const [putBack, done] = [new PutBack(), [] as string[]];
    await putBack.begin(fault("one", done));
    const half = { ...fault("two", done), begin: () => Promise.reject(new Error("no answer")) };
    expect(await failureOf(putBack.begin(half))).to.equal("no answer");
    await putBack.all();
    await putBack.all();
    expect(done).to.deep.equal(["begin one", "end one", "end two"]);
  });

  it("are tried again when they could not be ended, and do not keep others from it", async () => {
    const [putBack, done] = [new PutBack(), [] as string[]];
    let isAway = true;
    const stubborn = fault("one", done);
    await putBack.begin({
      ...stubborn,
      end: () => (isAway ? Promise.reject(new Error("no answer")) : stubborn.end()),
    });
    await putBack.begin(fault("two", done));
    expect(await failureOf(putBack.all())).to.equal("not put back: one (no answer)");
    expect(done).to.include("end two");
    isAway = false;
    await putBack.all();
    expect(done.slice(2)).to.deep.equal(["end two", "end one"]);
  });

  it("begin and end together, also where one of them could not begin", async () => {
    const [putBack, done] = [new PutBack(), [] as string[]];
    const half = { ...fault("two", done), begin: () => Promise.reject(new Error("no answer")) };
    const both = together(fault("one", done), half);
    expect(both.what).to.equal("one and two");
    expect(await failureOf(putBack.begin(both))).to.equal("no answer");
    await putBack.all();
    expect(done).to.deep.equal(["begin one", "end one", "end two"]);
  });
});

function fault(what: string, done: string[]): Fault {
  const does = (step: string) => (): Promise<void> => {
    done.push(`${step} ${what}`);
    return Promise.resolve();
  };
  return { what, begin: does("begin"), end: does("end") };
}

async function failureOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => "no failure",
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
}
