import { expect } from "chai";
import { rooms } from "../../config/rooms.ts";
import { causes } from "./faults/alerts.ts";

describe("the alerts of all rooms", () => {
  it("are each caused in the end-to-end test", () => {
    const alerts = rooms.flatMap(({ watched }) => (watched?.alerts ?? []).map(({ name }) => name));
    expect(Object.keys(causes)).to.have.members(alerts);
  });
});
