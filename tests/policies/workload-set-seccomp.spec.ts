import { expect } from "chai";
import { setSeccomp } from "../../policies/rules/workload-set-seccomp.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-set-seccomp", () => {
  it("accepts RuntimeDefault of the pod, and Localhost of a container", async () => {
    expect(
      await inDeployment(
        setSeccomp,
        pod({
          containers: [
            container({ securityContext: {} }),
            container({ securityContext: { seccompProfile: { type: "Localhost", localhostProfile: "p.json" } } }),
          ],
        }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses Unconfined, whatever the pod says", async () => {
    expect(
      await inDeployment(
        setSeccomp,
        pod({ containers: [container({ securityContext: { seccompProfile: { type: "Unconfined" } } })] }),
      ),
    ).to.deep.equal([
      'Deployment "it": container "server" has seccompProfile Unconfined; set its type to RuntimeDefault or Localhost',
    ]);
  });
});
