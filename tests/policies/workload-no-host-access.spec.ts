import { expect } from "chai";
import { noHostAccess } from "../../policies/rules/workload-no-host-access.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-no-host-access", () => {
  it("accepts ports of the pod's own", async () => {
    expect(
      await inDeployment(
        noHostAccess,
        pod({ hostNetwork: false, containers: [container({ ports: [{ containerPort: 8080 }] })] }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses the network, processes, memory and ports of the node", async () => {
    expect(
      await inDeployment(
        noHostAccess,
        pod({
          hostNetwork: true,
          hostPID: true,
          hostIPC: true,
          containers: [container({ ports: [{ containerPort: 8080, hostPort: 80 }] })],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": the pod has hostNetwork; remove it',
      'Deployment "it": the pod has hostPID; remove it',
      'Deployment "it": the pod has hostIPC; remove it',
      'Deployment "it": container "server" takes port 80 of its node; remove hostPort and make a Service',
    ]);
  });
});
