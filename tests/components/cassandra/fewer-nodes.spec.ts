import { expect } from "chai";
import { handOver, readCopies, readRing } from "../../../components/cassandra/fewer-nodes.ts";
import type { Leaving } from "../../../platform/service.ts";

const header = `Datacenter: dc1
===============
Status=Up/Down
|/ State=Normal/Leaving/Joining/Moving
--  Address      Load        Tokens  Owns (effective)  Host ID                               Rack
`;
const MIB = 2 ** 20;

/** Three nodes as `nodetool` tells of them, and what was done to them, in order. */
class Ring implements Leaving {
  readonly done: string[] = [];
  readonly stop = new AbortController();
  readonly signal = this.stop.signal;
  readonly pauseMs = 0;
  readonly there: number;
  readonly wanted: number;
  readonly states: string[];
  free = "10737418240";
  modes: Record<number, string> = {};
  crashLog = "";
  failing: Record<string, string> = {};
  /** Looks until the others know that a node has left. */
  gossip = 0;

  constructor(there: number, wanted: number) {
    this.there = there;
    this.wanted = wanted;
    this.states = Array<string>(there).fill("UN");
  }
  log = (): void => undefined;
  name = (ordinal: number): string => `cassandra-${ordinal}`;
  address = (ordinal: number): Promise<string | undefined> => Promise.resolve(`10.0.0.${ordinal}`);
  lastWords = (): Promise<string> => Promise.resolve(this.crashLog);
  remove(ordinal: number): Promise<void> {
    this.done.push(`remove ${ordinal}`);
    return Promise.resolve();
  }
  /** What each node owns of the accounts, as `nodetool` shows it. */
  share = "33.4%";
  run(ordinal: number, [, command = "", keyspace]: readonly string[]): Promise<string> {
    if (keyspace === "system_auth") {
      const lines = this.states.map((_, node) => `UN  10.0.0.${node}  75.2 MiB  16  ${this.share}  id-${node}  rack1`);
      return Promise.resolve(`${header}${lines.join("\n")}\n`);
    }
    if (command === "status") {
      if (this.gossip > 0 && --this.gossip === 0) this.states[this.states.length - 1] = "";
      const lines = this.states.map(
        (state, node) => `${state}  10.0.0.${node}  75.2 MiB  16  100.0%  id-${node}  rack1`,
      );
      return Promise.resolve(`${header}${lines.filter((line) => /^[UD]/.test(line)).join("\n")}\n`);
    }
    if (command === "netstats") {
      const mode = this.modes[ordinal] ?? "NORMAL";
      return mode === "" ? Promise.reject(new Error("connection refused")) : Promise.resolve(`Mode: ${mode}\n`);
    }
    if (command.startsWith("--block")) return Promise.resolve(`     Avail\n${this.free}\n`);
    this.done.push(`${command} ${ordinal}`);
    const failure = this.failing[command];
    if (failure !== undefined) return Promise.reject(new Error(failure));
    if (command === "decommission") this.left(ordinal);
    return Promise.resolve("");
  }
  left(ordinal: number): void {
    this.modes[ordinal] = "DECOMMISSIONED";
    this.states[ordinal] = "";
  }
}

const failure = async (ring: Ring): Promise<string> =>
  await handOver(ring).then(
    () => "nothing failed",
    (error: unknown) => (error as Error).message,
  );

describe("nodes of Cassandra that leave", () => {
  it("are read from nodetool's own table", () => {
    const status = `${header}UN  10.0.0.1   1.5 GiB   16  66.7%  a  rack1\nDL  fd00::2  ?  16  66.7%  b  rack1\n?N  10.0.0.3  512 bytes  16  66.7%  c  rack1\n`;
    expect([...readRing(status)]).to.deep.equal([
      ["10.0.0.1", { state: "UN", load: 1.5 * 2 ** 30 }],
      ["fd00::2", { state: "DL" }],
      ["10.0.0.3", { state: "?N", load: 512 }],
    ]);
  });

  it("do not begin while there are more copies than nodes that stay: nobody could log in then", async () => {
    const ring = new Ring(3, 1);
    ring.share = "100.0%";
    expect(readCopies(await ring.run(0, ["nodetool", "status", "system_auth"]))).to.equal(3);
    expect(await failure(ring)).to.equal(
      "there are 3 copies of each row and account, and 1 can be had after: put millrace:services.cassandra.replicas 3 back, with " +
        "replicationFactor 1, and npm run up; then give 1 again",
    );
    ring.share = "?";
    expect(await failure(ring)).to.contain("there are an unknown number of copies");
    expect(ring.done).to.deep.equal([]);
  });

  it("compare their rows, hand them over, and go, one after the other from the last", async () => {
    const ring = new Ring(3, 1);
    await handOver(ring);
    expect(ring.done).to.deep.equal([
      "repair 2",
      "decommission 2",
      "remove 2",
      "repair 1",
      "decommission 1",
      "remove 1",
    ]);
  });

  it("stay with all before them when their rows can't be compared or handed over", async () => {
    for (const command of ["repair", "decommission"]) {
      const ring = new Ring(3, 1);
      ring.failing = { [command]: "out of luck" };
      expect(await failure(ring)).to.equal("out of luck");
      expect(ring.done.filter((step) => step.startsWith("remove"))).to.deep.equal([]);
    }
  });

  it("stay when they give up in the middle, and it is told that they have all their rows", async () => {
    const ring = new Ring(2, 1);
    ring.failing = { decommission: "closed" };
    ring.modes = { 1: "DECOMMISSION_FAILED" };
    expect(await failure(ring)).to.contain(
      "cassandra-1 did not hand its rows over, and has them all: it is DECOMMISSION_FAILED",
    );
    expect(ring.done).not.to.include("remove 1");
  });

  it("are waited for where only the connection to them broke, or an earlier run was broken off", async () => {
    const ring = new Ring(2, 1);
    ring.states[1] = "UL";
    ring.modes = { 1: "LEAVING" };
    const ending = handOver(ring);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(ring.done).to.deep.equal([]);
    ring.left(1);
    await ending;
    expect(ring.done).to.deep.equal(["remove 1"]);
  });

  it("stay when the command is stopped while they hand over, and nothing is said of them that nobody knows", async () => {
    const ring = new Ring(2, 1);
    ring.modes = { 1: "LEAVING" };
    ring.left = () => {
      ring.stop.abort();
    };
    await handOver(ring).then(
      () => expect.fail("it went on"),
      (error: unknown) => {
        expect((error as Error).name).to.equal("AbortError");
      },
    );
    expect(ring.done).to.deep.equal(["repair 1", "decommission 1"]);
  });

  it("go where they have handed over all and only say so in their log, and stay where they say nothing", async () => {
    const ring = new Ring(2, 1);
    ring.states[1] = "";
    ring.modes = { 1: "" };
    expect(await failure(ring)).to.contain("it is not answering");
    expect(ring.done).to.deep.equal([]);
    ring.crashLog =
      "This node was decommissioned and will not rejoin the ring unless cassandra.override_decommission=true";
    await handOver(ring);
    expect(ring.done).to.deep.equal(["remove 1"]);
  });

  it("are waited for until the others know", async () => {
    const ring = new Ring(2, 1);
    ring.left = (ordinal) => {
      ring.modes[ordinal] = "DECOMMISSIONED";
      ring.gossip = 3;
    };
    await handOver(ring);
    expect(ring.done.at(-1)).to.equal("remove 1");
  });

  it("do not begin while one that stays is down, or while the ring has a node without a pod", async () => {
    const down = new Ring(3, 1);
    down.states[0] = "DN";
    expect(await failure(down)).to.contain(
      "cassandra-0 is DN in nodetool status of cassandra-0; all nodes that stay must be up",
    );
    const more = new Ring(2, 1);
    more.states.push("DN");
    expect(await failure(more)).to.contain("the ring has 3 nodes (10.0.0.0, 10.0.0.1, 10.0.0.2), and 2 pods are there");
    expect([...down.done, ...more.done]).to.deep.equal([]);
  });

  it("do not begin where their rows have no room, and the setting is named", async () => {
    const ring = new Ring(2, 1);
    ring.free = String(150 * MIB);
    expect(await failure(ring)).to.equal(
      "cassandra-0 has 150Mi free, and needs 151Mi to take the rows of cassandra-1 over: raise " +
        "millrace:services.cassandra.storage.size first, with as many replicas as there are",
    );
    expect(ring.done).to.deep.equal([]);
  });
});
