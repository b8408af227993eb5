import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { keyspaceProblems } from "../../../components/cassandra/cassandra-keyspaces.ts";
import {
  cassandraEnv,
  cassandraJvmOptions,
  cassandraNodeEnv,
} from "../../../components/cassandra/cassandra-settings.ts";
import { Cassandra, cassandraProblems } from "../../../components/cassandra/cassandra.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { cassandraCatalog } from "../../../components/presto/presto-catalogs.ts";
import { Storage } from "../../../platform/storage.ts";
import { setupSchema } from "../../../components/cassandra/programs/declaration.ts";
import { envOf, resources } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf, valueOf } from "../../support/mocks.ts";

describe("Cassandra", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const keyspaces = {
    streaming: {
      tables: {
        windows: {
          columns: { stream: "text", start: "timestamp", mean: "double" },
          partitionKey: ["stream"],
          clustering: [{ column: "start", order: "DESC" }],
          ttlSeconds: 60,
          compaction: { timeWindowMinutes: 5 },
        },
      },
    },
  } as const;
  const roles = { spark: { streaming: "readWrite" }, night_watch: { streaming: "read" } } as const;
  const settings = {
    namespace: "data",
    image: "cassandra:5",
    toolsImage: "tools:1",
    storage: new Storage({ storageClass: "default" }),
    resources,
    setupResources: resources,
    keyspaces,
    roles,
  };
  const make = (replicas?: number) =>
    new Cassandra("cassandra", { ...settings, ...(replicas === undefined ? {} : { replicas }) });
  const nodes = async () => (await mocked.get("kubernetes:apps/v1:StatefulSet", "cassandra")).inputs;
  const setup = async () => (await mocked.get("kubernetes:batch/v1:Job", "cassandra-setup")).inputs;
  const tables = (table: object) =>
    keyspaceProblems(
      { ks: { tables: { t: { columns: { a: "text", b: "int" }, partitionKey: ["a"], ...table } } } },
      {},
    );

  it("offers each consumer its own role, with its own password by reference, once the setup has ended", async () => {
    const endpoint = make().access("night_watch");
    expect(endpoint).to.include({ kind: "cassandra", datacenter: "dc1", user: "night_watch" });
    expect(await valueOf(endpoint.contactPoints)).to.equal("cassandra.data.svc");
    expect(await valueOf(endpoint.port)).to.equal(9042);
    expect(await valueOf(endpoint.password.secretName)).to.equal("cassandra-role-night-watch");
    expect(endpoint.password.key).to.equal("password");
    expect(await namesOf(endpoint.ready)).to.deep.equal(["cassandra-setup"]);
  });

  it("tells programs by the environment where it is and who they are, the password by reference", async () => {
    const env = await valueOf(pulumi.output(cassandraEnv(make().access("spark"))));
    expect(env).to.deep.equal([
      { name: "CASSANDRA_CONTACT_POINTS", value: "cassandra.data.svc" },
      { name: "CASSANDRA_PORT", value: "9042" },
      { name: "CASSANDRA_DATACENTER", value: "dc1" },
      { name: "CASSANDRA_USER", value: "spark" },
      {
        name: "CASSANDRA_PASSWORD",
        valueFrom: { secretKeyRef: { name: "cassandra-role-spark", key: "password" } },
      },
    ]);
  });

  it("is a catalog of Presto, which reads as its own role, with the password from the environment", async () => {
    const { properties, env } = cassandraCatalog({ cassandra: make().access("night_watch") });
    expect((await valueOf(properties)).split("\n")).to.deep.equal([
      "cassandra.consistency-level=LOCAL_QUORUM",
      "cassandra.contact-points=cassandra.data.svc",
      "cassandra.load-policy.dc-aware.local-dc=dc1",
      "cassandra.load-policy.use-dc-aware=true",
      "cassandra.native-protocol-port=9042",
      "cassandra.no-host-available-retry-timeout=10s",
      "cassandra.password=${ENV:CASSANDRA_PASSWORD}",
      "cassandra.username=night_watch",
      "connector.name=cassandra",
      "",
    ]);
    expect(await valueOf(pulumi.output([...env]))).to.deep.equal([
      {
        name: "CASSANDRA_PASSWORD",
        valueFrom: { secretKeyRef: { name: "cassandra-role-night-watch", key: "password" } },
      },
    ]);
  });

  it("refuses a consumer that is not declared, naming those that are", () => {
    const undeclared: string = "hub";
    expect(() => (make() as Cassandra<string>).access(undeclared)).to.throw(
      'cassandra: "hub" has no role; the consumers are spark, night_watch',
    );
  });

  it("gives the superuser and each consumer a password of their own, marked as secret", async () => {
    make();
    const secrets = await mocked.ofType("kubernetes:core/v1:Secret");
    const names = ["admin", "spark", "night-watch", "metrics"].map((role) => `cassandra-role-${role}`);
    expect(secrets.map(({ name }) => name)).to.have.members(names);
    expect(new Set(secrets.map(({ inputs }) => inputs.stringData["password"])).size).to.equal(4);
    for (const secret of secrets) expect(secret.secrets, secret.name).to.deep.equal(["stringData"]);
    for (const { inputs } of await mocked.ofType("random:index/randomPassword:RandomPassword")) {
      expect(inputs).to.include({ length: 32, special: false });
    }
  });

  it("runs by the contract of the upstream image, one node after the other, on a claim, under its user, with room to stop", async () => {
    make();
    const inputs = await nodes();
    const pod = inputs.spec.template.spec;
    expect(pod.containers[0].command).to.equal(undefined);
    expect(pod.containers[0].args).to.equal(undefined);
    expect(inputs.spec).to.deep.include({ podManagementPolicy: "OrderedReady", serviceName: "cassandra-nodes" });
    expect(pod).to.deep.include({ terminationGracePeriodSeconds: 60 });
    expect(pod).to.have.nested.property("securityContext.runAsUser", 999);
    expect(pod).to.have.nested.property("securityContext.fsGroup", 999);
    expect(pod.containers[0].volumeMounts).to.deep.equal([
      { name: "data", mountPath: "/var/lib/cassandra" },
      { name: "settings", mountPath: "/etc/cassandra" },
      { name: "scratch-0", mountPath: "/tmp" },
      { name: "scratch-1", mountPath: "/var/log/cassandra" },
    ]);
    expect(pod.initContainers[0]).to.deep.include({ command: ["bash", "-c", "cp -R /etc/cassandra/. /settings/"] });
    expect(pod.initContainers[0]?.volumeMounts[0]).to.deep.equal({ name: "settings", mountPath: "/settings" });
    expect(inputs.spec.volumeClaimTemplates[0].spec.resources.requests.storage).to.equal("5Gi");
    // A node that takes rows over answers the other nodes, and clients only when it has all of them.
    expect(pod.containers[0].startupProbe).to.deep.include({ tcpSocket: { port: 7000 } });
    expect(pod.containers[0].readinessProbe).to.deep.include({ tcpSocket: { port: 9042 } });
    expect(pod.containers[0].livenessProbe).to.deep.include({ tcpSocket: { port: 7000 } });
  });

  it("forgets the logins of data whose superuser had another password, and nothing else", async () => {
    make();
    const command = (await nodes()).spec.template.spec.initContainers[1]?.command ?? [];
    const data = mkdtempSync(join(tmpdir(), "millrace-spec-"));
    const table = (path: string): string => {
      const folder = join(data, "data", path);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "nb-1-big-Data.db"), "rows");
      return folder;
    };
    try {
      const logins = ["roles-1", "role_members-2", "role_permissions-3"].map((name) => table(`system_auth/${name}`));
      const others = ["system_auth/network_permissions-4", "streaming/records-5"].map(table);
      const start = (password: string): void => {
        const env = { ...process.env, DATA: data, SUPERUSER_PASSWORD: password };
        execFileSync(String(command[0]), command.slice(1), { env });
      };
      const left = (folders: readonly string[]): boolean[] => folders.map(existsSync);
      start("first");
      start("first");
      expect(left(logins)).to.deep.equal([true, true, true]);
      start("second");
      expect(left(logins)).to.deep.equal([false, false, false]);
      expect(left(others)).to.deep.equal([true, true]);
    } finally {
      rmSync(data, { recursive: true });
    }
  });

  it("gives the heap a part of the container's memory, and no seed to a node that stands alone", async () => {
    make();
    const { JVM_EXTRA_OPTS: options, ...env } = envOf(await nodes());
    expect(options).to.be.a("string");
    const expected = cassandraNodeEnv({
      workload: "cassandra",
      headlessService: "cassandra-nodes",
      namespace: "data",
      replicas: 1,
      limits: resources.limits,
    });
    expect({ ...env, JVM_EXTRA_OPTS: options }).to.deep.equal(expected);
    const settingsOf = (replicas: number) =>
      cassandraNodeEnv({
        workload: "c",
        headlessService: "h",
        namespace: "n",
        replicas,
        limits: { cpu: "2000m", memory: "896Mi" },
      });
    expect(settingsOf(1)).to.include({ MAX_HEAP_SIZE: "256M", HEAP_NEWSIZE: "76M", CASSANDRA_DC: "dc1" });
    expect(settingsOf(1)).not.to.have.property("CASSANDRA_SEEDS");
    expect(settingsOf(3)).to.include({ CASSANDRA_SEEDS: "c-0.h.n.svc" });
  });

  const small = { heap: 256, cpu: "2000m", java: [] };

  it("does as much at a time as its CPU limit lets it", () => {
    const settings = (cpu: string) =>
      cassandraJvmOptions({ replicas: 1, heap: 256, cpu, java: [] })
        .split(" ")
        .filter((option) => /concurrent|max_threads/.test(option))
        .map((option) => option.replace("-Dcassandra.settings.", ""));
    const lines = (reads: number, writes: number, compactors: number, threads: number) => [
      `concurrent_reads=${reads}`,
      `concurrent_writes=${writes}`,
      `concurrent_compactors=${compactors}`,
      `native_transport_max_threads=${threads}`,
    ];
    expect(settings("500m")).to.deep.equal(lines(4, 8, 1, 8));
    expect(settings("2000m")).to.deep.equal(lines(8, 16, 1, 16));
    expect(settings("4000m")).to.deep.equal(lines(16, 32, 2, 32));
  });

  it("leaves the size of the young generation to G1, which a large heap has", () => {
    const env = (cpu: string, memory: string) =>
      cassandraNodeEnv({ workload: "c", headlessService: "h", namespace: "n", replicas: 1, limits: { cpu, memory } });
    const large = env("4000m", "16Gi");
    expect(large["MAX_HEAP_SIZE"]).to.equal("4685M");
    expect(large).not.to.have.property("HEAP_NEWSIZE");
    expect(large["JVM_EXTRA_OPTS"]).to.contain("-XX:-UseSerialGC -XX:+UseG1GC ");
    // The official image's own options choose G1, and two collectors are an error.
    expect(env("1000m", "16Gi")["JVM_EXTRA_OPTS"]).to.contain("-XX:-UseG1GC -XX:+UseSerialGC ");
    expect(large["JVM_EXTRA_OPTS"]).not.to.contain("-XX:-UseG1GC");
    expect(env("1000m", "16Gi")["HEAP_NEWSIZE"]).to.equal("1405M");
  });

  it("demands passwords, checks rights, and acknowledges a write when it is on the disk", () => {
    const options = cassandraJvmOptions({ replicas: 1, ...small }).split(" ");
    expect(options).to.include.members([
      "-Dcassandra.config.allow_system_properties=true",
      "-Dcassandra.settings.authenticator.class_name=PasswordAuthenticator",
      "-Dcassandra.settings.authorizer.class_name=CassandraAuthorizer",
      "-Dcassandra.settings.commitlog_sync=batch",
      "-Dcassandra.settings.commitlog_sync_period=0ms",
      "-Dcassandra.settings.disk_failure_policy=die",
    ]);
  });

  it("wakes hardly ever while nobody asks it anything", () => {
    const options = cassandraJvmOptions({ replicas: 1, ...small });
    expect(options).to.contain("-Dcassandra.approximate_time_precision_ms=50");
    expect(options).not.to.contain("group_window");
  });

  it("waits for what other nodes have to say only where there are others", () => {
    expect(cassandraJvmOptions({ replicas: 1, ...small })).to.contain("-Dcassandra.ring_delay_ms=100");
    expect(cassandraJvmOptions({ replicas: 3, ...small })).not.to.match(/ring_delay|gossip_to_settle|setup_delay/);
  });

  it("names several nodes to clients, copies each row to three of them, and lets one away at a time", async () => {
    const endpoint = make(5).access("spark");
    expect(await valueOf(endpoint.contactPoints)).to.equal(
      [0, 1, 2].map((ordinal) => `cassandra-${ordinal}.cassandra-nodes.data.svc`).join(","),
    );
    expect((await nodes()).spec.replicas).to.equal(5);
    expect(JSON.parse(String(envOf(await setup())["SETUP_CONFIG"]))).to.include({ replicationFactor: 3 });
    const [budget] = await mocked.ofType("kubernetes:policy/v1:PodDisruptionBudget");
    expect(budget?.inputs.spec).to.deep.include({ maxUnavailable: 1 });
  });

  it("sets up by a Job that reads passwords from mounted Secrets and the declaration in the Job's own words", async () => {
    make();
    const inputs = await setup();
    const [container] = inputs.spec.template.spec.containers;
    expect(container.command).to.deep.equal(["node", "/opt/millrace/components/cassandra/programs/cassandra-setup.ts"]);
    const { SETUP_CONFIG: config, ...env } = envOf(inputs);
    expect(env).to.deep.equal({
      CASSANDRA_CONTACT_POINTS: "cassandra.data.svc",
      CASSANDRA_PORT: "9042",
      CASSANDRA_DATACENTER: "dc1",
      CASSANDRA_USER: "admin",
      CASSANDRA_PASSWORD: "cassandra-role-admin/password",
      PASSWORDS_DIR: "/run/passwords",
    });
    expect(setupSchema.parse(JSON.parse(String(config)))).to.deep.equal({
      replicationFactor: 1,
      keyspaces,
      // What measures sees the nodes' own tables alone.
      roles: { ...roles, metrics: { system_views: "read" } },
    });
    expect(container.volumeMounts.map(({ name, mountPath }) => `${name} ${mountPath}`)).to.include.members([
      "password-spark /run/passwords/spark",
      "password-night-watch /run/passwords/night_watch",
    ]);
  });

  it("repeats the setup when a password changes, without telling it, and leaves the nodes alone", async () => {
    const hashes = async () => {
      const [set, job] = [await nodes(), await mocked.get("kubernetes:batch/v1:Job", "cassandra-setup")];
      expect(job.secrets).to.deep.equal([]);
      return [set, job.inputs].map((inputs) => JSON.stringify(inputs.spec.template.metadata));
    };
    make();
    const before = await hashes();
    mocked = await mock({ seed: "other" });
    make();
    const after = await hashes();
    expect(after[0]).to.equal(before[0]);
    expect(after[1]).not.to.equal(before[1]);
  });

  it("obeys the rules for pods", async () => {
    make();
    expect(podProblems((await nodes()).spec.template.spec, true)).to.deep.equal([]);
    expect(podProblems((await setup()).spec.template.spec, false)).to.deep.equal([]);
  });

  it("refuses numbers of nodes that there can't be, and several nodes that forget", () => {
    expect(cassandraProblems({ replicas: 2, replicationFactor: 3, keyspaces, roles })).to.deep.equal([
      "cassandra: replicationFactor is 3; give a whole number from 1 to replicas (2)",
    ]);
    expect(cassandraProblems({ replicas: 0, keyspaces, roles })).to.deep.equal([
      "cassandra: replicas is 0; give a whole number from 1",
    ]);
    expect(cassandraProblems({ replicas: 3, data: { kind: "ephemeral" }, keyspaces, roles })).to.deep.equal([
      "cassandra: data is ephemeral, and a node that comes back empty can't join several others again; " +
        'use data of kind "persistent", or 1 replica',
    ]);
    expect(cassandraProblems({ data: { kind: "ephemeral" }, keyspaces, roles })).to.deep.equal([]);
    expect(() => make(0)).to.throw("replicas is 0");
  });

  it("refuses keys that are no columns or named twice, and times that are none", () => {
    expect(tables({})).to.deep.equal([]);
    expect(tables({ partitionKey: [] })[0]).to.equal(
      "cassandra: table ks.t has no partition key; name the columns that a query always knows",
    );
    expect(tables({ partitionKey: ["c"] })[0]).to.equal(
      'cassandra: table ks.t has "c" in its key, which is no column; it has a, b',
    );
    expect(tables({ clustering: [{ column: "a", order: "ASC" }] })[0]).to.equal(
      'cassandra: table ks.t has "a" twice in its key; name it once',
    );
    expect(tables({ ttlSeconds: 0.5 })[0]).to.match(/^cassandra: table ks\.t has ttlSeconds 0\.5; give a whole number/);
    expect(tables({ compaction: { timeWindowMinutes: 0 } })[0]).to.contain("timeWindowMinutes 0");
  });

  it("refuses names that CQL does not take or the server has itself, and rights on what is not declared", () => {
    const empty = { tables: {} };
    expect(keyspaceProblems({ "Ks-1": empty }, {})[0]).to.equal(
      'cassandra: "Ks-1" can\'t be a keyspace; use up to 48 lower-case letters, digits and _, starting with a letter',
    );
    expect(keyspaceProblems({ system_auth: empty }, {})[0]).to.contain("a name of the server's own");
    for (const role of ["admin", "cassandra"]) {
      expect(keyspaceProblems({}, { [role]: {} })[0], role).to.contain("a role of the server's own");
    }
    expect(keyspaceProblems({ a: empty, b: empty }, { spark: { c: "read" } })).to.deep.equal([
      'cassandra: consumer "spark" has a right on keyspace "c", which is not declared; the keyspaces are a, b',
    ]);
  });
});
