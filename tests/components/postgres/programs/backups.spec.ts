import { expect } from "chai";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  backupName,
  type Backups,
  backupTime,
  completeBackups,
  fetchBackup,
  storeBackup,
} from "../../../../components/postgres/programs/backups.ts";
import type { Bucket } from "../../../../components/postgres/programs/bucket.ts";

/** A bucket in memory, which can be told to lose a byte or to fail. */
class FakeBucket implements Bucket {
  readonly where = "http://s3.example:9000/backups";
  readonly objects = new Map<string, string>();
  damaged = "";
  unwritable = "";

  list(prefix: string): Promise<string[]> {
    return Promise.resolve([...this.objects.keys()].filter((key) => key.startsWith(prefix)));
  }
  read(key: string): Promise<AsyncIterable<Uint8Array>> {
    const content = this.objects.get(key);
    if (content === undefined) throw new Error(`no ${key}`);
    return Promise.resolve(parts(key.endsWith(this.damaged || "\0") ? content.slice(1) : content));
  }
  write(key: string, content: string): Promise<void> {
    if (key.endsWith(this.unwritable || "\0")) throw new Error(`can't write ${key}`);
    this.objects.set(key, content);
    return Promise.resolve();
  }
  upload(key: string, path: string): Promise<void> {
    return this.write(key, readFileSync(path, "utf8"));
  }
  download(key: string, path: string): Promise<void> {
    writeFileSync(path, this.objects.get(key) ?? "");
    return Promise.resolve();
  }
  remove(key: string): Promise<void> {
    this.objects.delete(key);
    return Promise.resolve();
  }
}

// oxlint-disable-next-line typescript/require-await
async function* parts(content: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(content.slice(0, 2));
  yield Buffer.from(content.slice(2));
}

async function failureOf(task: Promise<unknown>): Promise<string> {
  return task.then(
    () => "no failure",
    (error: unknown) => (error as Error).message,
  );
}

describe("backups of PostgreSQL", () => {
  let bucket: FakeBucket;
  let backups: Backups;
  let lines: string[];
  let folder: string;
  beforeEach(() => {
    bucket = new FakeBucket();
    lines = [];
    backups = { bucket, prefix: "postgres/", log: (line) => lines.push(line) };
    folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  const day = (number: number) => new Date(`2026-11-${String(number).padStart(2, "0")}T03:17:00.123Z`);
  const store = async (number: number, keep = 7) => {
    writeFileSync(join(folder, "airflow.dump"), `airflow of day ${number}`);
    writeFileSync(join(folder, "hub.dump"), `hub of day ${number}`);
    return storeBackup(backups, { folder, time: day(number), keep });
  };
  const fetch = (name: string, databases: readonly string[] = []) => {
    rmSync(folder, { recursive: true });
    folder = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    return fetchBackup(backups, { name, databases, onlyByName: ["metastore"], folder });
  };

  it("are named by their time in UTC, sortable as text", () => {
    expect(backupName(day(1))).to.equal("20261101T031700Z");
    expect(backupTime("20261101T031700Z")?.toISOString()).to.equal("2026-11-01T03:17:00.000Z");
    expect(backupTime("notes")).to.equal(undefined);
  });

  it("have a file for each database and, when all are stored and read back, the list of them", async () => {
    expect(await store(1)).to.equal("20261101T031700Z");
    expect([...bucket.objects.keys()]).to.deep.equal([
      "postgres/20261101T031700Z/airflow.dump",
      "postgres/20261101T031700Z/hub.dump",
      "postgres/20261101T031700Z/backup.json",
    ]);
    const list = JSON.parse(bucket.objects.get("postgres/20261101T031700Z/backup.json") ?? "") as unknown;
    expect(list).to.deep.equal({
      databases: {
        airflow: { bytes: 16, sha256: "15f8ebb1cc7076e850f2e156138730fa2951227d9f9079b05c14245fa18dcfd6" },
        hub: { bytes: 12, sha256: "d9d34d64d9ea501a3d34bb0fb2133f76937765117d46e1f41ae4b888609e0308" },
      },
    });
    expect(lines).to.deep.equal([
      "database airflow: 16 bytes stored and read back",
      "database hub: 12 bytes stored and read back",
      "backup 20261101T031700Z is complete",
    ]);
  });

  it("are pruned to the newest, and only after the new one was read back", async () => {
    for (const number of [1, 2, 3]) await store(number, 2);
    expect(await completeBackups(backups)).to.deep.equal(["20261102T031700Z", "20261103T031700Z"]);
    expect([...bucket.objects.keys()].filter((key) => key.includes("20261101"))).to.deep.equal([]);
    expect(lines).to.include("backup 20261101T031700Z is removed: the newest 2 stay");
    bucket.damaged = "hub.dump";
    expect(await failureOf(store(4, 1))).to.match(
      /^http:\/\/s3\.example:9000\/backups\/postgres\/20261104T031700Z\/hub\.dump reads back with SHA-256 [0-9a-f]{64}, but [0-9a-f]{64} was sent; old backups stay$/,
    );
    expect(await completeBackups(backups)).to.deep.equal(["20261102T031700Z", "20261103T031700Z"]);
  });

  it("do not count, and go, when they were broken off a day ago", async () => {
    bucket.unwritable = "backup.json";
    await failureOf(store(1));
    bucket.unwritable = "";
    await store(2);
    expect(await completeBackups(backups)).to.deep.equal(["20261102T031700Z"]);
    expect([...bucket.objects.keys()].filter((key) => key.includes("20261101"))).to.deep.equal([]);
    expect(lines).to.include("backup 20261101T031700Z is removed: it was broken off");
  });

  it("leave alone what another run is just storing, and what is no backup", async () => {
    bucket.objects.set("postgres/20261102T031600Z/airflow.dump", "on its way");
    bucket.objects.set("postgres/notes/readme.txt", "mine");
    bucket.objects.set("postgres/readme.txt", "mine");
    await store(2, 1);
    expect(bucket.objects.size).to.equal(6);
  });

  it("never write over one another", async () => {
    await store(1);
    expect(await failureOf(store(1))).to.equal("there is a backup 20261101T031700Z already; try again in a second");
  });

  it("are nothing without a dump", async () => {
    expect(await failureOf(storeBackup(backups, { folder, time: day(1), keep: 1 }))).to.equal(
      `there are no dumps in ${folder}`,
    );
  });

  it("are fetched by name or as the latest, whole or by database", async () => {
    for (const number of [1, 2]) await store(number);
    await fetch("latest");
    expect(readFileSync(join(folder, "airflow.dump"), "utf8")).to.equal("airflow of day 2");
    await fetch("20261101T031700Z", ["hub"]);
    expect(readdirSync(folder)).to.deep.equal(["hub.dump"]);
    expect(readFileSync(join(folder, "hub.dump"), "utf8")).to.equal("hub of day 1");
  });

  it("of the catalog are fetched only by name, since tables would lose the commits made since", async () => {
    writeFileSync(join(folder, "metastore.dump"), "catalog");
    await store(1);
    await fetch("latest");
    expect(readdirSync(folder).sort()).to.deep.equal(["airflow.dump", "hub.dump"]);
    await fetch("latest", ["metastore"]);
    expect(readdirSync(folder)).to.deep.equal(["metastore.dump"]);
  });

  it("are refused by name when they are not there, with those that are", async () => {
    expect(await failureOf(fetch("latest"))).to.equal("there is no backup in http://s3.example:9000/backups/postgres/");
    expect(await failureOf(fetch("yesterday"))).to.equal(
      'there is no backup "yesterday" in http://s3.example:9000/backups/postgres/; there is none yet',
    );
    for (const number of [1, 2]) await store(number);
    expect(await failureOf(fetch("20261103T031700Z"))).to.equal(
      'there is no backup "20261103T031700Z" in http://s3.example:9000/backups/postgres/; there are 20261101T031700Z, 20261102T031700Z',
    );
    expect(await failureOf(fetch("latest", ["hub", "shop"]))).to.equal(
      "backup 20261102T031700Z has no database shop; it has airflow, hub",
    );
  });

  it("are refused when their bytes are not the stored ones", async () => {
    await store(1);
    bucket.objects.set("postgres/20261101T031700Z/hub.dump", "something else");
    expect(await failureOf(fetch("latest"))).to.match(
      /^backup 20261101T031700Z is damaged: hub\.dump has SHA-256 [0-9a-f]{64}, stored was [0-9a-f]{64}$/,
    );
  });
});
