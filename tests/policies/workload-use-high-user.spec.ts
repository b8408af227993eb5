import { expect } from "chai";
import { fixedUsers, LOWEST_USER } from "../../platform/confinement.ts";
import { podSecurityContext } from "../../platform/hardening.ts";
import { useHighUser } from "../../policies/rules/workload-use-high-user.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

const as = (runAsUser: number | undefined) =>
  inDeployment(useHighUser, pod({ containers: [container({ securityContext: { runAsUser } })], securityContext: {} }));

describe("the policy kubernetes-workload-use-high-user", () => {
  it("accepts high ids, and those that stay", async () => {
    for (const user of [LOWEST_USER, 50_000, ...Object.keys(fixedUsers).map(Number)]) {
      expect(await as(user), String(user)).to.deep.equal([]);
    }
    expect(await inDeployment(useHighUser, pod({ securityContext: podSecurityContext(10_001) }))).to.deep.equal([]);
  });

  it("refuses ids of a node's own users, and the image's choice", async () => {
    expect(await as(1001)).to.deep.equal([
      'Deployment "it": container "server" runs as user 1001; set runAsUser to 10000 or more, or to one that stays (185, 999, 1000)',
    ]);
    expect(await as(undefined)).to.deep.equal([
      'Deployment "it": container "server" has runAsUser unset; set it to 10000 or more',
    ]);
  });
});
