import { expect } from "chai";
import { readOnlyRoot } from "../../policies/rules/workload-read-only-root.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-read-only-root", () => {
  it("accepts containers that write to volumes only, those that run first included", async () => {
    expect(await inDeployment(readOnlyRoot, pod({ initContainers: [container()] }))).to.deep.equal([]);
  });

  it("refuses a root file system that can be written, and one of which nothing is said", async () => {
    expect(
      await inDeployment(
        readOnlyRoot,
        pod({
          initContainers: [container({ securityContext: { readOnlyRootFilesystem: false } })],
          containers: [container({ securityContext: {} })],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": init container "server" has readOnlyRootFilesystem false; set it to true, and mount an emptyDir where it writes',
      'Deployment "it": container "server" has readOnlyRootFilesystem unset; set it to true, and mount an emptyDir where it writes',
    ]);
  });
});
