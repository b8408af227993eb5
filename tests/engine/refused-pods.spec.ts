import { expect } from "chai";
import type { KubernetesEvent } from "../../engine/providers/kubernetes-events.ts";
import { refusedPods } from "../../engine/providers/refused-pods.ts";

const event = (kind: string, name: string, message: string, lastTimestamp: string): KubernetesEvent => ({
  reason: "FailedCreate",
  message,
  involvedObject: { kind, name },
  lastTimestamp,
});
const quota =
  'pods "presto-7d9-x" is forbidden: exceeded quota: team, requested: memory=2Gi, used: memory=7Gi, limited: memory=8Gi';

describe("refused pods", () => {
  it("are told in the words of the newest event of the workload", () => {
    const events = [
      event("StatefulSet", "kafka", "newer", "2026-11-27T08:01:00Z"),
      event("StatefulSet", "kafka", "older", "2026-11-27T08:00:00Z"),
    ];
    expect(refusedPods("kafka", events)).to.equal("its pods are refused: newer");
  });

  it("of a Deployment are told by its ReplicaSets, and not by those of one whose name begins alike", () => {
    const events = [event("ReplicaSet", "presto-worker-5f6", "others", "2026-11-27T08:02:00Z")];
    expect(refusedPods("presto", events)).to.equal(undefined);
    expect(
      refusedPods("presto", [...events, event("ReplicaSet", "presto-7d9", quota, "2026-11-27T08:00:00Z")]),
    ).to.equal(`its pods are refused: ${quota}`);
  });

  it("are none where no event says so", () => {
    expect(refusedPods("kafka", [])).to.equal(undefined);
    const scaled = { ...event("StatefulSet", "kafka", "created", "2026-11-27T08:00:00Z"), reason: "SuccessfulCreate" };
    expect(refusedPods("kafka", [scaled])).to.equal(undefined);
  });
});
