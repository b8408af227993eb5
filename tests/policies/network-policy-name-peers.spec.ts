import { expect } from "chai";
import { namePeers } from "../../policies/rules/network-policy-name-peers.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) =>
  violations(namePeers, "kubernetes:networking.k8s.io/v1:NetworkPolicy", props);

describe("the policy kubernetes-network-policy-name-peers", () => {
  it("accepts rules that name who is meant, and a policy without rules", async () => {
    expect(await check({ spec: { podSelector: {}, policyTypes: ["Ingress", "Egress"] } })).to.deep.equal([]);
    expect(
      await check({
        spec: { ingress: [{ from: [{ podSelector: {} }] }], egress: [{ to: [{ ipBlock: { cidr: "192.0.2.0/24" } }] }] },
      }),
    ).to.deep.equal([]);
  });

  it("refuses rules for everybody", async () => {
    expect(await check({ spec: { ingress: [{ ports: [{ port: 80 }] }], egress: [{ to: [] }] } })).to.deep.equal([
      'NetworkPolicy "it": ingress rule 1 names nobody in from, which means everybody; name who is meant',
      'NetworkPolicy "it": egress rule 1 names nobody in to, which means everybody; name who is meant',
    ]);
  });
});
