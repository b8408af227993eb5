import { expect } from "chai";
import fc from "fast-check";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { ConfigError, configWarnings, loadConfig } from "../../config/index.ts";
import { nearest } from "../../platform/nearest.ts";

const warnings = (services: unknown, cluster: unknown = {}, proof: unknown = {}) =>
  configWarnings(loadConfig({ "millrace:services": services, "millrace:cluster": cluster, "millrace:proof": proof }));

describe("the configuration", () => {
  it("takes a setting with only comments below it for left out, at any depth", () => {
    const services = { kafka: null, presto: { workers: null }, objectStore: { storage: null } };
    expect(loadConfig({ "millrace:services": services, "millrace:cluster": { embedded: null } })).to.deep.equal(
      loadConfig({}),
    );
    expect(loadConfig({ "millrace:services": '{"kafka":null}' })).to.deep.equal(loadConfig({}));
  });

  it("is the embedded development platform when nothing is given", () => {
    const { cluster, services, proof } = loadConfig({});
    expect(cluster).to.include({ target: "embedded", namespace: "millrace" });
    expect(services.kafka).to.include({ enabled: true, replicas: 1, replicationFactor: 1, autoCreateTopics: false });
    expect(services.objectStore.server).to.equal("auto");
    expect(services.presto.workers).to.equal(0);
    expect(proof).to.deep.equal({ enabled: true, records: 300 });
  });

  it("reads values that are JSON text, as the official CLI hands them over", () => {
    expect(loadConfig({ "millrace:proof": '{"records":10}' }).proof.records).to.equal(10);
  });

  it("takes an empty section for one that sets nothing", () => {
    for (const empty of [null, "", "null", {}]) {
      expect(loadConfig({ "millrace:proof": empty }).proof.records).to.equal(300);
    }
    for (const empty of [null, "", "null"]) {
      expect(loadConfig({ "millrace:profile": empty }).profile).to.equal("core");
    }
  });

  it("ignores the keys of others", () => {
    expect(loadConfig({ "kubernetes:context": "x", "pulumi:tags": {} })).to.deep.equal(loadConfig({}));
  });

  it("keeps at most three copies of a record unless told", () => {
    expect(loadConfig({ "millrace:services": { kafka: { replicas: 5 } } }).services.kafka.replicationFactor).to.equal(
      3,
    );
  });

  it("gives every consumer of an existing S3 the common Secret, or its own", () => {
    const existing = { host: "s3.example.com", secretName: "keys", secretNames: { presto: "presto-keys" } };
    const config = loadConfig({ "millrace:services": { objectStore: { server: "existing", existing } } });
    expect(config.services.objectStore.existing?.secretNames).to.deep.equal({
      metastore: "keys",
      spark: "keys",
      presto: "presto-keys",
      proof: "keys",
      postgresBackup: "keys",
      airflow: "keys",
      dagTelemetryReport: "keys",
      dagCensusBatch: "keys",
      dagBucket: "keys",
      notebooks: "keys",
      sparkConnect: "keys",
      sparkHistory: "keys",
      censusFile: "keys",
      census: "keys",
      connect: "keys",
      flink: "keys",
      nifi: "keys",
      users: "keys",
    });
  });

  it("takes pinned images from any registry", () => {
    const digest = `@sha256:${"0".repeat(64)}`;
    for (const image of [
      "apache/kafka:4.3.1",
      "localhost:5000/a/b:1",
      `registry.example.com/k${digest}`,
      `k:1${digest}`,
    ]) {
      expect(loadConfig({ "millrace:services": { kafka: { image } } }).services.kafka.image).to.equal(image);
    }
  });

  it("lets nodes pull under the name that images are pushed to, unless told", () => {
    const cluster = { target: "minikube", registry: { push: "localhost:5001" } };
    const { registry } = loadConfig({ "millrace:cluster": cluster }).cluster;
    expect(registry).to.deep.equal({ push: "localhost:5001", pull: "localhost:5001" });
  });

  it("throws nothing but ConfigError, whatever it is given", () => {
    const key = fc.oneof(
      fc.constantFrom("profile", "cluster", "services", "security", "proof").map((name) => `millrace:${name}`),
      fc.string().map((name) => `millrace:${name}`),
    );
    const inner = fc.constantFrom(
      "kafka",
      "objectStore",
      "jupyterhub",
      "users",
      "existing",
      "storage",
      "kind",
      "replicas",
      "__proto__",
      "enabled",
    );
    const value = fc.oneof(fc.anything(), fc.json(), fc.dictionary(inner, fc.dictionary(inner, fc.anything())));
    fc.assert(
      fc.property(fc.array(fc.tuple(key, value)), (entries) => {
        try {
          loadConfig(Object.fromEntries(entries));
        } catch (error) {
          expect(error).to.be.instanceOf(ConfigError);
          expect((error as ConfigError).problems).not.to.be.empty;
        }
      }),
      { numRuns: 100 },
    );
  });
});

describe("a profile", () => {
  const enabled = (raw: Record<string, unknown>) =>
    Object.entries(loadConfig(raw).services)
      .filter(([, service]) => "enabled" in service && service.enabled)
      .map(([name]) => name);
  const core = ["kafka", "objectStore", "catalog", "spark", "presto", "telemetry", "postgres"];
  const studio = [...core, "airflow", "jupyterhub", "sparkConnect", "sparkHistory"];
  const ofPipeline = ["cassandra", "randomNumbers", "census", "windows", "display"];
  const ofStreams = ["cassandra", "raceCar", "raceWindows", "flink", "connect", "zookeeper", "nifi", "display"];

  const watching = ["logs", "metrics", "auditLog", "portal"];

  it("core is the data path, and the default", () => {
    expect(enabled({})).to.deep.equal(core);
    expect(loadConfig({ "millrace:profile": "core" })).to.deep.equal(loadConfig({}));
  });

  it("studio brings what people work with", () => {
    expect(enabled({ "millrace:profile": "studio" })).to.deep.equal([...studio, ...watching]);
  });

  it("pipeline brings the way from a number's making to the browser, streams that of a car's telemetry, and full people's and numbers'", () => {
    expect(enabled({ "millrace:profile": "pipeline" })).to.deep.equal([...core, ...ofPipeline, ...watching]);
    expect(enabled({ "millrace:profile": "streams" })).to.deep.equal([...core, ...ofStreams, ...watching]);
    expect(enabled({ "millrace:profile": "full" })).to.deep.equal([...studio, ...ofPipeline, ...watching]);
  });

  it("is weaker than what the stack says of a service", () => {
    const services = { sparkHistory: { enabled: false } };
    expect(enabled({ "millrace:profile": "studio", "millrace:services": services })).to.deep.equal(
      [...studio, ...watching].filter((name) => name !== "sparkHistory"),
    );
    expect(enabled({ "millrace:services": { sparkHistory: { enabled: true } } })).to.deep.equal([
      ...core,
      "sparkHistory",
    ]);
  });

  it("has PostgreSQL wherever something keeps there what it knows, and nowhere else", () => {
    const off = { enabled: false };
    const onlyKafka = { catalog: off, spark: off, presto: off, telemetry: off };
    const withPostgres = (services: unknown) =>
      loadConfig({ "millrace:services": services, "millrace:proof": off }).services.postgres.enabled;
    expect(withPostgres({})).to.equal(true);
    expect(withPostgres(onlyKafka)).to.equal(false);
    expect(withPostgres({ ...onlyKafka, jupyterhub: { enabled: true } })).to.equal(true);
  });

  it("sets nothing but which services there are", () => {
    const { services, cluster } = loadConfig({ "millrace:profile": "full" });
    const plain = loadConfig({});
    expect(cluster).to.deep.equal(plain.cluster);
    for (const name of [...studio, ...ofPipeline]) {
      const key = name as keyof typeof services;
      expect({ ...services[key], enabled: true }, name).to.deep.equal({ ...plain.services[key], enabled: true });
    }
  });

  it("offers one analyst, notebooks in S3 and a nightly backup without further settings", () => {
    const { jupyterhub, airflow, postgres } = loadConfig({ "millrace:profile": "studio" }).services;
    expect(jupyterhub).to.deep.equal({
      enabled: true,
      users: ["analyst"],
      admins: [],
      userMemory: "1536Mi",
      idleMinutes: 30,
    });
    expect(airflow).to.deep.equal({ enabled: true, executor: "kubernetes", dagBucket: true });
    expect(postgres.backup).to.deep.equal({ enabled: true, schedule: "17 3 * * *", keep: 7 });
  });
});

describe("profile pipeline without further settings", () => {
  const { services } = loadConfig({ "millrace:profile": "pipeline" });

  it("is one node of Cassandra with a claim, one pump, one server and small sizes", () => {
    expect(services.cassandra).to.deep.equal({
      enabled: true,
      replicas: 1,
      replicationFactor: 1,
      storage: { kind: "persistent", size: "5Gi" },
      memory: "896Mi",
      collector: "auto",
    });
    expect(services.randomNumbers).to.deep.equal({ enabled: true, rate: 10, replicas: 1, partitions: 3 });
    expect(services.display).to.deep.equal({ enabled: true, replicas: 1, memory: "256Mi" });
  });

  it("starts a batch when 300 records are new or after 15 seconds, with windows of ten seconds and a small census", () => {
    expect(services.telemetry.stream).to.deep.equal({
      triggerSeconds: 1,
      minRecords: 300,
      quietSeconds: 15,
      maxRecords: 20_000,
      driverMemory: "768Mi",
    });
    expect(services.windows).to.deep.equal({ enabled: true, windowSeconds: 10, keepHours: 24 });
    expect(services.census).to.deep.equal({ enabled: true, rows: 20_000, seed: 1, parts: 2 });
  });
});

describe("the warnings of a configuration", () => {
  it("are none for the defaults", () => {
    expect(warnings({})).to.deep.equal([]);
  });

  it("name one broker with ephemeral storage", () => {
    expect(warnings({ kafka: { storage: { kind: "ephemeral" } } })).to.deep.equal([
      "millrace:services.kafka: one broker with ephemeral storage loses all topics at every restart",
    ]);
  });

  it("name every service that keeps data when nothing provisions claims", () => {
    expect(warnings({ kafka: { replicas: 3 } }, { storageClass: "none" })).to.deep.equal([
      "millrace:cluster.storageClass: none, with 3 brokers: the copies lie in the pods, and a restart of all brokers loses them",
      "millrace:services.objectStore: ephemeral storage loses all tables at every restart",
      "millrace:services.postgres: ephemeral storage forgets all tables, Airflow's runs and JupyterHub's users at every restart",
    ]);
  });

  it("name single copies on a cluster of one's own", () => {
    const cluster = { target: "cloud", context: "c", registry: { push: "registry.example.com" } };
    expect(warnings({}, cluster)).to.deep.equal([
      "millrace:services.kafka.replicas: 1 on target cloud: the loss of its node stops the data path",
      "millrace:services.presto.workers: 0 on target cloud: the coordinator does all the work",
    ]);
  });

  it("name what crosses the network in clear, and a proof that is off", () => {
    const services = {
      kafka: { existing: { bootstrapServers: "kafka:9092", securityProtocol: "PLAINTEXT" } },
      objectStore: { server: "existing", existing: { host: "s3", protocol: "http", port: 9000, secretName: "keys" } },
    };
    expect(warnings(services, {}, { enabled: false })).to.deep.equal([
      "millrace:services.kafka.existing.securityProtocol: PLAINTEXT, so records cross the network in clear",
      "millrace:services.objectStore.existing.protocol: http, so data crosses the network in clear",
      "millrace:proof.enabled: false, so a deploy does not show whether data flows",
    ]);
  });

  it("name a login without TLS, and keys that end", () => {
    const login = { saslMechanism: "PLAIN", secretName: "login" };
    const services = {
      kafka: { existing: { bootstrapServers: "kafka:9092", securityProtocol: "SASL_PLAINTEXT", ...login } },
      objectStore: { server: "existing", existing: { host: "s3", temporaryKeys: true, secretName: "keys" } },
    };
    expect(warnings(services)).to.deep.equal([
      "millrace:services.kafka.existing.securityProtocol: SASL_PLAINTEXT, so the password and all records cross the network in clear",
      "millrace:services.objectStore.existing.temporaryKeys: true, so everything that uses S3 stops when the session ends; before that, put new keys into the Secrets and restart the pods that use them (docs/object-store.md)",
    ]);
  });

  it("name a single copy on several brokers", () => {
    expect(warnings({ kafka: { replicas: 3, replicationFactor: 1 } })).to.deep.equal([
      "millrace:services.kafka.replicationFactor: 1, so a lost broker loses its records",
    ]);
  });
});

describe("the warnings of load balancers", () => {
  it("are none: what asks nobody has the proxy before it", () => {
    const cluster = {
      target: "cloud",
      context: "c",
      registry: { push: "registry.example.com" },
      exposure: "loadBalancer",
    };
    const services = { kafka: { replicas: 3 }, presto: { workers: 1 } };
    expect(warnings(services, cluster)).to.deep.equal([]);
  });
});

describe("the warnings of Ingresses", () => {
  const ingress = { host: "data.example.com", tls: { issuer: "letsencrypt" } };
  const cluster = {
    target: "cloud",
    context: "c",
    registry: { push: "registry.example.com" },
    exposure: "ingress",
  };
  const services = { kafka: { replicas: 3 }, presto: { workers: 1 } };

  it("are none with certificates", () => {
    expect(warnings(services, { ...cluster, ingress })).to.deep.equal([]);
  });

  it("name what is not encrypted, and settings that have no effect", () => {
    expect(warnings(services, { ...cluster, ingress: { host: "data.example.com" } })).to.deep.equal([
      "millrace:cluster.ingress.tls: missing, so passwords, keys and data cross the network in clear",
    ]);
    expect(warnings(services, { ...cluster, ingress, exposure: "none" })).to.deep.equal([
      "millrace:cluster.ingress: has no effect, for exposure is not ingress; set millrace:cluster.exposure to ingress",
    ]);
  });
});

describe("the warnings of profile studio", () => {
  const studioWarnings = (services: unknown, cluster: unknown = {}) =>
    configWarnings(
      loadConfig({ "millrace:profile": "studio", "millrace:services": services, "millrace:cluster": cluster }),
    );

  it("are none for the defaults", () => {
    expect(studioWarnings({})).to.deep.equal([]);
  });

  it("name a database without a claim", () => {
    expect(studioWarnings({ postgres: { storage: { kind: "ephemeral" } } })).to.deep.equal([
      "millrace:services.postgres: ephemeral storage forgets all tables, Airflow's runs and JupyterHub's users at every restart",
    ]);
  });

  it("name the DAGs whose services are off", () => {
    expect(studioWarnings({ sparkConnect: { enabled: false } })).to.deep.equal([
      "millrace:services.airflow: its DAG telemetry_report needs sparkConnect, which is not enabled, so its runs will fail",
      "millrace:services.airflow: its DAG lake_maintenance needs sparkConnect, which is not enabled, so its runs will fail",
    ]);
  });

  it("name homes that users of an existing S3 service share", () => {
    const objectStore = { server: "existing", existing: { host: "s3", secretName: "keys", buckets: { homes: "h1" } } };
    expect(studioWarnings({ objectStore })).to.deep.equal([
      'millrace:services.jupyterhub: the existing S3 service gives all users one key, so each of them can read and write the notebooks of all others in bucket "h1"',
    ]);
  });
});

describe("the warnings of profile pipeline", () => {
  const pipelineWarnings = (services: unknown, cluster: unknown = {}) =>
    configWarnings(
      loadConfig({ "millrace:profile": "pipeline", "millrace:services": services, "millrace:cluster": cluster }),
    );

  it("are none for the defaults", () => {
    expect(pipelineWarnings({})).to.deep.equal([]);
  });

  it("name rows without a claim", () => {
    expect(pipelineWarnings({ cassandra: { storage: { kind: "ephemeral" } } })).to.deep.equal([
      "millrace:services.cassandra: ephemeral storage loses a node's rows whenever it restarts",
    ]);
  });

  it("name a single node of Cassandra on a cluster of one's own", () => {
    const cluster = { target: "cloud", context: "c", registry: { push: "registry.example.com" } };
    expect(pipelineWarnings({ kafka: { replicas: 3 }, presto: { workers: 1 } }, cluster)).to.deep.equal([
      "millrace:services.cassandra.replicas: 1 on target cloud: if its node is lost, its rows are lost",
    ]);
  });
});

describe("the stacks' files", () => {
  const read = (stack: string) => {
    const file = readFileSync(new URL(`../../Pulumi.${stack}.yaml`, import.meta.url), "utf8");
    return { file, config: (parse(file) as { config: Record<string, unknown> }).config };
  };

  it("make dev the platform of the defaults", () => {
    expect(loadConfig(read("dev").config)).to.deep.equal(loadConfig({}));
  });

  it("show in dev's comments the defaults, so that uncommenting them changes nothing", () => {
    const uncommented = read("dev").file.replaceAll(/^#( {2})/gm, "$1");
    const { config } = parse(uncommented) as { config: Record<string, unknown> };
    expect(Object.keys(config)).to.deep.equal([
      "millrace:cluster",
      "millrace:profile",
      "millrace:services",
      "millrace:proof",
    ]);
    expect(loadConfig(config)).to.deep.equal(loadConfig({}));
  });

  it("make prod a platform with replicas and no warning", () => {
    const config = loadConfig(read("prod").config);
    expect(config.cluster.target).to.equal("cloud");
    expect(config.services.kafka).to.include({ replicas: 3, replicationFactor: 3 });
    expect(config.services.presto.workers).to.equal(2);
    expect(configWarnings(config)).to.deep.equal([]);
  });

  it("offer in prod's comments an existing Kafka and S3 that are valid", () => {
    const uncommented = read("prod").file.replaceAll(/^( +)# (existing:|server:|  \w)/gm, "$1$2");
    const { services } = loadConfig((parse(uncommented) as { config: Record<string, unknown> }).config);
    expect(services.objectStore.server).to.equal("existing");
    expect(services.kafka.existing?.securityProtocol).to.equal("SSL");
  });
});

describe("the nearest word of a configuration", () => {
  it("is the one with the fewest changes, whatever the capitals", () => {
    expect(nearest("Replcas", ["records", "replicas"])).to.equal("replicas");
  });

  it("is none when too much differs, or when the word is very long", () => {
    expect(nearest("xyzzy", ["replicas"])).to.equal(undefined);
    expect(nearest("a".repeat(100000), ["a"])).to.equal(undefined);
  });
});
