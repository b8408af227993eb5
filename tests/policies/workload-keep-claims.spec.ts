import { expect } from "chai";
import { keepClaims } from "../../policies/rules/workload-keep-claims.ts";
import { violations } from "./fixtures.ts";

const check = (props: Record<string, unknown>) => violations(keepClaims, "kubernetes:apps/v1:StatefulSet", props);

describe("the policy kubernetes-workload-keep-claims", () => {
  it("accepts claims that stay, which is Kubernetes' own choice", async () => {
    expect(await check({ spec: {} })).to.deep.equal([]);
    expect(
      await check({ spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Retain", whenScaled: "Retain" } } }),
    ).to.deep.equal([]);
  });

  it("refuses claims that go with their pods", async () => {
    expect(
      await check({ spec: { persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete", whenScaled: "Delete" } } }),
    ).to.deep.equal([
      'StatefulSet "it": has whenDeleted "Delete"; set it to Retain',
      'StatefulSet "it": has whenScaled "Delete"; set it to Retain',
    ]);
  });
});
