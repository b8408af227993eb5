import { expect } from "chai";
import { ConfigError, loadConfig } from "../../config/index.ts";

const problemsOf = (network: object, target = "minikube"): readonly string[] => {
  try {
    loadConfig({ "millrace:cluster": { target }, "millrace:network": network });
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
};

describe("millrace:network", () => {
  it("makes no policies unless the stack says so", () => {
    expect(loadConfig({}).network).to.deep.equal({ policies: false });
    expect(loadConfig({ "millrace:network": { policies: true } }).network.policies).to.equal(true);
  });

  it("refuses networks of pods that overlap, or are none", () => {
    expect(problemsOf({ podNetworks: ["10.244.0.0/16", "10.245.0.0/16"] })).to.deep.equal([]);
    expect(problemsOf({ podNetworks: ["10.0.0.0/8", "192.168.0.0/16", "10.244.3.0/24"] })).to.deep.equal([
      "millrace:network.podNetworks: 10.0.0.0/8 and 10.244.3.0/24 overlap; give networks without common addresses",
    ]);
    expect(problemsOf({ podNetworks: ["10.244.0.0"] }).join())
      .to.contain("podNetworks")
      .and.contain("10.244.0.0");
  });

  it("refuses facts of a network on the embedded cluster, which has its own", () => {
    expect(problemsOf({ podNetworks: ["10.1.0.0/16"], apiServerPorts: [6443] }, "embedded")).to.deep.equal([
      "millrace:network.podNetworks: target embedded has a network of its own; remove the setting",
      "millrace:network.apiServerPorts: target embedded has a network of its own; remove the setting",
    ]);
  });
});
