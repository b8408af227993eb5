import { expect } from "chai";

import { podProblems, type PodSpec } from "../../../platform/hardening.ts";
import { nobody } from "./matrix.ts";
import { OWN, podOf } from "./probes.ts";

describe("the pod of a probe", () => {
  const pod = podOf("edges-probe-0", nobody, { image: "registry.example/tools:1" }) as {
    readonly metadata: { readonly labels: Readonly<Record<string, string>> };
    readonly spec: PodSpec & { readonly readinessGates: readonly unknown[] };
  };

  it("is one that the platform's namespace takes", () => {
    expect(podProblems(pod.spec, false)).to.deep.equal([]);
  });

  it("bears the identity's labels and its own, and is never ready, so that no Service leads to it", () => {
    expect(pod.metadata.labels).to.deep.equal({ ...nobody.labels, ...OWN });
    expect(pod.spec.readinessGates).to.have.length(1);
  });
});
