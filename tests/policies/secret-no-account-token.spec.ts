import { expect } from "chai";
import { noAccountToken } from "../../policies/rules/secret-no-account-token.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) => violations(noAccountToken, "kubernetes:core/v1:Secret", props);

describe("the policy kubernetes-secret-no-account-token", () => {
  it("accepts other Secrets", async () => {
    expect(await check({ stringData: {} })).to.deep.equal([]);
    expect(await check({ type: "kubernetes.io/dockerconfigjson" })).to.deep.equal([]);
  });

  it("refuses a token that never expires", async () => {
    expect(await check({ type: "kubernetes.io/service-account-token" })).to.deep.equal([
      'Secret "it": is of type kubernetes.io/service-account-token; remove it',
    ]);
  });
});
