import { expect } from "chai";
import { applyConnectors, failedStarts } from "../../../components/connect/programs/apply.ts";
import { failed, FakeConnect, running } from "./fake-connect.ts";

describe("applyConnectors", () => {
  it("creates what is not there, changes what differs, and leaves what is as it is wanted", async () => {
    const connect = new FakeConnect();
    expect((await applyConnectors(connect, { a: { topics: "x" }, b: {} })).changes).to.deep.equal([
      "connector a: created",
      "connector b: created",
    ]);
    connect.calls.length = 0;
    const { changes } = await applyConnectors(connect, { a: { topics: "y" }, b: {} });
    expect(changes).to.deep.equal(["connector a: changed"]);
    expect(connect.calls).to.deep.equal(["put a"]);
    expect(connect.there["a"]?.config).to.deep.equal({ topics: "y", name: "a", "millrace.owner": "platform" });
  });

  it("removes the platform's own that are not wanted any more, and never others'", async () => {
    const connect = new FakeConnect();
    await applyConnectors(connect, { a: {} });
    connect.there["theirs"] = { config: { topics: "x" }, states: [] };
    expect((await applyConnectors(connect, {})).changes).to.deep.equal(["connector a: removed"]);
    expect(Object.keys(connect.there)).to.deep.equal(["theirs"]);
  });

  it("tells what Connect refuses in its words, and goes on with the others", async () => {
    const connect = new FakeConnect();
    connect.refusals["a"] = "Invalid value 0 for configuration flush.records";
    const { changes, refused } = await applyConnectors(connect, { a: {}, b: {} });
    expect(refused).to.deep.equal({ a: "Invalid value 0 for configuration flush.records" });
    expect(changes).to.deep.equal(["connector b: created"]);
  });

  it("does not take over one of the same name that somebody else has made", async () => {
    const connect = new FakeConnect();
    connect.there["a"] = { config: { topics: "theirs" }, states: [] };
    const { refused } = await applyConnectors(connect, { a: { topics: "ours" } });
    expect(refused["a"]).to.contain("not the platform's");
    expect(connect.there["a"].config).to.deep.equal({ topics: "theirs" });
  });

  it("fails where Connect does not answer", async () => {
    const connect = new FakeConnect();
    connect.isAway = true;
    const failure: unknown = await applyConnectors(connect, {}).catch((error: unknown) => error);
    expect(failure).to.be.instanceOf(Error);
  });
});

describe("failedStarts", () => {
  const trace = "org.apache.kafka.connect.errors.ConnectException: the bucket is gone";

  /** Looks until an answer comes; `change` is called before each look but the first, with its second. */
  async function look(connect: FakeConnect, change: (second: number) => void) {
    let second = 0;
    const pause = (ms: number): Promise<void> => {
      second += ms / 1000;
      change(second);
      return Promise.resolve();
    };
    return { failures: await failedStarts(connect, ["a", "b"], { now: () => second * 1000, pause }), second };
  }

  async function both(): Promise<FakeConnect> {
    const connect = new FakeConnect();
    await applyConnectors(connect, { a: {}, b: {} });
    return connect;
  }

  it("ends at once where all run", async () => {
    expect(await look(await both(), () => undefined)).to.deep.equal({ failures: {}, second: 0 });
  });

  it("forgives a failure after which a connector was started anew", async () => {
    const connect = await both();
    connect.there["a"]!.states = [failed(0, trace)];
    const seen = await look(connect, (second) => {
      if (second === 19) connect.there["a"]!.states = [running(0)];
    });
    expect(seen).to.deep.equal({ failures: {}, second: 19 });
  });

  it("tells what has failed for longer than a start anew takes", async () => {
    const connect = await both();
    connect.there["a"]!.states = [failed(0, trace)];
    const { failures, second } = await look(connect, () => undefined);
    expect(failures["a"]).to.contain("the bucket is gone");
    expect([Object.keys(failures), second]).to.deep.equal([["a"], 20]);
  });

  it("waits no longer than a minute for one that neither runs nor has failed", async () => {
    const connect = await both();
    connect.there["b"]!.states = [];
    expect(await look(connect, () => undefined)).to.deep.equal({ failures: {}, second: 61 });
  });
});
