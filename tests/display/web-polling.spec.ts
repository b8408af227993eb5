import { expect } from "chai";
import { answered, failed, failureOf, nothingYet, type Polled, Poller } from "../../display/web/src/logic/polling.ts";

interface Answer {
  readonly n: number;
}

/** A server whose answers a test gives one by one, and a page that may be hidden. */
function fakes(): {
  readonly asked: {
    readonly url: string;
    readonly reply: (status: number, body: unknown) => void;
    readonly fail: () => void;
  }[];
  readonly seen: Polled<Answer>[];
  readonly poller: Poller<Answer>;
  readonly page: { hidden: boolean; now: number };
  /** Waits until the server was asked so often. */
  readonly askedTimes: (times: number) => Promise<void>;
  readonly settled: () => Promise<void>;
} {
  const asked: { url: string; reply: (status: number, body: unknown) => void; fail: () => void }[] = [];
  const seen: Polled<Answer>[] = [];
  const page = { hidden: false, now: 1_000 };
  const fetch = (url: string, { signal }: { signal: AbortSignal }): Promise<Response> =>
    new Promise((resolve, reject) => {
      signal.addEventListener("abort", () => {
        reject(new Error("aborted"));
      });
      const reply = (status: number, body: unknown): void => {
        resolve(new Response(typeof body === "string" ? body : JSON.stringify(body), { status }));
      };
      const fail = (): void => {
        reject(new TypeError("fetch failed"));
      };
      asked.push({ url, reply, fail });
    });
  const poller = new Poller<Answer>({ fetch, now: () => page.now, isHidden: () => page.hidden }, (polled) => {
    seen.push(polled);
  });
  const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 10));
  const askedTimes = async (times: number): Promise<void> => {
    while (asked.length < times) await settled();
  };
  return { asked, seen, poller, page, askedTimes, settled };
}

describe("display/web: figures that are read again and again", () => {
  it("asks again after the interval, and shows each answer", async () => {
    const { asked, seen, poller, askedTimes } = fakes();
    poller.read("/api/a", 5);
    asked[0]?.reply(200, { n: 1 });
    await askedTimes(2);
    asked[1]?.reply(200, { n: 2 });
    await askedTimes(3);
    poller.stop();
    expect(seen).to.deep.equal([answered({ n: 1 }, "/api/a"), answered({ n: 2 }, "/api/a")]);
  });

  it("keeps the last figures when the server fails, says since when, and goes on by itself", async () => {
    const { asked, seen, poller, page, askedTimes } = fakes();
    poller.read("/api/a", 5);
    asked[0]?.reply(200, { n: 1 });
    await askedTimes(2);
    page.now = 2_000;
    asked[1]?.reply(503, { error: "cassandra can't be reached" });
    await askedTimes(3);
    page.now = 3_000;
    asked[2]?.fail();
    await askedTimes(4);
    asked[3]?.reply(200, { n: 4 });
    await askedTimes(5);
    poller.stop();
    expect(seen.map(({ answer, error, errorSince }) => [answer?.n, error, errorSince])).to.deep.equal([
      [1, null, null],
      [1, "cassandra can't be reached", 2_000],
      [1, "the display's server can't be reached", 2_000],
      [4, null, null],
    ]);
  });

  it("drops the answer to a question that is not asked any more", async () => {
    const { asked, seen, poller, settled } = fakes();
    poller.read("/api/a", 1_000);
    poller.read("/api/b", 1_000);
    asked[1]?.reply(200, { n: 2 });
    await settled();
    asked[0]?.reply(200, { n: 1 });
    await settled();
    poller.stop();
    expect(seen).to.deep.equal([answered({ n: 2 }, "/api/b")]);
  });

  it("does not ask while the page is hidden, and asks at once when it is seen again", async () => {
    const { asked, poller, page, askedTimes, settled } = fakes();
    poller.read("/api/a", 5);
    page.hidden = true;
    asked[0]?.reply(200, { n: 1 });
    for (let waits = 0; waits < 5; waits++) await settled();
    expect(asked).to.have.length(1);
    page.hidden = false;
    poller.seen();
    poller.seen();
    expect(asked).to.have.length(2);
    asked[1]?.reply(200, { n: 2 });
    await askedTimes(3);
    poller.stop();
  });

  it("asks nothing more after its end", async () => {
    const { asked, seen, poller, settled } = fakes();
    poller.read("/api/a", 5);
    poller.stop();
    asked[0]?.reply(200, { n: 1 });
    poller.seen();
    for (let waits = 0; waits < 3; waits++) await settled();
    expect([asked.length, seen]).to.deep.equal([1, []]);
  });

  it("takes an answer that is no JSON for a failure", async () => {
    const { asked, seen, poller, settled } = fakes();
    poller.read("/api/a", 1_000);
    asked[0]?.reply(200, "<html>");
    await settled();
    poller.stop();
    expect(seen[0]?.error).to.equal("the server answered with status 200 and no reason");
  });

  it("never shows the figures of one question below the error of another", () => {
    const before = answered({ n: 1 }, "/api/a");
    const failure = { words: "wrong", isRefused: true };
    expect(failed(before, failure, "/api/b", 5)).to.deep.equal({
      answer: null,
      answerUrl: null,
      error: "wrong",
      isRefused: true,
      errorSince: 5,
    });
    expect(failed(before, failure, "/api/a", 5).answer).to.deep.equal({ n: 1 });
    expect(nothingYet.answer).to.equal(null);
  });

  const failures: [number, unknown, string, boolean][] = [
    [400, { error: "minutes is wrong" }, "minutes is wrong", true],
    [404, { error: "" }, "the server answered with status 404 and no reason", true],
    [503, { error: 5 }, "the server answered with status 503 and no reason", false],
    [502, null, "the server answered with status 502 and no reason", false],
    [500, "text", "the server answered with status 500 and no reason", false],
  ];
  for (const [status, body, words, isRefused] of failures) {
    it(`says "${words}" of status ${String(status)} with ${JSON.stringify(body)}`, () => {
      expect(failureOf(status, body)).to.deep.equal({ words, isRefused });
    });
  }
});
