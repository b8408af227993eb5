import { expect } from "chai";

import { UserError } from "../../cli/errors.ts";
import { announcement, renderRestore, restoreChoice, runRestore } from "../../cli/restore.ts";
import { failedJob, FakeJobKube, twoStepPod } from "../support/fake-job.ts";

const fetchEnv = [
  { name: "BUCKET", value: "backups" },
  { name: "BACKUP", value: "latest" },
  { name: "DATABASES", value: "" },
];
const main = { name: "main", env: [{ name: "PGHOST", value: "postgres" }] };
const template = {
  spec: {
    suspend: true,
    jobTemplate: {
      spec: {
        activeDeadlineSeconds: 3600,
        template: { spec: { initContainers: [{ name: "first", env: fetchEnv }], containers: [main] } },
      },
    },
  },
};
const watch = { namespace: "data", pollMs: 0 };
const fetched =
  "database airflow: fetched from backup 20261121T031700Z\ndatabase jupyterhub: fetched from backup 20261121T031700Z\n";

describe("npm run restore", () => {
  it("brings back the chosen backup and database, and leaves the rest of the template as it is", async () => {
    const kube = new FakeJobKube({ template, pods: [twoStepPod("Succeeded", 0, 0)] });
    await runRestore(kube, restoreChoice("20261121T031700Z", "airflow"), watch);
    expect(kube.posted[0]?.metadata.name).to.match(/^postgres-restore-[0-9a-f]{8}$/);
    expect(kube.posted[0]?.spec).to.deep.equal({
      activeDeadlineSeconds: 3600,
      backoffLimit: 0,
      ttlSecondsAfterFinished: 600,
      template: {
        spec: {
          initContainers: [
            {
              name: "first",
              env: [
                { name: "BUCKET", value: "backups" },
                { name: "BACKUP", value: "20261121T031700Z" },
                { name: "DATABASES", value: "airflow" },
              ],
            },
          ],
          containers: [main],
        },
      },
    });
  });

  it("reports the backup that it took and the databases that it replaced", async () => {
    const logs = { first: fetched, main: "database airflow: restored\ndatabase jupyterhub: restored\n" };
    const kube = new FakeJobKube({ template, pods: [twoStepPod("Succeeded", 0, 0)], logs });
    const report = await runRestore(kube, restoreChoice(), watch);
    expect(report).to.deep.include({
      ok: true,
      backup: "20261121T031700Z",
      replaced: ["airflow", "jupyterhub"],
      error: null,
    });
    expect(renderRestore(report)).to.match(/jupyterhub: restored\nrestore done in \d+ ms$/);
  });

  it("names what a restore that failed halfway has replaced", async () => {
    const kube = new FakeJobKube({
      template,
      pods: [twoStepPod("Failed", 0, 1)],
      ends: [failedJob],
      logs: { first: fetched, main: "database airflow: restored\npg_restore: error: no space left on device\n" },
    });
    const report = await runRestore(kube, restoreChoice(), watch);
    expect(report).to.deep.include({
      ok: false,
      replaced: ["airflow"],
      error: "pg_restore: error: no space left on device",
    });
    expect(renderRestore(report).split("\n").at(-1)).to.equal("restore FAILED after it had replaced airflow");
  });

  it("passes on which backups there are when the chosen one is not", async () => {
    const words = 'there is no backup "20260101T000000Z" in http://s3/backups/postgres/; there are 20261121T031700Z';
    const kube = new FakeJobKube({
      template,
      pods: [twoStepPod("Failed", 1, "waiting")],
      ends: [failedJob],
      logs: { first: words },
    });
    const report = await runRestore(kube, restoreChoice("20260101T000000Z"), watch);
    expect(report).to.deep.include({ ok: false, backup: null, replaced: [], error: words });
    expect(renderRestore(report).split("\n").at(-1)).to.equal("restore FAILED");
  });

  it("takes the latest backup with all its databases unless it is told otherwise", () => {
    expect(restoreChoice()).to.deep.equal({ from: "latest", database: undefined });
  });

  it("refuses what can't be a backup's name or that of one database", () => {
    expect(() => restoreChoice("yesterday")).to.throw(
      UserError,
      'restore: --from "yesterday" is not a backup; give latest, or a time such as 20261121T031700Z',
    );
    expect(() => restoreChoice("latest", "airflow,jupyterhub")).to.throw(
      UserError,
      '--database "airflow,jupyterhub" is not the name of one database, such as airflow; leave it out for all but the catalog\'s',
    );
  });

  it("says before it begins what is going to be replaced", () => {
    expect(announcement(restoreChoice(), "data")).to.equal(
      "restore replaces every database that the latest backup has, but for the catalog (--database metastore), in namespace data, by its state in it; " +
        "anything written since is lost",
    );
    expect(announcement(restoreChoice("20261121T031700Z", "airflow"), "data")).to.equal(
      "restore replaces database airflow, in namespace data, by its state in backup 20261121T031700Z; " +
        "anything written since is lost",
    );
    expect(announcement(restoreChoice("latest", "metastore"), "data")).to.match(
      /^restore replaces database metastore, in namespace data, .*; tables made since are not listed any more, and commits made since are not in the tables/,
    );
  });
});
