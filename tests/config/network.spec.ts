import { expect } from "chai";
import { ConfigError, loadConfig } from "../../config/index.ts";
import { makesPolicies } from "../../config/network.ts";

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
  it("makes policies on the embedded cluster, elsewhere where the stack says so, and people reach the internet", () => {
    const made = (target: string, network: object): boolean =>
      makesPolicies(loadConfig({ "millrace:cluster": { target }, "millrace:network": network }));
    expect([made("embedded", {}), made("embedded", { policies: false })]).to.deep.equal([true, false]);
    expect([made("minikube", {}), made("minikube", { policies: true })]).to.deep.equal([false, true]);
    expect(loadConfig({}).network).to.deep.equal({ outside: ["0.0.0.0/0"] });
    expect(loadConfig({ "millrace:network": { outside: [] } }).network.outside).to.deep.equal([]);
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
