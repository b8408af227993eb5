import { expect } from "chai";
import { groupLag, type LagSource } from "../../../components/connect/programs/group-lag.ts";

let isConnected = false;
const admin = (offsets: readonly string[], ends: readonly string[]): LagSource => ({
  connect: () => {
    isConnected = true;
    return Promise.resolve();
  },
  disconnect: () => {
    isConnected = false;
    return Promise.resolve();
  },
  fetchOffsets: () =>
    Promise.resolve([
      { topic: "a", partitions: offsets.map((offset, partition) => ({ partition, offset, metadata: null })) },
    ]),
  fetchTopicOffsets: () =>
    Promise.resolve(ends.map((high, partition) => ({ partition, high, low: "0", offset: high }))),
});

describe("groupLag", () => {
  it("adds what is unread of all partitions; of one without a place nobody knows", async () => {
    expect(await groupLag(() => admin(["5", "10", "-1"], ["7", "10", "99"]), "connect-a")).to.equal(2);
  });

  it("keeps no client that would remember topics that are gone", async () => {
    let made = 0;
    const make = (): LagSource => {
      made++;
      return admin(["0"], ["1"]);
    };
    expect([await groupLag(make, "a"), await groupLag(make, "b"), made, isConnected]).to.deep.equal([1, 1, 2, false]);
    const broken = { ...admin([], []), fetchOffsets: () => Promise.reject(new Error("gone")) };
    expect([await groupLag(() => broken, "a"), isConnected]).to.deep.equal([undefined, false]);
  });

  it("is unknown where the group has not begun or Kafka is away", async () => {
    expect(await groupLag(() => ({ ...admin([], []), fetchOffsets: () => Promise.resolve([]) }), "a")).to.equal(
      undefined,
    );
    const away = { ...admin([], []), connect: () => Promise.reject(new Error("away")) };
    expect(await groupLag(() => away, "a")).to.equal(undefined);
  });
});
