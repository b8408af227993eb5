import { expect } from "chai";
import { setBudget } from "../../policies/rules/workload-set-budget.ts";
import { stackViolations } from "./fixtures.ts";

const labels = { app: "web", tier: "front" };
const web = (replicas: number, kind = "Deployment") => ({
  type: `kubernetes:apps/v1:${kind}`,
  name: "web",
  props: { spec: { replicas, template: { metadata: { labels } } } },
});
const budget = (spec: object, matchLabels: object = { app: "web" }) => ({
  type: "kubernetes:policy/v1:PodDisruptionBudget",
  name: "guard",
  props: { spec: { ...spec, selector: { matchLabels } } },
});
const missing = (kind: string) =>
  `${kind} "web": has 3 replicas and no PodDisruptionBudget; add one with maxUnavailable 1`;
const blocked =
  'Deployment "web": the PodDisruptionBudget "guard" lets none of its pods go, so a node is never drained; give it maxUnavailable 1';

describe("the policy kubernetes-workload-set-budget", () => {
  it("asks one replica for no budget, and several for one that selects their pods", async () => {
    expect(await stackViolations(setBudget, [web(1)])).to.deep.equal([]);
    for (const kind of ["Deployment", "StatefulSet"]) {
      expect(await stackViolations(setBudget, [web(3, kind)])).to.deep.equal([missing(kind)]);
      expect(await stackViolations(setBudget, [web(3, kind), budget({ maxUnavailable: 1 })])).to.deep.equal([]);
    }
    const other = budget({ maxUnavailable: 1 }, { app: "other" });
    expect(await stackViolations(setBudget, [web(3), other])).to.deep.equal([missing("Deployment")]);
    const none = budget({ maxUnavailable: 1 }, {});
    expect(await stackViolations(setBudget, [web(3), none])).to.deep.equal([missing("Deployment")]);
  });

  it("refuses a budget that would hold up a drain for ever", async () => {
    for (const spec of [
      { maxUnavailable: 0 },
      { maxUnavailable: "0%" },
      { minAvailable: 3 },
      { minAvailable: "100%" },
    ]) {
      expect(await stackViolations(setBudget, [web(3), budget(spec)]), JSON.stringify(spec)).to.deep.equal([blocked]);
    }
    for (const spec of [{ maxUnavailable: "10%" }, { minAvailable: 2 }, { minAvailable: "50%" }]) {
      expect(await stackViolations(setBudget, [web(3), budget(spec)]), JSON.stringify(spec)).to.deep.equal([]);
    }
  });

  it("leaves alone what its config exempts", async () => {
    expect(await stackViolations(setBudget, [web(3)], { exempt: ["web"] })).to.deep.equal([]);
  });
});
