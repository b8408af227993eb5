import { expect } from "chai";
import { setNamespace } from "../../policies/rules/any-set-namespace.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) => violations(setNamespace, "kubernetes:core/v1:ConfigMap", props);

describe("the policy kubernetes-any-set-namespace", () => {
  it("accepts an object in a namespace of its own, and those that are in none", async () => {
    expect(await check({ metadata: { namespace: "data" } })).to.deep.equal([]);
    expect(await violations(setNamespace, "kubernetes:core/v1:Namespace", {})).to.deep.equal([]);
    expect(await violations(setNamespace, "random:index/randomBytes:RandomBytes", {})).to.deep.equal([]);
  });

  it("refuses whatever namespace the kubeconfig names, and those of the cluster", async () => {
    expect(await check({})).to.deep.equal([
      'ConfigMap "it": has metadata.namespace unset; set it to the stack\'s namespace',
    ]);
    expect(await check({ metadata: { namespace: "kube-system" } })).to.deep.equal([
      'ConfigMap "it": has metadata.namespace "kube-system"; set it to the stack\'s namespace',
    ]);
  });
});
