import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { projectDir } from "../../cli/paths.ts";
import { failureCause, podCause, type PodView } from "../../engine/providers/kubernetes-causes.ts";
import { awaitReady, type ObjectView } from "../../engine/providers/kubernetes-wait.ts";

type Json = Record<string, unknown>;

const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000).toISOString();
const longMs = 110_000;

/** A cluster with these pods, events and ReplicaSets, and one log. */
function view(content: { pods?: Json[]; events?: Json[]; sets?: Json[]; claims?: Json[]; log?: string }): PodView {
  const { pods = [], events = [], sets = [], claims = [] } = content;
  const lists: Json = { pods, events, persistentvolumeclaims: claims };
  return {
    list: (path) => Promise.resolve((lists[path.slice(path.lastIndexOf("/") + 1)] ?? sets) as Json[]),
    log: () => Promise.resolve(content.log ?? ""),
  };
}

function pod(status: Json, created = minutesAgo(3)): Json {
  return {
    kind: "Pod",
    metadata: { name: "kafka-0", namespace: "millrace", creationTimestamp: created },
    status: { phase: "Pending", conditions: [{ type: "PodScheduled", status: "True" }], ...status },
  };
}

const set: Json = {
  kind: "StatefulSet",
  metadata: { name: "kafka", namespace: "millrace", uid: "1" },
  spec: { selector: { matchLabels: { app: "kafka" } } },
};
const job: Json = { ...set, kind: "Job", metadata: { name: "proof", namespace: "millrace" } };
const container = (state: Json, more: Json = {}): Json => ({
  containerStatuses: [
    { name: "kafka", image: "localhost:5000/kafka:1", ready: false, restartCount: 0, state, ...more },
  ],
});

describe("the cause why a workload is not ready", () => {
  it("is the image that can't be pulled, final after a minute", async () => {
    const waiting = {
      reason: "ImagePullBackOff",
      message: 'Back-off pulling image "localhost:5000/kafka:1": manifest unknown',
    };
    const cluster = view({ pods: [pod(container({ waiting }))] });
    const cause = await podCause(cluster, set, longMs);
    expect(cause?.message).to.contain(
      "container kafka of pod kafka-0: the image localhost:5000/kafka:1 can't be pulled",
    );
    expect(cause?.message).to.contain("manifest unknown");
    expect(cause?.permanent).to.equal(true);
    expect((await podCause(cluster, set, 5_000))?.permanent).to.equal(false);
  });

  it("is the crash with its last log lines", async () => {
    const terminated = { exitCode: 3, reason: "Error", finishedAt: new Date().toISOString() };
    const status = container(
      { waiting: { reason: "CrashLoopBackOff", message: "back-off 1m20s restarting failed container" } },
      { restartCount: 6, lastState: { terminated } },
    );
    const cause = await podCause(view({ pods: [pod(status)], log: "line 1\nno such topic" }), set, longMs);
    expect(cause?.message).to.equal(
      "container kafka of pod kafka-0: kafka ended with exit code 3, started 7 times; its last log lines:\n" +
        "    line 1\n    no such topic",
    );
    expect(cause?.permanent).to.equal(true);
  });

  it("is the memory limit of a container that was killed for it", async () => {
    const terminated = { exitCode: 137, reason: "OOMKilled", finishedAt: new Date().toISOString() };
    const status = container(
      { waiting: { reason: "CrashLoopBackOff" } },
      { restartCount: 2, lastState: { terminated } },
    );
    const cause = await podCause(view({ pods: [pod(status)] }), set, longMs);
    expect(cause?.message).to.contain("killed because it used more memory than its limit");
    expect(cause?.permanent).to.equal(false);
  });

  it("is the Secret that is not there", async () => {
    const waiting = { reason: "CreateContainerConfigError", message: 'secret "kafka-keys" not found' };
    const cause = await podCause(view({ pods: [pod(container({ waiting }))] }), set, longMs);
    expect(cause?.message).to.equal('container kafka of pod kafka-0 can\'t start: secret "kafka-keys" not found');
    expect(cause?.permanent).to.equal(true);
  });

  it("is the volume that does not mount", async () => {
    const events = [
      {
        reason: "FailedMount",
        message: 'MountVolume.SetUp failed for volume "keys" : secret "kafka-keys" not found',
        lastTimestamp: minutesAgo(1),
      },
    ];
    const cause = await podCause(view({ pods: [pod({})], events }), set, longMs);
    expect(cause?.message).to.contain('secret "kafka-keys" not found');
    expect(cause?.permanent).to.equal(true);
  });

  it("is the node that has too little left", async () => {
    const conditions = [
      {
        type: "PodScheduled",
        status: "False",
        reason: "Unschedulable",
        message: "0/1 nodes are available: 1 Insufficient memory.",
      },
    ];
    const cause = await podCause(view({ pods: [pod({ conditions })] }), set, longMs);
    expect(cause?.message).to.contain("can't be placed on a node: 0/1 nodes are available: 1 Insufficient memory.");
    expect(cause?.permanent).to.equal(true);
  });

  it("is Pod Security that refuses the pods, for a Deployment too", async () => {
    const message =
      'Error creating: pods "web-5d8f-" is forbidden: violates PodSecurity "restricted:latest": ' +
      'allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false)';
    const events = [{ reason: "FailedCreate", message, lastTimestamp: minutesAgo(1) }];
    const sets = [{ metadata: { name: "web-5d8f", ownerReferences: [{ uid: "1" }] } }];
    for (const kind of ["Deployment", "StatefulSet", "Job"]) {
      const cause = await podCause(view({ events, sets }), { ...set, kind }, 30_000);
      expect(cause).to.deep.equal({ message: `its pods are refused: ${message}`, permanent: true });
    }
  });
});

describe("a claim without a volume", () => {
  const why =
    'failed to provision volume with StorageClass "standard": the node\'s disk has no room for it: 3Gi are free';
  const event = (message: string, minutes: number, name = "data-kafka-0", type = "Warning"): Json => ({
    type,
    reason: "ProvisioningFailed",
    message,
    involvedObject: { kind: "PersistentVolumeClaim", name },
    lastTimestamp: minutesAgo(minutes),
  });
  const events = [event(why, 1), event("older", 2), event("of another claim", 0, "data-kafka-1")];
  const claim = (phase: string, name = "data-kafka-0"): Json => ({ metadata: { name }, status: { phase } });
  const waiting = (conditions: Json[]): Json => ({
    ...pod({ conditions }),
    spec: { volumes: [{ emptyDir: {} }, { persistentVolumeClaim: { claimName: "data-kafka-0" } }] },
  });
  const unplaced: Json = {
    type: "PodScheduled",
    status: "False",
    message: "0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.",
  };
  const cluster = (pods: Json[], phase = "Pending") =>
    view({ pods, events, claims: [claim("Pending", "data-kafka-1"), claim(phase)] });
  const told = `its claim data-kafka-0 is not bound: ${why}`;

  it("is told by its provisioner's newest warning, for every kind that has pods", async () => {
    for (const kind of ["Deployment", "StatefulSet", "DaemonSet", "Job"]) {
      expect(await podCause(cluster([waiting([])]), { ...set, kind }, longMs), kind).to.deep.equal({
        message: `pod kafka-0: ${told}`,
        permanent: false,
      });
      const cause = await podCause(cluster([waiting([unplaced])]), { ...set, kind }, longMs);
      expect(cause?.message, kind).to.equal(
        `pod kafka-0 can't be placed on a node: ${String(unplaced["message"])}; ${told}`,
      );
    }
  });

  it("ends a wait once the disk has had no room for it for two minutes, whoever waits", async () => {
    const own = {
      kind: "PersistentVolumeClaim",
      metadata: { name: "data-kafka-0", namespace: "millrace" },
      status: { phase: "Pending" },
    };
    const grows = { ...own, status: { phase: "Bound" } };
    for (const owner of [set, own, grows]) {
      const ends = async (waitedMs: number, told = [event(why, 1), event("older", 2)]) => {
        const asked = view({ pods: [waiting([])], events: told, claims: [claim("Pending")] });
        return (await podCause(asked, owner, waitedMs))?.permanent;
      };
      expect(await ends(121_000), String(owner["kind"])).to.equal(true);
      expect(await ends(110_000), "not before").to.equal(false);
      expect(await ends(121_000, [event(why, 3)]), "refused before this wait only").to.equal(false);
      expect(await ends(121_000, [event("the disk is slow", 1)]), "another cause").to.equal(false);
    }
  });

  it("is refused by the provisioner in the words that end a wait", () => {
    const source = readFileSync(join(projectDir, "clusters/embedded/node/provisioner/disk.go"), "utf8");
    expect(source).to.contain("the node's disk has no room for it: ");
  });

  it("is not blamed for what its provisioner has mended since", async () => {
    expect(await podCause(cluster([waiting([])], "Bound"), set, longMs)).to.equal(undefined);
  });

  it("is told in the wait's lines and in its error", async () => {
    const said: string[] = [];
    const live = { ...set, status: {} };
    const api = { ...cluster([waiting([])]), get: () => Promise.resolve(live) };
    const error = await awaitReady(api, "/set", live, 2, {
      signal: new AbortController().signal,
      progress: (message) => {
        said.push(message);
      },
    }).catch((found: unknown) => String(found));
    expect(said).to.include(`0 of 1 pods ready (pod kafka-0: ${told})`);
    expect(error).to.equal(`Error: not ready after 2 s: pod kafka-0: ${told}`);
  });

  it("says why it has none before it says that its provisioner tries again", async () => {
    const own = { kind: "PersistentVolumeClaim", metadata: { name: "data-kafka-0", namespace: "millrace" } };
    const tries = event("External provisioner is provisioning volume", 0, "data-kafka-0", "Normal");
    const cause = await podCause(view({ events: [event(why, 1), tries] }), own, longMs);
    expect(cause?.message).to.equal(`volume not bound: ${why}`);
  });
});

describe("the wait for a Job", () => {
  const look = (states: Json[], cluster: PodView): ObjectView => ({
    ...cluster,
    get: () => Promise.resolve({ ...job, status: states.length > 1 ? states.shift() : states[0] }),
  });
  const wait = (api: ObjectView, said: string[] = []) =>
    awaitReady(api, "/job", { ...job, status: { active: 1 } }, 10, {
      signal: new AbortController().signal,
      progress: (message) => said.push(message),
    });
  const failed = { conditions: [{ type: "Failed", status: "True", reason: "BackoffLimitExceeded" }] };

  it("ends when it is complete", async () => {
    const said: string[] = [];
    const complete = { conditions: [{ type: "Complete", status: "True" }] };
    const live = await wait(look([{ active: 1 }, complete], view({})), said);
    expect(live["status"]).to.deep.equal(complete);
    expect(said).to.deep.equal(["the job runs"]);
  });

  it("fails with the last log lines of its newest pod", async () => {
    const ended = (exitCode: number) => container({ terminated: { exitCode, reason: "Error" } });
    const cluster = view({
      pods: [pod(ended(7), minutesAgo(1)), pod(ended(9), minutesAgo(2))],
      log: '{"hop":"kafka","ok":false}',
    });
    expect(await failureCause(cluster, job)).to.contain("ended with exit code 7");
    const error = await wait(look([failed], cluster)).catch((found: unknown) => String(found));
    expect(error).to.contain("the job failed (BackoffLimitExceeded): kafka ended with exit code 7");
    expect(error).to.contain('{"hop":"kafka","ok":false}');
  });

  it("fails with its own reason when no pod is left", async () => {
    const error = await wait(look([failed], view({}))).catch((found: unknown) => String(found));
    expect(error).to.equal("Error: the job failed (BackoffLimitExceeded)");
  });

  it("looks again as soon as the server tells of a change, and listens no longer than it waits", async () => {
    let complete = false;
    let listened: AbortSignal | undefined;
    let changed: () => void = () => undefined;
    const told: ObjectView = {
      ...view({}),
      get: () =>
        Promise.resolve({ ...job, status: complete ? { conditions: [{ type: "Complete", status: "True" }] } : {} }),
      watch: (path, onChange, signal) => {
        expect(path).to.equal("/job");
        [changed, listened] = [onChange, signal];
        return new Promise(() => undefined);
      },
    };
    const waiting = wait(told);
    while (listened === undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    await new Promise((resolve) => setTimeout(resolve, 1_300)); // its pauses are a second by now
    complete = true;
    const began = Date.now();
    changed();
    await waiting;
    expect(Date.now() - began).to.be.lessThan(200);
    expect(listened.aborted).to.equal(true);
  });

  it("goes on looking where it may not listen", async () => {
    const complete = { conditions: [{ type: "Complete", status: "True" }] };
    const refused: ObjectView = {
      ...look([{ active: 1 }, { active: 1 }, { active: 1 }, { active: 1 }, { active: 1 }, complete], view({})),
      watch: () => Promise.reject(new Error("forbidden")),
    };
    expect((await wait(refused))["status"]).to.deep.equal(complete);
  });
});
