import { expect } from "chai";
import { noWildcard } from "../../policies/rules/role-no-wildcard.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) =>
  violations(noWildcard, "kubernetes:rbac.authorization.k8s.io/v1:Role", props);

describe("the policy kubernetes-role-no-wildcard", () => {
  it("accepts rights by name", async () => {
    expect(await check({ rules: [{ apiGroups: [""], resources: ["pods"], verbs: ["get"] }] })).to.deep.equal([]);
  });

  it("refuses a wildcard in groups, resources, verbs and paths", async () => {
    expect(
      await check({
        rules: [
          { apiGroups: [""], resources: ["pods"], verbs: ["get"] },
          { apiGroups: ["*"], resources: ["*"], verbs: ["*"] },
          { nonResourceURLs: ["*"], verbs: ["get"] },
        ],
      }),
    ).to.deep.equal([
      'Role "it": rule 2 has "*" in apiGroups; name each that is needed',
      'Role "it": rule 2 has "*" in resources; name each that is needed',
      'Role "it": rule 2 has "*" in verbs; name each that is needed',
      'Role "it": rule 3 has "*" in nonResourceURLs; name each that is needed',
    ]);
  });
});
