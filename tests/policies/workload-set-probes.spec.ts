import { expect } from "chai";
import { setProbes } from "../../policies/rules/workload-set-probes.ts";
import { container, inDeployment, pod } from "./fixtures.ts";

describe("the policy kubernetes-workload-set-probes", () => {
  it("accepts a readiness probe with a startup probe, and init containers without", async () => {
    expect(
      await inDeployment(
        setProbes,
        pod({
          initContainers: [container({ readinessProbe: undefined, livenessProbe: undefined })],
          containers: [container({ livenessProbe: undefined, startupProbe: { tcpSocket: { port: 80 } } })],
        }),
      ),
    ).to.deep.equal([]);
  });

  it("refuses a container without probes, and a sidecar without readiness probe", async () => {
    expect(
      await inDeployment(
        setProbes,
        pod({
          initContainers: [container({ name: "sidecar", restartPolicy: "Always", readinessProbe: undefined })],
          containers: [container({ readinessProbe: undefined, livenessProbe: undefined })],
        }),
      ),
    ).to.deep.equal([
      'Deployment "it": container "server" has no readinessProbe; add one',
      'Deployment "it": container "server" has neither livenessProbe nor startupProbe; add one of them',
      'Deployment "it": container "sidecar" has no readinessProbe; add one',
    ]);
  });
});
