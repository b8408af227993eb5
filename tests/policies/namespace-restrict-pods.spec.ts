import { expect } from "chai";
import { podSecurityLabels } from "../../platform/hardening.ts";
import { restrictPods } from "../../policies/rules/namespace-restrict-pods.ts";
import { violations } from "./fixtures.ts";

const check = (labels: Record<string, string>) =>
  violations(restrictPods, "kubernetes:core/v1:Namespace", { metadata: { labels } });

describe("the policy kubernetes-namespace-restrict-pods", () => {
  it("accepts the labels that the platform's own namespace has", async () => {
    expect(await check({ ...podSecurityLabels, team: "data" })).to.deep.equal([]);
  });

  it("refuses another level, and none", async () => {
    expect(await check({ ...podSecurityLabels, "pod-security.kubernetes.io/enforce": "privileged" })).to.deep.equal([
      'Namespace "it": has label pod-security.kubernetes.io/enforce "privileged"; set it to restricted',
    ]);
    expect(await check({})).to.have.length(6);
  });
});
