import { expect } from "chai";
import { dropPrivileges } from "../../policies/rules/workload-drop-privileges.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-drop-privileges", () => {
  it("accepts all capabilities dropped and no escalation", async () => {
    expect(await inDeployment(dropPrivileges, pod({ initContainers: [container()] }))).to.deep.equal([]);
  });

  it("refuses privileged mode, escalation and capabilities", async () => {
    expect(
      await inDeployment(
        dropPrivileges,
        pod({
          containers: [
            container({
              securityContext: {
                privileged: true,
                capabilities: { drop: ["NET_RAW"], add: ["SYS_ADMIN", "NET_BIND_SERVICE"] },
              },
            }),
          ],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": container "server" is privileged; remove it',
      'Deployment "it": container "server" has allowPrivilegeEscalation unset; set it to false',
      'Deployment "it": container "server" drops capabilities [NET_RAW]; set capabilities.drop to ["ALL"]',
      'Deployment "it": container "server" adds capabilities [SYS_ADMIN]; remove them',
    ]);
  });
});
