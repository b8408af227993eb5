import { expect } from "chai";
import { size, sized, sizeProblems } from "../../platform/sizes.ts";

const row = size(100, 2000, 0.5);

describe("The size of a pod", () => {
  it("is its row's where the stack gives nothing", () => {
    expect(sized(row, "1Gi")).to.deep.equal({
      requests: { cpu: "100m", memory: "512Mi" },
      limits: { cpu: "2", memory: "1Gi" },
    });
  });

  it("is the stack's where it gives something, in whole cores or thousandths", () => {
    const given = { requests: { cpu: 1.5, memory: "768Mi" }, limits: { cpu: "3", memory: "2Gi" } };
    expect(sized(row, "1Gi", given)).to.deep.equal({
      requests: { cpu: "1500m", memory: "768Mi" },
      limits: { cpu: "3", memory: "2Gi" },
    });
  });

  it("lowers its row's request to a given limit, and raises its row's limit to a given request", () => {
    expect(sized(row, "1Gi", { requests: {}, limits: { cpu: "50m" } })).to.deep.include({
      limits: { cpu: "50m", memory: "1Gi" },
      requests: { cpu: "50m", memory: "512Mi" },
    });
    expect(sized(row, "1Gi", { requests: { cpu: 4 }, limits: {} })).to.deep.include({
      limits: { cpu: "4", memory: "1Gi" },
      requests: { cpu: "4", memory: "512Mi" },
    });
  });

  it("is refused where it asks for more than it may use", () => {
    const given = { requests: { cpu: "2500m", memory: "2Gi" }, limits: { cpu: 2 } };
    expect(sizeProblems("millrace:services.kafka.resources", sized(row, "1Gi", given))).to.deep.equal([
      "millrace:services.kafka.resources.requests.cpu: received 2500m, but the limit is 2; give at most that, or raise the limit",
      "millrace:services.kafka.resources.requests.memory: received 2048Mi, but the limit is 1024Mi; give at most that, or raise the limit",
    ]);
    expect(sizeProblems("at", sized(row, "1Gi"))).to.deep.equal([]);
  });
});
