import { expect } from "chai";
import { pinImage } from "../../policies/rules/workload-pin-image.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-pin-image", () => {
  it("accepts a tag, and a digest", async () => {
    expect(
      await inDeployment(
        pinImage,
        pod({ containers: [container(), container({ image: `a/b@sha256:${"0".repeat(64)}` })] }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses the tag latest, and no tag behind a registry's port", async () => {
    expect(
      await inDeployment(
        pinImage,
        pod({ containers: [container({ image: "x:latest" }), container({ image: "localhost:5000/x" })] }),
      ),
    ).to.deep.equal([
      `Deployment "it": container "server" uses image "x:latest"; pin a tag or a digest`,
      `Deployment "it": container "server" uses image "localhost:5000/x"; pin a tag or a digest`,
    ]);
  });
});
