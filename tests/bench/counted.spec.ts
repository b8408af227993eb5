import { expect } from "chai";
import { CountedVisibility } from "../../bench/counted.ts";

describe("visibility by counts", () => {
  it("gives each record the look that first counted it", () => {
    const visibility = new CountedVisibility();
    const madeAt = [100, 200, 300];
    visibility.look(2, madeAt, 1000);
    visibility.look(2, madeAt, 2000);
    visibility.look(3, madeAt, 2100);
    expect(visibility.seen).to.equal(3);
    expect([33, 66, 100].map((rank) => visibility.latencies.percentile(rank))).to.deep.equal([800, 900, 1800]);
  });

  it("does not go back with a look that counts less, and counts none that was not made", () => {
    const visibility = new CountedVisibility();
    visibility.look(2, [1, 2], 10);
    visibility.look(1, [1, 2], 20);
    visibility.look(5, [1, 2], 30);
    expect([visibility.latencies.count, visibility.seen]).to.deep.equal([2, 2]);
  });
});
