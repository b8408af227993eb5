import { expect } from "chai";
import { noDefaultToken } from "../../policies/rules/workload-no-default-token.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-no-default-token", () => {
  it("accepts the token of an account of its own", async () => {
    expect(
      await inDeployment(
        noDefaultToken,
        pod({ automountServiceAccountToken: true, serviceAccountName: "spark", containers: [container()] }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses the default account's token, which Kubernetes mounts unless told", async () => {
    expect(await inDeployment(noDefaultToken, pod({ automountServiceAccountToken: undefined }))).to.deep.equal([
      'Deployment "it": the pod mounts the token of the service account "default"; ' +
        "set automountServiceAccountToken to false, or name an account made for it in serviceAccountName",
    ]);
  });
});
