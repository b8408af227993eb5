import { expect } from "chai";
import { setResources } from "../../policies/rules/workload-set-resources.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-set-resources", () => {
  it("accepts requests and limits of CPU and memory", async () => {
    expect(await inDeployment(setResources, pod({ initContainers: [container()] }))).to.deep.equal([]);
  });

  it("refuses an init container without, and one without a memory limit", async () => {
    expect(
      await inDeployment(
        setResources,
        pod({
          initContainers: [container({ name: "init", resources: undefined })],
          containers: [container({ resources: { requests: { cpu: "1", memory: "1Gi" }, limits: { cpu: "1" } } })],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": init container "init" does not set resources.requests.cpu, resources.requests.memory, ' +
        "resources.limits.cpu, resources.limits.memory; set each of them",
      'Deployment "it": container "server" does not set resources.limits.memory; set each of them',
    ]);
  });
});
