import { expect } from "chai";
import { OURS, OWNER } from "../../../components/connect/programs/apply.ts";
import { causeIn } from "../../../components/connect/programs/connect-api.ts";
import { type ConnectorReport, Watch } from "../../../components/connect/programs/watch.ts";
import { failed, FakeConnect, running } from "./fake-connect.ts";

const TRACE =
  "org.apache.kafka.connect.errors.ConnectException: Exiting WorkerSinkTask due to unrecoverable exception.\n" +
  "\tat org.apache.kafka.connect.runtime.WorkerSinkTask.deliverMessages(WorkerSinkTask.java:626)\n" +
  "Caused by: org.apache.kafka.connect.errors.ConnectException: bucket b is not there\n" +
  "\tat millrace.connect.S3Store.asked(S3Store.java:120)\n";

describe("what watches over connectors", () => {
  let connect: FakeConnect;
  let now: number;
  let watch: Watch;

  beforeEach(() => {
    connect = new FakeConnect();
    now = Date.UTC(2026, 10, 28);
    watch = new Watch({
      api: connect,
      wanted: { a: { topics: "x" } },
      lagOf: (group) => Promise.resolve(group === "connect-a" ? 7 : undefined),
      log: () => undefined,
      now: () => now,
    });
  });

  const look = async (seconds = 0): Promise<ConnectorReport | undefined> => {
    now += seconds * 1000;
    await watch.look();
    return watch.report.connectors.find(({ name }) => name === "a");
  };
  const restarts = (): number => connect.calls.filter((call) => call === "restart a").length;
  const breakIt = (): void => {
    connect.there["a"] = { config: { topics: "x", name: "a", [OWNER]: OURS }, states: [failed(0, TRACE)] };
  };

  it("makes a connector that is gone anew", async () => {
    await look();
    Reflect.deleteProperty(connect.there, "a");
    expect(await look()).to.include({ condition: "running", lag: 7 });
    expect(connect.calls.filter((call) => call === "put a")).to.have.length(2);
  });

  it("starts what has failed anew, each time later, and tells why it failed", async () => {
    breakIt();
    expect(await look()).to.deep.include({
      condition: "failed",
      problem: "bucket b is not there",
      restarts: 0,
      nextStart: "2026-11-28T00:00:05.000Z",
      tasks: { running: 0, all: 1 },
    });
    await look(4);
    expect(restarts()).to.equal(0);
    await look(1);
    expect(restarts()).to.equal(1);
    expect(await look(1)).to.include({ nextStart: "2026-11-28T00:00:16.000Z", restarts: 1 });
    await look(9);
    expect(restarts()).to.equal(1);
    await look(1);
    expect(restarts()).to.equal(2);
    for (let round = 0; round < 40; round++) await look(150);
    const last = await look();
    expect(Date.parse(last?.nextStart ?? "") - now).to.be.at.most(300_000);
  });

  it("keeps the last failure and the count when it runs again, and begins with a short pause after a calm time", async () => {
    breakIt();
    await look();
    await look(5);
    connect.there["a"] = { config: { topics: "x", name: "a", [OWNER]: OURS }, states: [running(0)] };
    expect(await look(1)).to.deep.include({
      condition: "running",
      restarts: 1,
      lastFailure: { at: "2026-11-28T00:00:00.000Z", words: "bucket b is not there" },
    });
    expect(await look(601)).not.to.have.property("problem");
    breakIt();
    expect(Date.parse((await look())?.nextStart ?? "") - now).to.equal(5000);
  });

  it("leaves the connectors of others alone, and shows them", async () => {
    connect.there["theirs"] = { config: {}, states: [failed(0, TRACE)] };
    await look();
    await look(1000);
    expect(watch.report.connectors.find(({ name }) => name === "theirs")).to.include({
      isOurs: false,
      condition: "failed",
    });
    expect(connect.calls).not.to.include("restart theirs");
  });

  it("tells what is refused", async () => {
    connect.refusals["a"] = "bucket b is not there";
    expect(await look()).to.include({ condition: "refused", problem: "bucket b is not there" });
  });

  it("knows when a replay has sent everything", async () => {
    await look();
    const own = connect.there["a"];
    if (own !== undefined) own.type = "source";
    connect.places["a"] = [{ object: "o", done: true }, { object: "p" }];
    expect((await look())?.condition).to.equal("running");
    connect.places["a"] = [{ done: true }, { done: true }];
    expect((await look())?.condition).to.equal("done");
  });

  it("keeps what it knew while Connect is away, and says so", async () => {
    await look();
    connect.isAway = true;
    await look();
    expect(watch.report.problem).to.equal("Connect does not answer: fetch failed");
    expect(watch.report.connectors).to.have.length(1);
  });
});

describe("causeIn", () => {
  it("is the last cause of a trace, with the class of what is no sentence of its own", () => {
    expect(causeIn(TRACE)).to.equal("bucket b is not there");
    expect(causeIn("java.lang.OutOfMemoryError")).to.equal("OutOfMemoryError");
    expect(causeIn("a.b.C: d\nCaused by: java.net.UnknownHostException: s3")).to.equal("UnknownHostException: s3");
    expect(causeIn(undefined)).to.equal("no reason is known");
  });
});
