import { expect } from "chai";
import { noServiceLinks } from "../../policies/rules/workload-no-service-links.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-no-service-links", () => {
  it("accepts a pod that looks Services up by name", async () => {
    expect(await inDeployment(noServiceLinks, pod())).to.deep.equal([]);
  });

  it("refuses a pod whose environment has them", async () => {
    expect(
      await inDeployment(noServiceLinks, pod({ enableServiceLinks: undefined, containers: [container()] })),
    ).to.deep.equal([
      'Deployment "it": the pod has enableServiceLinks unset; set it to false, and look Services up by name',
    ]);
  });
});
