import { expect } from "chai";

import { requested, renderBackup, runBackup } from "../../cli/backup.ts";
import { UserError } from "../../cli/errors.ts";
import { type Kube, KubeError } from "../../cli/kube.ts";

const template = {
  spec: {
    suspend: true,
    jobTemplate: {
      metadata: { labels: { a: "b" } },
      spec: {
        backoffLimit: 2,
        template: {
          spec: {
            initContainers: [
              {
                name: "fetch",
                env: [
                  { name: "BUCKET", value: "backups" },
                  { name: "BACKUP", value: "latest" },
                  { name: "DATABASES", value: "" },
                ],
              },
            ],
            containers: [{ name: "main" }],
          },
        },
      },
    },
  },
};
const pod = {
  metadata: { name: "job-pod" },
  spec: { initContainers: [{ name: "fetch" }], containers: [{ name: "main" }] },
  status: { phase: "Pending" },
};

/** A cluster whose Job passes through these states. */
class FakeKube implements Pick<Kube, "get" | "post" | "delete" | "text"> {
  readonly posted: { readonly metadata: { readonly name: string }; readonly spec: Record<string, unknown> }[] = [];
  readonly deleted: string[] = [];
  readonly #states: unknown[];
  readonly #logs: Readonly<Record<string, string>>;

  constructor(states: readonly unknown[], logs: Readonly<Record<string, string>> = {}) {
    this.#states = [...states];
    this.#logs = logs;
  }

  get<T>(path: string): Promise<T> {
    if (path.includes("/cronjobs/")) return Promise.resolve(template as T);
    if (path.includes("/pods?")) return Promise.resolve({ items: [pod] } as T);
    return Promise.resolve({ status: this.#states.shift() ?? {} } as T);
  }

  post<T>(_path: string, body: unknown): Promise<T> {
    this.posted.push(body as (typeof this.posted)[0]);
    return Promise.resolve({} as T);
  }

  delete(path: string): Promise<void> {
    this.deleted.push(path);
    return Promise.resolve();
  }

  text(path: string): Promise<string> {
    const log = this.#logs[/container=(\w+)/.exec(path)?.[1] ?? ""];
    return log === undefined ? Promise.reject(new KubeError(400, "is waiting to start")) : Promise.resolve(log);
  }
}

const options = { namespace: "data", pollMs: 0 };
const failed = {
  conditions: [{ type: "Failed", status: "True", message: "Job has reached the specified backoff limit" }],
};

describe("npm run backup", () => {
  it("runs the platform's own Job once, reads what it said, and removes it", async () => {
    const kube = new FakeKube([{}, { succeeded: 1 }], {
      fetch: "dumped\n",
      main: "backup 20261121T031700Z is complete\n",
    });
    const report = await runBackup(kube, { action: "backup" }, options);
    expect(report).to.deep.include({ ok: true, error: null, lines: ["dumped", "backup 20261121T031700Z is complete"] });
    const [job] = kube.posted;
    expect(job?.metadata.name).to.match(/^postgres-backup-[0-9a-f]{8}$/);
    expect(job?.spec["backoffLimit"]).to.equal(0);
    expect(kube.deleted).to.deep.equal([`/apis/batch/v1/namespaces/data/jobs/${job?.metadata.name ?? ""}`]);
    expect(renderBackup(report)).to.match(/is complete\nbackup done in \d+ ms$/);
  });

  it("brings back the chosen backup and databases, and leaves the rest of the template as it is", async () => {
    const kube = new FakeKube([{ succeeded: 1 }], { fetch: "fetched", main: "database airflow: restored" });
    await runBackup(kube, requested("20261121T031700Z", "airflow,jupyterhub"), options);
    expect(JSON.stringify(kube.posted[0])).to.contain(
      JSON.stringify([
        { name: "BUCKET", value: "backups" },
        { name: "BACKUP", value: "20261121T031700Z" },
        { name: "DATABASES", value: "airflow jupyterhub" },
      ]),
    );
  });

  it("gives the last words of a Job that failed, also when only its first container ran", async () => {
    const kube = new FakeKube([failed], { fetch: 'there is no backup "20260101T000000Z"\n' });
    const report = await runBackup(kube, requested("20260101T000000Z", undefined), options);
    expect(report).to.deep.include({ ok: false, error: 'there is no backup "20260101T000000Z"' });
    expect(renderBackup(report)).to.contain("restore FAILED; nothing was changed");
    expect(kube.deleted).to.have.length(1);
  });

  it("gives the Job's own reason when no container said a word", async () => {
    const report = await runBackup(new FakeKube([failed]), { action: "backup" }, options);
    expect(report.error).to.equal("Job has reached the specified backoff limit");
  });

  it("says when the platform makes no backups", async () => {
    const none = new FakeKube([]);
    none.get = () => Promise.reject(new KubeError(404, "not found"));
    const error: unknown = await runBackup(none, { action: "backup" }, options).catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(UserError);
    expect((error as Error).message).to.contain("there are no backups in namespace data");
  });

  it("removes the Job when it is stopped", async () => {
    const kube = new FakeKube([{}]);
    const signal = AbortSignal.abort();
    await runBackup(kube, { action: "backup" }, { ...options, signal }).catch(() => undefined);
    expect(kube.deleted).to.have.length(1);
  });

  it("refuses a name that is no backup, and databases without a restore", () => {
    expect(() => requested("yesterday", undefined)).to.throw(
      UserError,
      '--restore "yesterday" is no backup; give latest',
    );
    expect(() => requested(undefined, "airflow")).to.throw(UserError, "a backup always has all of them");
    expect(requested("latest", undefined)).to.deep.equal({ action: "restore", backup: "latest", databases: [] });
  });
});
