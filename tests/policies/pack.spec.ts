import { expect } from "chai";
import { readdirSync } from "node:fs";
import { rules, stackRules } from "../../policies/rules/index.ts";
import { pod, violations, workloads } from "./fixtures.ts";

const pinImage = rules[0];
const unpinned = pod({ containers: [{ name: "server", image: "x" }] });

describe("the policy pack", () => {
  it("holds every rule of its folder, each mandatory, explained and with a way out", () => {
    const files = readdirSync(new URL("../../policies/rules", import.meta.url))
      .filter((file) => !["index.ts", "pod-policy.ts", "stack-policy.ts"].includes(file))
      .map((file) => `kubernetes-${file.replace(".ts", "")}`);
    const all = [...rules, ...stackRules];
    expect(all.map(({ name }) => name)).to.have.members(files);
    expect(files).to.have.length(33);
    for (const rule of all) {
      expect(rule.enforcementLevel).to.equal("mandatory");
      expect(`${rule.description} ${rule.remediationSteps ?? ""}`).to.match(/\. .+\.$/);
    }
  });

  for (const [type, wrap] of Object.entries(workloads)) {
    it(`accepts a hardened pod in ${type} and finds an image without tag`, async () => {
      for (const rule of rules) expect(await violations(rule, type, wrap(pod())), rule.name).to.deep.equal([]);
      expect(await violations(pinImage, type, wrap(unpinned))).to.have.length(1);
    });
  }

  it("asks Jobs for no probes", async () => {
    const setProbes = rules[2];
    const job = workloads["kubernetes:batch/v1:Job"]!;
    expect(await violations(setProbes, "kubernetes:batch/v1:Job", job(unpinned))).to.deep.equal([]);
  });

  it("leaves resources of other kinds and of other providers alone", async () => {
    for (const type of ["kubernetes:core/v1:Service", "random:index/randomPassword:RandomPassword", "kubernetes:x"]) {
      for (const rule of rules)
        expect(await violations(rule, type, { metadata: { namespace: "data" }, spec: unpinned })).to.deep.equal([]);
    }
  });

  it("leaves alone what its config exempts, and nothing else", async () => {
    const deployment = workloads["kubernetes:apps/v1:Deployment"]!(unpinned);
    const check = (exempt: string[]) => violations(pinImage, "kubernetes:apps/v1:Deployment", deployment, { exempt });
    expect(await check(["it"])).to.deep.equal([]);
    expect(await check(["other"])).to.have.length(1);
  });
});
