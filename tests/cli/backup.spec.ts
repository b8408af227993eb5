import { expect } from "chai";

import { renderBackup, runBackup } from "../../cli/backup.ts";
import { UserError } from "../../cli/errors.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import { failedJob, FakeJobKube, twoStepPod } from "../support/fake-job.ts";

const template = { spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: "main" }] } } } } } };
const done = [twoStepPod("Succeeded", 0, 0)];
const watch = { namespace: "data", pollMs: 0 };

describe("npm run backup", () => {
  it("runs the platform's own Job once, shows what it says, and names the backup", async () => {
    const details: string[] = [];
    const kube = new FakeJobKube({
      template,
      pods: done,
      logs: {
        first: "database airflow: 4711 bytes, 12 entries\n",
        main: "database airflow: 4711 bytes stored and read back\nbackup 20261121T031700Z is complete\n",
      },
    });
    const report = await runBackup(kube, { ...watch, onDetail: (text) => details.push(text) });
    const lines = [
      "database airflow: 4711 bytes, 12 entries",
      "database airflow: 4711 bytes stored and read back",
      "backup 20261121T031700Z is complete",
    ];
    expect(report).to.deep.include({ ok: true, backup: "20261121T031700Z", lines, error: null });
    expect(details).to.deep.equal(lines);
    expect(kube.posted[0]?.metadata.name).to.match(/^postgres-backup-[0-9a-f]{8}$/);
    expect(kube.deleted).to.have.length(1);
    expect(renderBackup(report)).to.match(/is complete\nbackup done in \d+ ms$/);
  });

  it("fails with the last words of the container that gave up", async () => {
    const kube = new FakeJobKube({
      template,
      pods: [twoStepPod("Failed", 1, "waiting")],
      ends: [failedJob],
      logs: { first: "database airflow: 1 bytes, 1 entries\npg_dump: error: connection refused\n" },
    });
    const report = await runBackup(kube, watch);
    expect(report).to.deep.include({ ok: false, backup: null, error: "pg_dump: error: connection refused" });
    expect(renderBackup(report)).to.contain("backup FAILED; earlier backups stay");
  });

  it("says so when a container failed without a word", async () => {
    const kube = new FakeJobKube({ template, pods: [twoStepPod("Failed", 1, "waiting")], ends: [failedJob] });
    expect((await runBackup(kube, watch)).error).to.equal("it failed without a message");
  });

  it("says why its pod does not start, and removes the Job", async () => {
    const pods = [twoStepPod("Pending", { reason: "ErrImagePull" }, "waiting")];
    const kube = new FakeJobKube({ template, pods });
    const report = await runBackup(kube, { ...watch, startLimitMs: -1 });
    expect(report.error).to.equal("its pod did not start: image: tools:1 can't be pulled (ErrImagePull)");
    expect(kube.deleted).to.have.length(1);
  });

  it("waits for the end of a Job whose log broke off", async () => {
    const logs = { first: new KubeError(0, "the API server does not answer") };
    const kube = new FakeJobKube({ template, pods: done, logs, ends: [{}, { succeeded: 1 }] });
    const report = await runBackup(kube, watch);
    expect(report).to.deep.include({ ok: true, lines: ["its log broke off: the API server does not answer"] });
  });

  it("removes the Job when it is stopped", async () => {
    const kube = new FakeJobKube({ template, pods: done });
    const signal = AbortSignal.abort(new Error("interrupted"));
    const error: unknown = await runBackup(kube, { ...watch, signal }).catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal("interrupted");
    expect(kube.deleted).to.have.length(1);
  });

  it("says whether PostgreSQL or only its backup is missing, and the way out", async () => {
    const refused = async (objects: Readonly<Record<string, unknown>>): Promise<string> => {
      const error: unknown = await runBackup(new FakeJobKube({ pods: [], objects }), watch).catch((e: unknown) => e);
      expect(error).to.be.instanceOf(UserError);
      return (error as Error).message;
    };
    expect(await refused({})).to.equal(
      "there is no PostgreSQL in namespace data: the platform is not up, or was last brought up by an earlier version; " +
        "npm run up brings it",
    );
    expect(await refused({ "/apis/apps/v1/namespaces/data/statefulsets/postgres": {} })).to.equal(
      "PostgreSQL in namespace data has no backups: set postgres.backup.enabled of millrace:services to true, " +
        "then npm run up",
    );
  });
});
