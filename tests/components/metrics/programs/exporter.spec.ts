import { expect } from "chai";
import { Asked } from "../../../../components/metrics/programs/asked.ts";
import { exposition } from "../../../../components/metrics/programs/exposition.ts";
import { Marks, markSchema } from "../../../../components/metrics/programs/marks.ts";
import { objectSamples } from "../../../../components/metrics/programs/objects.ts";

describe("the exporter's figures", () => {
  it("are text as Prometheus reads it, whatever signs labels have", () => {
    expect(
      exposition([
        { name: "a", value: 1 },
        { name: "b", labels: { x: 'say "no"\\\n', y: "2" }, value: 0.5 },
      ]),
    ).to.equal('a 1\nb{x="say \\"no\\"\\\\\\n",y="2"} 0.5\n');
  });

  it("have those of each service, and say of one that hangs or fails that it does not answer", async () => {
    const said: string[] = [];
    const asked = new Asked({
      sources: [
        { service: "well", ask: () => Promise.resolve([{ name: "a", value: 1 }]) },
        { service: "hangs", ask: () => new Promise(() => undefined) },
        { service: "fails", ask: () => Promise.reject(new Error("no")) },
      ],
      log: (line) => said.push(line),
      limitMs: 30,
    });
    await asked.look(new AbortController().signal);
    await asked.look(new AbortController().signal);
    const up = asked.samples().filter(({ name }) => name === "millrace_watch_up");
    expect(up.map(({ labels, value }) => [labels?.["service"], value])).to.have.deep.members([
      ["well", 1],
      ["hangs", 0],
      ["fails", 0],
    ]);
    expect(asked.samples()).to.deep.include({ name: "a", value: 1 });
    expect(said).to.have.members(["hangs: no answer within 0.03 s", "fails: no"]);
  });

  it("forget what a service said when it answers no more", async () => {
    let isUp = true;
    const ask = () => (isUp ? Promise.resolve([{ name: "a", value: 1 }]) : Promise.reject(new Error("no")));
    const asked = new Asked({ sources: [{ service: "s", ask }], log: () => undefined });
    await asked.look(new AbortController().signal);
    isUp = false;
    await asked.look(new AbortController().signal);
    expect(asked.samples().map(({ name }) => name)).not.to.include("a");
  });

  it("have marks of proofs in series that are always there", () => {
    const marks = new Marks();
    const values = () => marks.samples().map(({ value }) => value);
    const series = marks.samples().map(({ name, labels }) => ({ name, labels }));
    expect(values()).to.deep.equal([0, 0, 0, 0, 0, 0, 0, 0]);
    const slot = marks.set(7);
    expect(marks.samples()).to.deep.include({ name: "millrace_proof_mark", labels: { slot }, value: 7 });
    for (let index = 1; index < 9; index++) marks.set(100 + index);
    expect(values()).to.deep.equal([108, 101, 102, 103, 104, 105, 106, 107]);
    expect(marks.samples().map(({ name, labels }) => ({ name, labels }))).to.deep.equal(series);
    expect(markSchema.safeParse({ value: "1" }).success).to.equal(false);
  });

  it("say which pods are not ready, and how often containers were started", () => {
    const owner = [{ kind: "ReplicaSet", name: "x" }];
    const pod = (name: string, ready: string, more: object = {}) => ({
      metadata: {
        name,
        namespace: "data",
        labels: { "app.kubernetes.io/name": "kafka" },
        ownerReferences: owner,
        ...more,
      },
      status: {
        phase: "Running",
        conditions: [{ type: "Ready", status: ready }],
        containerStatuses: [{ name: "c", restartCount: 3 }],
      },
    });
    const samples = objectSamples({
      pods: [
        pod("a", "True"),
        pod("b", "False"),
        pod("job", "False", { ownerReferences: [{ kind: "Job", name: "j" }] }),
      ],
      cronJobs: [],
      jobs: [],
    });
    const ready = samples.filter(({ name }) => name === "millrace_pod_ready");
    expect(ready.map(({ labels, value }) => [labels?.["pod"], labels?.["service"], value])).to.deep.equal([
      ["a", "kafka", 1],
      ["b", "kafka", 0],
    ]);
    expect(samples.filter(({ name }) => name === "millrace_container_restarts_total")).to.have.length(3);
  });

  it("say whether the last scheduled run failed, and when one ended well", () => {
    const run = (startTime: string, type: string) => ({
      metadata: { name: startTime, ownerReferences: [{ kind: "CronJob", name: "backup" }] },
      status: { startTime, conditions: [{ type, status: "True" }] },
    });
    const cronJob = (name: string, schedule: string, suspend = false) => ({
      metadata: { name, namespace: "data" },
      spec: { schedule, suspend },
      status: { lastSuccessfulTime: "2026-11-29T03:17:30Z" },
    });
    const of = (jobs: readonly object[]) =>
      Object.fromEntries(
        objectSamples({
          pods: [],
          cronJobs: [cronJob("backup", "17 3 * * *"), cronJob("on-demand", "0 0 1 1 *", true)],
          jobs,
        }).map(({ name, value }) => [name.replace("millrace_cronjob_", ""), value]),
      );
    const well = { last_failed: 0, is_daily: 1, last_success_seconds: Date.parse("2026-11-29T03:17:30Z") / 1000 };
    expect(of([run("2026-11-28T03:17:00Z", "Failed"), run("2026-11-29T03:17:00Z", "Complete")])).to.deep.equal(well);
    expect(of([run("2026-11-29T03:17:00Z", "Failed")])).to.deep.equal({ ...well, last_failed: 1 });
  });
});
