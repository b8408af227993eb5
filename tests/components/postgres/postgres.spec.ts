import { expect } from "chai";
import { configMapProblems, podProblems } from "../../../platform/hardening.ts";
import { cronProblem } from "../../../platform/cron.ts";
import { pgHba, postgresConf } from "../../../components/postgres/postgres-settings.ts";
import { Postgres, postgresProblems } from "../../../components/postgres/postgres.ts";
import { Storage } from "../../../platform/storage.ts";
import { envOf, resources, s3 } from "../../support/fixtures.ts";
import { type Inputs, mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("Postgres", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const settings = {
    namespace: "data",
    image: "postgres:15",
    storage: new Storage({ storageClass: "default" }),
    resources,
    databases: ["airflow", "night_watch"] as const,
    readers: { airflow: ["audit_log"], night_watch: [] },
  };
  const make = () => new Postgres("postgres", settings);
  const makeWithBackup = (schedule = "17 3 * * *") =>
    new Postgres("postgres", {
      ...settings,
      backup: {
        objectStore: s3("postgres-backup"),
        bucket: "backups",
        toolsImage: "tools:1",
        schedule,
        keep: 7,
        restoreOnlyByName: ["hub"],
        resources,
      },
    });
  const cronJob = async (name: string): Promise<Inputs> =>
    (await mocked.get("kubernetes:batch/v1:CronJob", name)).inputs;

  it("offers each consumer its own database, with its own password by reference", async () => {
    const endpoint = make().database("night_watch");
    expect(endpoint).to.include({ kind: "postgres", database: "night_watch", user: "night_watch" });
    expect(await valueOf(endpoint.host)).to.equal("postgres.data.svc");
    expect(await valueOf(endpoint.port)).to.equal(5432);
    expect(endpoint.password.key).to.equal("password");
    expect(await valueOf(endpoint.password.secretName)).to.equal("postgres-role-night-watch");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["postgres-setup"]);
  });

  it("offers a database to who else may connect to it, with a password of its own", async () => {
    const postgres = make();
    const endpoint = postgres.reader("airflow", "audit_log");
    expect(endpoint).to.include({ database: "airflow", user: "audit_log" });
    expect(endpoint && (await valueOf(endpoint.password.secretName))).to.equal("postgres-role-audit-log");
    expect(postgres.reader("night_watch", "audit_log")).to.equal(undefined);
    expect(postgres.monitor).to.include({ database: "postgres", user: "metrics" });
  });

  it("refuses a database that is not declared, naming those that are", () => {
    const undeclared: string = "hub";
    expect(() => (make() as Postgres<string>).database(undeclared)).to.throw(
      'postgres: database "hub" is not declared (declared: airflow, night_watch); add it to "databases"',
    );
  });

  it("gives the superuser and each owner a password of their own, marked as secret, without signs that URLs escape", async () => {
    make();
    const names = ["postgres", "airflow", "night-watch", "metrics", "audit-log"].map((role) => `postgres-role-${role}`);
    const secrets = await mocked.ofType("kubernetes:core/v1:Secret");
    expect(secrets.map(({ name }) => name)).to.have.members(names);
    expect(new Set(secrets.map(({ inputs }) => inputs.stringData["password"])).size).to.equal(5);
    for (const secret of secrets) expect(secret.secrets, secret.name).to.deep.equal(["stringData"]);
    for (const { inputs } of await mocked.ofType("random:index/randomPassword:RandomPassword")) {
      expect(inputs).to.include({ length: 32, special: false });
    }
  });

  it("runs by the contract of the upstream image, on a claim, under its user, with room to stop", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "postgres");
    const pod = inputs.spec.template.spec;
    expect(pod.containers[0].command).to.equal(undefined);
    expect(pod.containers[0].args).to.deep.equal(["-c", "config_file=/etc/postgresql/postgresql.conf"]);
    expect(envOf(inputs)).to.deep.equal({
      PGDATA: "/var/lib/postgresql/data/pgdata",
      POSTGRES_USER: "postgres",
      POSTGRES_PASSWORD_FILE: "/run/superuser/password",
      POSTGRES_INITDB_ARGS: "--data-checksums --encoding=UTF8 --locale=C.UTF-8",
    });
    expect(pod).to.deep.include({ terminationGracePeriodSeconds: 60 });
    expect(pod).to.have.nested.property("securityContext.runAsUser", 999);
    expect(pod).to.have.nested.property("securityContext.fsGroup", 999);
    expect(pod.containers[0].volumeMounts).to.deep.equal([
      { name: "data", mountPath: "/var/lib/postgresql/data" },
      { name: "settings", mountPath: "/etc/postgresql", readOnly: true },
      { name: "superuser", mountPath: "/run/superuser", readOnly: true },
      { name: "scratch-0", mountPath: "/tmp" },
      { name: "scratch-1", mountPath: "/var/run/postgresql" },
    ]);
    expect(inputs.spec.volumeClaimTemplates[0].spec.resources.requests.storage).to.equal("2Gi");
  });

  it("has started when it takes logins over the network, and seldom runs a program to see that it still does", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:apps/v1:StatefulSet", "postgres");
    const { startupProbe, readinessProbe, livenessProbe } = inputs.spec.template.spec.containers[0];
    const command = ["pg_isready", "--quiet", "--host=127.0.0.1", "--username=postgres"];
    expect(startupProbe.exec.command).to.deep.equal(command);
    expect(readinessProbe).to.deep.include({ tcpSocket: { port: 5432 }, periodSeconds: 5 });
    expect(livenessProbe).to.deep.include({ exec: { command }, periodSeconds: 30, failureThreshold: 4 });
  });

  it("demands passwords over the network and takes them only as SCRAM", () => {
    const rules = pgHba.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    expect(rules.map((rule) => rule.split(/\s+/))).to.deep.equal([
      ["local", "all", "postgres", "peer"],
      ["host", "all", "all", "all", "scram-sha-256"],
    ]);
  });

  it("sizes the server for its container and its claim, and leaves the syncing of data on", () => {
    const conf = postgresConf({ memoryLimit: "256Mi", data: { kind: "persistent", size: "2Gi" } });
    expect(conf.split("\n")).to.include.members([
      "listen_addresses = '*'",
      "shared_buffers = '64MB'",
      "max_wal_size = '256MB'",
      "max_connections = '60'",
      "jit = 'off'",
    ]);
    expect(conf).not.to.match(/fsync|synchronous_commit|full_page_writes/);
    expect(postgresConf({ memoryLimit: "1Gi", data: { kind: "ephemeral" } })).to.contain("shared_buffers = '256MB'");
    expect(postgresConf({ memoryLimit: "1Gi", data: { kind: "persistent", size: "100Gi" } })).to.contain("'1024MB'");
  });

  it("makes roles and databases by a Job that reads passwords from mounted Secrets", async () => {
    make();
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "postgres-setup");
    const { command, volumeMounts } = inputs.spec.template.spec.containers[0];
    expect(command).to.deep.equal(["bash", "/opt/scripts/setup.sh"]);
    expect(envOf(inputs)).to.deep.equal({
      PGHOST: "postgres.data.svc",
      PGPORT: "5432",
      PGUSER: "postgres",
      PGPASSWORD: "postgres-role-postgres/password",
      DATABASES: "airflow night_watch",
      MONITOR: "metrics",
      READERS: "audit_log:airflow",
      PASSWORDS_DIR: "/run/passwords",
      TIMEOUT_SECONDS: "300",
    });
    expect(volumeMounts.map(({ name, mountPath }) => `${name} ${mountPath}`)).to.include.members([
      "scripts /opt/scripts",
      "password-airflow /run/passwords/airflow",
      "password-night-watch /run/passwords/night_watch",
    ]);
    expect(inputs.spec.template.spec.volumes).to.deep.include({
      name: "password-night-watch",
      secret: { secretName: "postgres-role-night-watch" },
    });
    const scripts = await mocked.get("kubernetes:core/v1:ConfigMap", "postgres-scripts");
    expect(Object.keys(scripts.inputs.data)).to.have.members(["setup.sh", "wait.sh", "dump.sh", "restore.sh"]);
    expect(scripts.inputs.data["setup.sh"]).to.match(/^#!\/bin\/bash\n/);
  });

  it("restarts the server and repeats the setup when a password changes, without telling it", async () => {
    make();
    const hashes = async () => {
      const set = await mocked.get("kubernetes:apps/v1:StatefulSet", "postgres");
      const setup = await mocked.get("kubernetes:batch/v1:Job", "postgres-setup");
      expect([...set.secrets, ...setup.secrets]).to.deep.equal([]);
      return [set, setup].map(({ inputs }) => inputs.spec.template.metadata.annotations["millrace/config-hash"]);
    };
    const before = await hashes();
    mocked = await mock({ seed: "other" });
    make();
    const after = await hashes();
    expect(after[0]).not.to.equal(before[0]);
    expect(after[1]).not.to.equal(before[1]);
  });

  it("makes no backup unless it is given where to", async () => {
    make();
    expect(await mocked.ofType("kubernetes:batch/v1:CronJob")).to.deep.equal([]);
  });

  it("backs up every database on its schedule, one run at a time, the password and the S3 key in different containers", async () => {
    makeWithBackup();
    const { spec } = await cronJob("postgres-backup");
    expect(spec).to.include({ schedule: "17 3 * * *", concurrencyPolicy: "Forbid" });
    expect(spec.suspend).to.equal(undefined);
    const pod = spec.jobTemplate.spec.template.spec;
    const [dump] = pod.initContainers;
    expect(dump).to.deep.include({ name: "dump", image: "postgres:15", command: ["bash", "/opt/scripts/dump.sh"] });
    expect(envOfContainer(dump)).to.deep.equal({
      PGHOST: "postgres.data.svc",
      PGPORT: "5432",
      PGUSER: "postgres",
      PGPASSWORD: "postgres-role-postgres/password",
      TIMEOUT_SECONDS: "30",
      DUMPS_DIR: "/dumps",
      DATABASES: "airflow night_watch",
    });
    const [store] = pod.containers;
    expect(store).to.deep.include({
      image: "tools:1",
      command: ["node", "/opt/millrace/components/postgres/programs/postgres-backup.ts", "store"],
    });
    expect(envOfContainer(store)).to.deep.equal({
      S3_URL: "http://s3.example:9000",
      S3_PATH_STYLE: "true",
      BUCKET: "backups",
      PREFIX: "postgres/",
      DUMPS_DIR: "/dumps",
      AWS_ACCESS_KEY_ID: "key-postgres-backup/accessKey",
      AWS_SECRET_ACCESS_KEY: "key-postgres-backup/secretKey",
      AWS_REGION: "eu-1",
      KEEP: "7",
    });
    for (const container of [dump, store]) {
      expect(container?.volumeMounts.map(({ mountPath }) => mountPath)).to.include("/dumps");
    }
  });

  it("keeps the template of a restore in a CronJob that never runs by itself", async () => {
    makeWithBackup();
    const { spec } = await cronJob("postgres-restore");
    expect(spec.suspend).to.equal(true);
    expect(spec.jobTemplate.spec).to.include({ backoffLimit: 0 });
    const pod = spec.jobTemplate.spec.template.spec;
    expect(pod.initContainers[0]).to.deep.include({
      name: "fetch",
      command: ["node", "/opt/millrace/components/postgres/programs/postgres-backup.ts", "fetch"],
    });
    expect(envOfContainer(pod.initContainers[0])).to.include({ BACKUP: "latest", DATABASES: "", ONLY_BY_NAME: "hub" });
    expect(pod.containers[0].command).to.deep.equal(["bash", "/opt/scripts/restore.sh"]);
    expect(envOfContainer(pod.containers[0])).not.to.have.property("AWS_SECRET_ACCESS_KEY");
  });

  it("obeys the rules for pods and keeps secrets out of its ConfigMaps", async () => {
    makeWithBackup();
    const pods = [
      (await mocked.get("kubernetes:apps/v1:StatefulSet", "postgres")).inputs.spec.template.spec,
      (await mocked.get("kubernetes:batch/v1:Job", "postgres-setup")).inputs.spec.template.spec,
      (await cronJob("postgres-backup")).spec.jobTemplate.spec.template.spec,
      (await cronJob("postgres-restore")).spec.jobTemplate.spec.template.spec,
    ];
    expect(pods.map((pod, index) => podProblems(pod, index === 0))).to.deep.equal([[], [], [], []]);
    for (const { name, inputs } of await mocked.ofType("kubernetes:core/v1:ConfigMap")) {
      expect(configMapProblems(inputs.data), name).to.deep.equal([]);
    }
  });

  it("refuses no database, names that PostgreSQL or Kubernetes do not take, and one name twice", () => {
    expect(postgresProblems({ databases: [] })).to.deep.equal([
      "postgres: no database is given, so nobody can use it; give at least one",
    ]);
    expect(postgresProblems({ databases: ["Air-flow"] })).to.deep.equal([
      'postgres: "Air-flow" can\'t be a database and its owner; use 2 to 48 lower-case letters, digits and _, ' +
        "starting with a letter, ending with a letter or digit, and not starting with pg_",
    ]);
    for (const name of ["a", "hub_", "1st", "pg_hub", "x".repeat(49)]) {
      expect(postgresProblems({ databases: [name] }), name).to.have.length(1);
    }
    expect(
      postgresProblems({ databases: ["airflow"], readers: { hub: [], airflow: ["metrics", "look"] } }),
    ).to.deep.equal([
      'postgres: readers of "hub", which is no database; the databases are airflow',
      'postgres: "metrics" can\'t be a reader of "airflow", since it is another role; give it another name',
    ]);
    expect(postgresProblems({ databases: ["postgres"] })).to.deep.equal([
      'postgres: "postgres" is a name of the server\'s own; give the database another one',
    ]);
    expect(postgresProblems({ databases: ["hub", "hub"] })).to.deep.equal([
      'postgres: database "hub" is given twice; give each consumer a database of its own',
    ]);
    expect(postgresProblems({ databases: ["hub"], data: { kind: "persistent", size: "big" } })[0]).to.match(
      /^postgres: size "big"/,
    );
  });

  it("refuses a schedule that cron does not know and a number of backups that keeps none", () => {
    expect(postgresProblems({ databases: ["hub"], backup: { schedule: "daily", keep: 0 } })).to.deep.equal([
      'postgres: backup.schedule "daily" does not have five fields; write minute, hour, day of the month, month, day of the week, for example "17 3 * * *"',
      "postgres: backup.keep is 0; give a whole number from 1",
    ]);
    expect(cronProblem("17 24 * * *")).to.equal(
      '"17 24 * * *" has "24" as hour; write *, numbers from 0 to 23, ranges such as 0-23, or steps such as */2',
    );
    for (const bad of [
      "60 * * * *",
      "* * 0 * *",
      "* * * 13 *",
      "* * * * 7",
      "5-1 * * * *",
      "*/0 * * * *",
      "1, * * * *",
    ]) {
      expect(cronProblem(bad), bad).to.be.a("string");
    }
    for (const good of ["17 3 * * *", "*/15 * * * *", "0 0,12 1-15/2 * 0-6"]) {
      expect(cronProblem(good), good).to.equal(undefined);
    }
    expect(() => makeWithBackup("often")).to.throw('backup.schedule "often"');
  });
});

function envOfContainer(container: Inputs["spec"]["template"]["spec"]["containers"][0] | undefined) {
  return envOf({ spec: { template: { spec: { containers: [container] } } } } as unknown as Inputs);
}
