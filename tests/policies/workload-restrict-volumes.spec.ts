import { expect } from "chai";
import { restrictVolumes } from "../../policies/rules/workload-restrict-volumes.ts";
import { inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-restrict-volumes", () => {
  it("accepts what comes from the API server, from a claim, or with the pod", async () => {
    expect(
      await inDeployment(
        restrictVolumes,
        pod({
          volumes: [
            { name: "a", configMap: {} },
            { name: "b", secret: {} },
            { name: "c", projected: {} },
            { name: "d", persistentVolumeClaim: {} },
            { name: "e", emptyDir: {} },
          ],
        }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses a folder of the node, and a disk of another server", async () => {
    expect(
      await inDeployment(
        restrictVolumes,
        pod({
          volumes: [
            { name: "docker", hostPath: { path: "/var/run/docker.sock" } },
            { name: "share", nfs: { server: "x" } },
          ],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": volume "docker" is of kind hostPath; take one of configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret in its place',
      'Deployment "it": volume "share" is of kind nfs; take one of configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret in its place',
    ]);
  });
});
