import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { clusterNetworks, hiddenNetworks, routedNetworks } from "../../clusters/embedded/networks.ts";

describe("networks that the embedded cluster hides from its pods", () => {
  it("are told with the interface that leads there and the way out, larger ones and smaller ones", () => {
    const found = hiddenNetworks([
      { cidr: "10.96.4.0/24", device: "tun0" },
      { cidr: "10.0.0.0/8", device: "tun1" },
      { cidr: "192.168.1.0/24", device: "eth0" },
      { cidr: "10.245.0.0/16", device: "eth1" },
    ]);
    expect(found).to.have.length(3);
    expect(found[0]).to.equal(
      "this machine reaches 10.96.4.0/24 by tun0, and the embedded cluster uses 10.96.0.0/16 for its services: what is there " +
        "can't be reached from pods. Leave that network (a VPN) while the platform needs something in it, or set cluster.target " +
        "to another cluster",
    );
    expect(found[1]).to.contain("10.0.0.0/8 by tun1").and.to.contain("for its pods");
    expect(found[2]).to.contain("10.0.0.0/8 by tun1").and.to.contain("for its services");
  });

  it("are read from Linux' routes, the way to everywhere left out, also in halves", () => {
    const table =
      "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n" +
      "eth0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n" +
      "tun0\t00000000\t0101A8C0\t0003\t0\t0\t0\t00000080\t0\t0\t0\n" +
      "tun0\t0000600A\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0\n";
    expect(routedNetworks(table)).to.deep.equal([{ cidr: "10.96.0.0/16", device: "tun0" }]);
    expect(routedNetworks("")).to.deep.equal([]);
  });

  it("are those that the node's own program sets", () => {
    const main = readFileSync(join(import.meta.dirname, "../../clusters/embedded/node/supervisor/main.go"), "utf8");
    const constant = (name: string): string | undefined => new RegExp(`\\b${name}\\s+= "(.*)"`).exec(main)?.[1];
    expect(clusterNetworks).to.deep.equal({ pods: constant("pods"), services: constant("services") });
  });
});
