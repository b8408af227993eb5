import { expect } from "chai";
import { nameAccount } from "../../policies/rules/binding-name-account.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) =>
  violations(nameAccount, "kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", props);

describe("the policy kubernetes-binding-name-account", () => {
  it("accepts an account made for it", async () => {
    expect(
      await check({ roleRef: { name: "driver" }, subjects: [{ kind: "ServiceAccount", name: "spark" }] }),
    ).to.deep.equal([]);
  });

  it("refuses groups, the default account, and all rights", async () => {
    expect(
      await check({
        roleRef: { name: "cluster-admin" },
        subjects: [
          { kind: "Group", name: "system:authenticated" },
          { kind: "ServiceAccount", name: "default" },
        ],
      }),
    ).to.deep.equal([
      'RoleBinding "it": binds cluster-admin; bind a role with the rights that are needed',
      'RoleBinding "it": gives rights to Group "system:authenticated"; give them to a ServiceAccount',
      'RoleBinding "it": gives rights to the account "default"; make an account for them',
    ]);
  });
});
