import { expect } from "chai";

import { UserError } from "../../cli/errors.ts";
import { followJob, jobEnd, type JobWatch, withJob } from "../../cli/job.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { failedJob, FakeJobKube, twoStepPod } from "../support/fake-job.ts";

const namespace = "data";
const template = {
  spec: {
    suspend: true,
    jobTemplate: {
      metadata: { labels: { a: "b" } },
      spec: { backoffLimit: 2, activeDeadlineSeconds: 60, template: { spec: { containers: [{ name: "main" }] } } },
    },
  },
};
const request = { namespace, template: "work", missing: () => "there is no work" };

describe("a Job on demand", () => {
  it("is the template's, not tried again, and removed when it has been used", async () => {
    const kube = new FakeJobKube({ template, pods: [] });
    const name = await withJob(kube, request, (job) => {
      expect(kube.deleted).to.deep.equal([]);
      return Promise.resolve(job);
    });
    expect(name).to.match(/^work-[0-9a-f]{8}$/);
    expect(kube.posted[0]).to.deep.equal({
      apiVersion: "batch/v1",
      kind: "Job",
      metadata: { name, labels: { a: "b" } },
      spec: {
        ...template.spec.jobTemplate.spec,
        backoffLimit: 0,
        ttlSecondsAfterFinished: 600,
      },
    });
    expect(kube.deleted).to.deep.equal([`/apis/batch/v1/namespaces/data/jobs/${name}`]);
    expect(kube.deleteOptions).to.deep.equal([{ propagationPolicy: "Background" }]);
  });

  it("is removed when its use fails, with the failure told", async () => {
    const kube = new FakeJobKube({ template, pods: [] });
    const error: unknown = await withJob(kube, request, () => Promise.reject(new Error("stopped"))).catch(
      (reason: unknown) => reason,
    );
    expect((error as Error).message).to.equal("stopped");
    expect(kube.deleted).to.have.length(1);
  });

  it("says in the caller's words that there is no template", async () => {
    const error: unknown = await withJob(new FakeJobKube({ pods: [] }), request, () => Promise.resolve()).catch(
      (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.equal("there is no work");
  });

  it("names the way out when the cluster does not answer", async () => {
    const kube = new FakeJobKube({ pods: [] });
    kube.get = () => Promise.reject(new KubeError(0, "the API server does not answer"));
    const error: unknown = await withJob(kube, request, () => Promise.resolve()).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.contain("the API server does not answer; npm run up starts the platform");
  });
});

describe("what a Job's containers say", () => {
  const lines: string[] = [];
  const details: string[] = [];
  const watch: JobWatch = {
    namespace,
    pollMs: 0,
    onLine: (line) => lines.push(line),
    onDetail: (text) => details.push(text),
  };
  beforeEach(() => {
    lines.length = 0;
    details.length = 0;
  });

  it("is read in the order in which they run, each from its start", async () => {
    const kube = new FakeJobKube({
      pods: [
        undefined,
        twoStepPod("Pending", "waiting", "waiting"),
        twoStepPod("Pending", "running", "waiting"),
        twoStepPod("Pending", 0, "waiting"),
        twoStepPod("Running", 0, "running"),
      ],
      ends: [{}],
      logs: { first: "one\ntwo", main: "three" },
    });
    expect(await followJob(kube, "work-1", watch)).to.equal(undefined);
    expect(lines).to.deep.equal(["one", "two", "three"]);
    expect(details).to.deep.equal(["it has no pod yet", "starting", "starting"]);
  });

  it("is awaited with the words of a quota that refuses the pod", async () => {
    const event = {
      reason: "FailedCreate",
      message: 'pods "work-1-x" is forbidden: exceeded quota: team',
      involvedObject: { kind: "Job", name: "work-1" },
    };
    const kube = new FakeJobKube({ pods: [undefined], ends: [{}], events: [event] });
    expect(await followJob(kube, "work-1", { ...watch, startLimitMs: 5 })).to.equal(
      `its pods are refused: ${event.message}`,
    );
  });

  it("ends with the container that gave up", async () => {
    const kube = new FakeJobKube({ pods: [twoStepPod("Failed", 1, "waiting")], logs: { first: "no such backup" } });
    expect(await followJob(kube, "work-1", watch)).to.equal(undefined);
    expect(kube.followed).to.deep.equal(["first"]);
  });

  it("is the cause, when a container does not start in time", async () => {
    const noImage = { reason: "ErrImagePull", message: "manifest unknown" };
    const late = new FakeJobKube({ pods: [twoStepPod("Pending", noImage, "waiting")] });
    expect(await followJob(late, "work-1", { ...watch, startLimitMs: -1 })).to.equal(
      "image: tools:1 can't be pulled (manifest unknown)",
    );
    const second = new FakeJobKube({ pods: [twoStepPod("Pending", 0, noImage)] });
    expect(await followJob(second, "work-1", { ...watch, startLimitMs: -1 })).to.contain("can't be pulled");
    expect(second.followed).to.deep.equal(["first"]);
  });

  it("is why the pod is over, when nothing of it ever ran", async () => {
    const evicted = { ...twoStepPod("Failed", "waiting", "waiting") };
    const status = { phase: "Failed", reason: "Evicted", message: "the node was low on memory" };
    const kube = new FakeJobKube({ pods: [{ ...evicted, status }] });
    expect(await followJob(kube, "work-1", watch)).to.equal("evicted: the node was low on memory");
  });

  it("is read no further once it is stopped, for that reason", async () => {
    const stop = new AbortController();
    const kube = new FakeJobKube({ pods: [twoStepPod("Pending", "running", "waiting")] });
    kube.follow = () => {
      stop.abort(new Error("interrupted"));
      return Promise.reject(new KubeError(0, "the API server does not answer (aborted)"));
    };
    const error: unknown = await followJob(kube, "work-1", { ...watch, signal: stop.signal }).catch((e: unknown) => e);
    expect((error as Error).message).to.equal("interrupted");
  });

  it("takes the newest of several pods", async () => {
    const old = twoStepPod("Failed", 1, "waiting");
    const pods = [
      { ...old, metadata: { name: "new", creationTimestamp: "2026-11-21T03:18:00Z" } },
      { ...old, metadata: { name: "old", creationTimestamp: "2026-11-21T03:17:00Z" } },
    ];
    const kube = new FakeJobKube({ pods: [] });
    kube.get = <T>() => Promise.resolve({ items: pods } as T);
    const paths: string[] = [];
    kube.follow = (path) => {
      paths.push(path);
      return Promise.resolve();
    };
    await followJob(kube, "work-1", watch);
    expect(paths).to.deep.equal(["/api/v1/namespaces/data/pods/new/log?container=first&follow=true"]);
  });
});

describe("the end of a Job", () => {
  const end = (states: object[], pod = twoStepPod("Failed", 1, "waiting")) =>
    jobEnd(new FakeJobKube({ pods: [pod], ends: states }), "work-1", { namespace, pollMs: 0 });

  it("is waited for", async () => {
    expect(await end([{}, { active: 1 }, { succeeded: 1 }])).to.deep.equal({ ok: true });
  });

  it("has no reason but the container's own words, when that gave up by itself", async () => {
    expect(await end([{}, failedJob])).to.deep.equal({ ok: false });
  });

  it("is the memory limit, or the time limit, when that ended it from outside", async () => {
    const pod = twoStepPod("Failed", 0, 137);
    const killed = { name: "main", ready: false, restartCount: 0 };
    const state = { terminated: { exitCode: 137, reason: "OOMKilled" } };
    const containerStatuses = [{ ...killed, state }];
    expect(await end([failedJob], { ...pod, status: { phase: "Failed", containerStatuses } })).to.deep.equal({
      ok: false,
      reason: "memory: main used more than its limit and was killed",
    });
    const late = { type: "Failed", status: "True", reason: "DeadlineExceeded", message: "Job was active too long" };
    expect(await end([{ conditions: [late] }])).to.deep.equal({ ok: false, reason: "Job was active too long" });
  });
});
