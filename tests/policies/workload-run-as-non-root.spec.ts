import { expect } from "chai";
import { runAsNonRoot } from "../../policies/rules/workload-run-as-non-root.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-run-as-non-root", () => {
  it("accepts runAsNonRoot set by the pod alone", async () => {
    expect(
      await inDeployment(runAsNonRoot, pod({ containers: [container({ securityContext: undefined })] })),
    ).to.deep.equal([]);
  });

  it("refuses user 0, and a pod that says nothing", async () => {
    expect(
      await inDeployment(
        runAsNonRoot,
        pod({
          securityContext: undefined,
          containers: [container({ securityContext: { runAsUser: 0 } }), container({ securityContext: {} })],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": container "server" runs as user 0 (root); set runAsUser to another id',
      'Deployment "it": container "server" has runAsNonRoot unset; set it to true',
    ]);
  });
});
