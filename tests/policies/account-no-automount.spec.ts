import { expect } from "chai";
import { noAutomount } from "../../policies/rules/account-no-automount.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) => violations(noAutomount, "kubernetes:core/v1:ServiceAccount", props);

describe("the policy kubernetes-account-no-automount", () => {
  it("accepts an account that waits until a pod asks", async () => {
    expect(await check({ automountServiceAccountToken: false })).to.deep.equal([]);
  });

  it("refuses a token for whoever runs as the account", async () => {
    expect(await check({})).to.deep.equal([
      'ServiceAccount "it": has automountServiceAccountToken unset; set it to false',
    ]);
    expect(await check({ automountServiceAccountToken: true })).to.deep.equal([
      'ServiceAccount "it": has automountServiceAccountToken true; set it to false',
    ]);
  });
});
