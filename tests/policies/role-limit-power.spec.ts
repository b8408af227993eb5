import { expect } from "chai";
import { limitPower } from "../../policies/rules/role-limit-power.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) =>
  violations(limitPower, "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole", props);

describe("the policy kubernetes-role-limit-power", () => {
  it("accepts a change of named Secrets, and reading what is no secret", async () => {
    expect(
      await check({
        rules: [
          { resources: ["secrets"], resourceNames: ["token"], verbs: ["patch"] },
          { resources: ["secrets"], resourceNames: ["token"], verbs: ["get"] },
          { resources: ["pods", "pods/log"], verbs: ["get", "list", "watch"] },
        ],
      }),
    ).to.deep.equal([]);
  });

  it("refuses reading all Secrets, entering pods, and taking more rights", async () => {
    expect(
      await check({
        rules: [
          { resources: ["secrets"], verbs: ["get"] },
          { resources: ["secrets"], resourceNames: ["token"], verbs: ["list"] },
          { resources: ["pods/exec"], verbs: ["create"] },
          { resources: ["roles"], verbs: ["escalate", "bind"] },
        ],
      }),
    ).to.deep.equal([
      'ClusterRole "it": rule 1 allows get of all secrets; mount the Secret, or allow get with its name in resourceNames',
      'ClusterRole "it": rule 2 allows list of all secrets; mount the Secret, or allow get with its name in resourceNames',
      'ClusterRole "it": rule 3 allows pods/exec; remove it',
      'ClusterRole "it": rule 4 allows escalate; remove it',
      'ClusterRole "it": rule 4 allows bind; remove it',
    ]);
  });
});
