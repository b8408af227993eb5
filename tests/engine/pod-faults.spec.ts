import { expect } from "chai";
import { podTrouble } from "../../cli/services.ts";
import { failureCause, podCause, type PodView } from "../../engine/providers/kubernetes-causes.ts";
import { type ContainerStatus, type FaultyPod, podFaults } from "../../engine/providers/pod-faults.ts";

const container = (more: Partial<ContainerStatus>): ContainerStatus => ({
  name: "main",
  ready: false,
  restartCount: 0,
  ...more,
});
const pod = (status: FaultyPod["status"], metadata: FaultyPod["metadata"] = {}): FaultyPod => ({
  metadata,
  ...(status === undefined ? {} : { status }),
});
const running = (more: Partial<ContainerStatus>) => pod({ phase: "Running", containerStatuses: [container(more)] });

const view: PodView = { list: () => Promise.resolve([]), log: () => Promise.resolve("") };

describe("the faults of a pod", () => {
  it("are none while it starts, and when it runs", () => {
    const starts: readonly FaultyPod[] = [
      pod(undefined),
      pod({ phase: "Pending", conditions: [{ type: "PodScheduled", status: "True" }] }),
      running({ state: { waiting: { reason: "ContainerCreating" } } }),
      running({ state: { waiting: { reason: "PodInitializing" } } }),
      running({ state: { running: {} } }),
      running({ ready: true, restartCount: 3, lastState: { terminated: { exitCode: 1 } } }),
      running({ ready: true, state: { terminated: { exitCode: 0 } } }),
    ];
    for (const one of starts) {
      expect(podFaults(one)).to.deep.equal([]);
    }
  });

  it("begin with what explains the others: its removal, its eviction, its place, then its containers in their order", () => {
    const waiting = { reason: "ErrImagePull" };
    const faults = podFaults(
      pod(
        {
          reason: "Evicted",
          conditions: [{ type: "PodScheduled", status: "False", message: "no node" }],
          containerStatuses: [container({ state: { waiting } })],
          initContainerStatuses: [container({ name: "first", state: { terminated: { exitCode: 1 } } })],
        },
        { deletionTimestamp: "2026-11-21T03:17:00Z" },
      ),
    );
    expect(faults.map(({ kind }) => kind)).to.deep.equal(["removed", "evicted", "unscheduled", "crash", "image"]);
  });

  it("tell each way in which an image can't be had", () => {
    for (const reason of [
      "ErrImagePull",
      "ImagePullBackOff",
      "ErrImageNeverPull",
      "InvalidImageName",
      "RegistryUnavailable",
    ]) {
      expect(podFaults(running({ state: { waiting: { reason } } }))[0], reason).to.include({ kind: "image", reason });
    }
  });

  it("tell a run that is over from one that comes back", () => {
    const last = { exitCode: 2 };
    const over = running({ restartCount: 1, state: { terminated: { exitCode: 3 } }, lastState: { terminated: last } });
    expect(podFaults(over)[0]).to.deep.include({ kind: "crash", isOver: true, ended: { exitCode: 3 } });
    const back = running({ restartCount: 1, state: { running: {} }, lastState: { terminated: last } });
    expect(podFaults(back)[0]).to.deep.include({ kind: "crash", isOver: false, ended: last });
    const forgotten = running({ restartCount: 9, state: { waiting: { reason: "CrashLoopBackOff" } } });
    expect(podFaults(forgotten)[0]).to.deep.include({ kind: "crash", isOver: false, ended: undefined });
  });

  it("have the memory limit as a crash of its own kind", () => {
    const killed = running({ state: { terminated: { exitCode: 137, reason: "OOMKilled" } } });
    expect(podFaults(killed)[0]).to.include({ kind: "crash", outOfMemory: true });
  });

  it("are told by a wait and by status alike, each in its words", async () => {
    const faults: readonly FaultyPod["status"][] = [
      { phase: "Failed", reason: "Evicted", message: "the node was low on disk" },
      { phase: "Pending", conditions: [{ type: "PodScheduled", status: "False", message: "1 Insufficient cpu" }] },
      {
        phase: "Pending",
        containerStatuses: [container({ image: "a:1", state: { waiting: { reason: "RegistryUnavailable" } } })],
      },
      {
        phase: "Pending",
        containerStatuses: [container({ state: { waiting: { reason: "PreCreateHookError", message: "no hook" } } })],
      },
    ];
    const told: (readonly [string | undefined, string])[] = [];
    for (const status of faults) {
      const metadata = { name: "kafka-0", namespace: "millrace" };
      const cause = await podCause(view, { kind: "Pod", metadata, status }, 1_000);
      told.push([cause?.message, podTrouble({ ...pod(status), metadata, spec: { containers: [] } })]);
    }
    expect(told).to.deep.equal([
      ["pod kafka-0 was evicted: the node was low on disk", "evicted: the node was low on disk"],
      [
        "pod kafka-0 can't be placed on a node: 1 Insufficient cpu",
        "cpu: no node has enough free (1 Insufficient cpu)",
      ],
      [
        "container main of pod kafka-0: the image a:1 can't be pulled: RegistryUnavailable",
        "image: a:1 can't be pulled (RegistryUnavailable)",
      ],
      ["container main of pod kafka-0 can't start: no hook", "PreCreateHookError: no hook"],
    ]);
  });

  it("leave a container that was tried again and then succeeded out of a Job's failure", async () => {
    const done = container({ restartCount: 1, state: { terminated: { exitCode: 0 } } });
    const owner = { kind: "Pod", metadata: { name: "p" }, status: { containerStatuses: [done], message: "too late" } };
    expect(await failureCause(view, owner)).to.equal("too late");
  });

  it("are quoted with the log of the run that ended, be it the last or the one before", async () => {
    const asked: boolean[] = [];
    const logs: PodView = {
      ...view,
      log: (_namespace, _pod, _container, previous) => {
        asked.push(previous);
        return Promise.resolve("");
      },
    };
    const terminated = { exitCode: 1 };
    for (const state of [{ terminated }, { running: {} }]) {
      const containerStatuses = [container({ restartCount: 1, state, lastState: { terminated } })];
      await podCause(logs, { kind: "Pod", metadata: { name: "p" }, status: { containerStatuses } }, 1_000);
    }
    expect(asked).to.deep.equal([false, true]);
  });

  it("end a wait early only where waiting is known not to help", async () => {
    const permanent = async (reason: string) => {
      const containerStatuses = [container({ state: { waiting: { reason } } })];
      const status = { phase: "Pending", containerStatuses };
      return (await podCause(view, { kind: "Pod", metadata: { name: "p" }, status }, 110_000))?.permanent;
    };
    expect(await permanent("CreateContainerConfigError")).to.equal(true);
    expect(await permanent("PreCreateHookError")).to.equal(false);
  });
});
