import { expect } from "chai";
import { limitScratch } from "../../policies/rules/workload-limit-scratch.ts";
import { inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-limit-scratch", () => {
  it("accepts emptyDirs with a limit, and other volumes", async () => {
    expect(
      await inDeployment(
        limitScratch,
        pod({
          volumes: [
            { name: "tmp", emptyDir: { sizeLimit: "2Gi" } },
            { name: "settings", configMap: { name: "x" } },
          ],
        }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses an emptyDir that may fill its node's disk", async () => {
    expect(
      await inDeployment(
        limitScratch,
        pod({
          volumes: [
            { name: "tmp", emptyDir: {} },
            { name: "memory", emptyDir: { medium: "Memory" } },
          ],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": volume "tmp" is an emptyDir without limit; set emptyDir.sizeLimit',
      'Deployment "it": volume "memory" is an emptyDir without limit; set emptyDir.sizeLimit',
    ]);
  });
});
