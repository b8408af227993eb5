import { expect } from "chai";
import { objectStoreContents, s3Owner } from "../../config/buckets.ts";
import { loadConfig } from "../../config/index.ts";

const contents = (profile: string, services: unknown = {}) =>
  objectStoreContents(loadConfig({ "millrace:profile": profile, "millrace:services": services }));

describe("the contents of the object store", () => {
  it("are the lake, the checkpoints and the backups with five keys in profile core", () => {
    const { used, keys, homes } = contents("core");
    expect(used).to.deep.equal(["lake", "checkpoints", "backups"]);
    expect(keys).to.deep.equal({
      metastore: { lake: "readWrite" },
      spark: { lake: "readWrite", checkpoints: "readWrite" },
      presto: { lake: "readWrite" },
      proof: { lake: "readWrite", backups: "read" },
      "postgres-backup": { backups: "readWrite" },
    });
    expect(homes).to.deep.equal({});
  });

  it("give in profile studio each consumer a key with rights on its own buckets only", () => {
    expect(contents("studio", { jupyterhub: { users: ["ana"] } }).keys).to.deep.equal({
      metastore: { lake: "readWrite" },
      spark: { lake: "readWrite", checkpoints: "readWrite", "spark-events": "readWrite" },
      presto: { lake: "readWrite" },
      proof: {
        lake: "readWrite",
        notebooks: "readWrite",
        airflow: "readWrite",
        "home-proof": "readWrite",
        backups: "read",
      },
      "postgres-backup": { backups: "readWrite" },
      airflow: { airflow: "readWrite", dags: "read" },
      "dag-telemetry-report": { notebooks: "readWrite", lake: "read" },
      "dag-bucket": { notebooks: "readWrite", lake: "read" },
      "dag-census-batch": { lake: "readWrite", "spark-events": "readWrite" },
      notebooks: { notebooks: "readWrite" },
      "spark-connect": { lake: "readWrite", "spark-events": "readWrite" },
      "spark-history": { "spark-events": "readWrite" },
      "user-ana": { "home-ana": "readWrite", notebooks: "readWrite", lake: "read", dags: "readWrite" },
      "user-proof": { "home-proof": "readWrite", notebooks: "read", lake: "read" },
    });
  });

  it("give in profile pipeline one key to write the census file and one to read it, and let the proof read it too", () => {
    expect(contents("pipeline").keys).to.deep.equal({
      metastore: { lake: "readWrite" },
      spark: { lake: "readWrite", checkpoints: "readWrite" },
      presto: { lake: "readWrite" },
      proof: { lake: "readWrite", inputs: "read", backups: "read" },
      "postgres-backup": { backups: "readWrite" },
      "census-file": { inputs: "readWrite" },
      census: { inputs: "read", lake: "readWrite" },
    });
    expect(contents("pipeline").used).to.deep.equal(["lake", "checkpoints", "backups", "inputs"]);
    expect(contents("full").keys.census).to.deep.equal({
      inputs: "read",
      lake: "readWrite",
      "spark-events": "readWrite",
    });
  });

  it("make every bucket that a key names, and no other", () => {
    const { used, keys } = contents("full");
    const named = Object.values(keys).flatMap((rights) => Object.keys(rights));
    expect([...used].sort()).to.deep.equal([...new Set(named)].sort());
    expect(new Set(used).size).to.equal(used.length);
  });

  it("give each user a bucket of their own, the proof's account too", () => {
    expect(contents("studio", { jupyterhub: { users: ["ana", "bob"] } }).homes).to.deep.equal({
      ana: { consumer: "user-ana", bucket: "home-ana", prefix: "" },
      bob: { consumer: "user-bob", bucket: "home-bob", prefix: "" },
      proof: { consumer: "user-proof", bucket: "home-proof", prefix: "" },
    });
  });

  it("never give two users one bucket, whatever they are called", () => {
    const { homes, used } = contents("studio", { jupyterhub: { users: ["Ana.B", "ana-b", "ana@example.com"] } });
    expect(Object.entries(homes).map(([user, { bucket }]) => [user, bucket])).to.deep.equal([
      ["ana.b", "home-ana-2eb"],
      ["ana-b", "home-ana-2db"],
      ["ana@example.com", "home-ana-40example-2ecom"],
      ["proof", "home-proof"],
    ]);
    expect(used).to.include("home-ana-40example-2ecom");
  });

  it("give users of an existing S3 service a prefix each, since keys are not ours to make", () => {
    const existing = { host: "s3", secretName: "keys", buckets: { homes: "h1", notebooks: "n1" } };
    const { homes, buckets } = contents("studio", { objectStore: { server: "existing", existing } });
    expect(homes["analyst"]).to.deep.equal({ consumer: "user-analyst", bucket: "h1", prefix: "analyst/" });
    expect(buckets).to.include({ notebooks: "n1", lake: "lake" });
  });

  const without: readonly (readonly [string, unknown, string[], string[]])[] = [
    ["a backup that is off", { postgres: { backup: { enabled: false } } }, ["backups"], ["postgres-backup"]],
    ["a bucket of DAGs that is not wanted", { airflow: { dagBucket: false } }, ["dags"], ["dag-bucket"]],
    [
      "Airflow that is off",
      { airflow: { enabled: false } },
      ["airflow", "dags"],
      ["airflow", "dag-telemetry-report", "dag-census-batch", "dag-bucket"],
    ],
    ["JupyterHub that is off", { jupyterhub: { enabled: false } }, ["home-analyst", "home-proof"], ["user-analyst"]],
    ["a census that is off", { census: { enabled: false } }, ["inputs"], ["census-file", "census"]],
    ["a history that is off", { sparkHistory: { enabled: false } }, ["spark-events"], ["spark-history"]],
  ];
  for (const [what, services, buckets, consumers] of without) {
    it(`leave out those of ${what}`, () => {
      const all = contents("full");
      const { used, keys } = contents("full", services);
      expect(all.used).to.include.members(buckets);
      expect(all.keys).to.include.keys(consumers);
      for (const bucket of buckets) expect(used).not.to.include(bucket);
      for (const consumer of consumers) expect(keys).not.to.have.property(consumer);
    });
  }
});

describe("an existing S3 service", () => {
  it("knows a consumer by the stack's own word, and all users by one", () => {
    expect([s3Owner("postgres-backup"), s3Owner("spark"), s3Owner("user-ana"), s3Owner("user-proof")]).to.deep.equal([
      "postgresBackup",
      "spark",
      "users",
      "users",
    ]);
  });

  it("is asked with the Secret of the consumer's own word", () => {
    const existing = { host: "s3", secretName: "keys", secretNames: { users: "people", postgresBackup: "dumps" } };
    const { secretNames } = contents("studio", { objectStore: { server: "existing", existing } });
    expect(secretNames).to.include({
      "user-analyst": "people",
      "user-proof": "people",
      "postgres-backup": "dumps",
      airflow: "keys",
    });
  });
});
