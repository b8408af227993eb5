import { expect } from "chai";
import { MarkedSamples } from "../../../../components/race-car/hops/marked-samples.ts";
import { sendMarked } from "../../../../components/race-car/hops/race.ts";
import { type Ingest, startIngest } from "../../../../components/race-car/programs/ingest-server.ts";
import type { Taken } from "../../../../components/race-car/programs/intake.ts";
import { HopFailure } from "../../../../platform/hops/hop.ts";

const token = "t".repeat(32);

describe("hop race", () => {
  let ingest: Ingest;
  let taken: Taken[];
  let isStored: (one: Taken) => boolean;

  beforeEach(async () => {
    taken = [];
    isStored = () => true;
    ingest = await startIngest({
      port: 0,
      token,
      messagesPerSecond: 50,
      mostWaiting: 1000,
      log: () => undefined,
      send: (one, stored) => {
        taken.push(one);
        if (isStored(one)) setImmediate(stored);
      },
      health: () => ({ isHealthy: true, figures: {} }),
      now: () => Date.now(),
    });
  });
  afterEach(() => ingest.stop());

  const send = async (options: { url?: string; token?: string; count?: number; limitMs?: number } = {}) => {
    const records = Array.from({ length: options.count ?? 10 });
    const marked = new MarkedSamples({ run: "proof-1764324000000-0a1b2c3d", records });
    marked.make(Date.now());
    const { url = `ws://127.0.0.1:${ingest.port}`, token: shown = token } = options;
    const progress: string[] = [];
    const context = {
      signal: new AbortController().signal,
      onProgress: (words: string) => void progress.push(words),
    };
    await sendMarked({ url, token: shown, marked, limitMs: options.limitMs ?? 5000 }, "ingest", context);
    return marked;
  };
  const failure = async (options: Parameters<typeof send>[0]): Promise<Error> => {
    try {
      await send(options);
    } catch (error) {
      return error as Error;
    }
    throw new Error("it held");
  };

  it("sends its samples and the poison, and waits until all of it is in Kafka", async () => {
    const marked = await send();
    expect(taken.filter(({ kind }) => kind === "sample")).to.have.length(10);
    expect(taken.flatMap(({ reason }) => reason ?? []).sort()).to.deep.equal([
      "bad time: noon",
      "field missing or of a wrong type: gear",
      "speed out of range: 9999, allowed 0 to 200",
      "unknown version: 2, known 1",
    ]);
    expect(taken[0]?.message.headers).to.deep.equal({ "millrace-run": marked.run });
  });

  it("fails for good when the token is refused", async () => {
    const error = await failure({ token: "x".repeat(32) });
    expect(error).to.be.instanceOf(HopFailure);
    expect(error.message).to.match(/^the ingest took no samples: .*401/);
  });

  it("may be tried again where nobody listens", async () => {
    const error = await failure({ url: "ws://127.0.0.1:9" });
    expect(error).not.to.be.instanceOf(HopFailure);
    expect(error.message).to.match(/^the ingest took no samples: .*ECONNREFUSED/);
    expect(error.cause).to.have.property("code", "ECONNREFUSED");
  });

  it("may be tried again when Kafka does not take all of it", async () => {
    isStored = ({ kind }) => kind === "sample";
    const error = await failure({ limitMs: 600 });
    expect(error).not.to.be.instanceOf(HopFailure);
    expect(error.message).to.equal("the ingest has settled 10 of 14 messages");
  });

  it("fails when the ingest has dropped some", async () => {
    const error = await failure({ count: 300 });
    expect(error).to.be.instanceOf(HopFailure);
    expect(error.message).to.match(
      /^the ingest says that it has stored \d+, refused \d+ and dropped \d+ messages; sent were 300 samples and 4 that are none$/,
    );
  });
});
