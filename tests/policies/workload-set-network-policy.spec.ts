import { expect } from "chai";
import { setNetworkPolicy } from "../../policies/rules/workload-set-network-policy.ts";
import { pod, type StackResource, stackViolations } from "./fixtures.ts";

const metadata = { namespace: "data" };
const labels = { app: "web", tier: "front" };
const web = {
  type: "kubernetes:apps/v1:Deployment",
  name: "web",
  props: { metadata, spec: { template: { metadata: { labels }, spec: pod() } } },
};
const made = {
  type: "kubernetes:core/v1:ConfigMap",
  name: "made",
  props: {
    metadata: { namespace: "other" },
    data: { "pod.json": JSON.stringify({ metadata: { labels }, spec: pod() }) },
  },
};
const policy = (podSelector: object, policyTypes: readonly string[] = ["Ingress", "Egress"]): StackResource => ({
  type: "kubernetes:networking.k8s.io/v1:NetworkPolicy",
  name: "policy",
  props: { metadata, spec: { podSelector, policyTypes } },
});
const missing = (direction: string) => `Deployment "web": no NetworkPolicy for ${direction} selects its pods; add one`;

describe("the policy kubernetes-workload-set-network-policy", () => {
  it("asks nothing of a stack without NetworkPolicies", async () => {
    expect(await stackViolations(setNetworkPolicy, [web, made])).to.deep.equal([]);
  });

  it("accepts pods that are selected by their labels, or with all others, in both directions", async () => {
    for (const selector of [
      {},
      { matchLabels: { app: "web" } },
      { matchExpressions: [{ key: "tier", operator: "In", values: ["front"] }] },
      { matchExpressions: [{ key: "batch", operator: "DoesNotExist" }] },
    ]) {
      expect(await stackViolations(setNetworkPolicy, [web, made, policy(selector)])).to.deep.equal([]);
    }
  });

  it("refuses pods that no policy selects, or one in another namespace, or for one direction only", async () => {
    const both = [missing("Ingress"), missing("Egress")];
    expect(await stackViolations(setNetworkPolicy, [web, policy({ matchLabels: { app: "db" } })])).to.deep.equal(both);
    const not = { matchExpressions: [{ key: "app", operator: "NotIn", values: ["web"] }] };
    expect(await stackViolations(setNetworkPolicy, [web, policy(not)])).to.deep.equal(both);
    const elsewhere = { ...web, props: { ...web.props, metadata: { namespace: "other" } } };
    expect(await stackViolations(setNetworkPolicy, [elsewhere, policy({})])).to.deep.equal(both);
    expect(await stackViolations(setNetworkPolicy, [web, policy({}, ["Ingress"])])).to.deep.equal([missing("Egress")]);
    expect(await stackViolations(setNetworkPolicy, [made, policy({ matchLabels: { app: "db" } })])).to.deep.equal([
      'ConfigMap "made": key "pod.json": no NetworkPolicy for Ingress selects its pods; add one',
      'ConfigMap "made": key "pod.json": no NetworkPolicy for Egress selects its pods; add one',
    ]);
  });
});
