import { expect } from "chai";
import { ConfigError, loadConfig } from "../../config/index.ts";

/** The problems of a configuration given by section; empty when it is valid. */
function problems(sections: Record<string, unknown>): readonly string[] {
  const raw = Object.fromEntries(Object.entries(sections).map(([key, value]) => [`millrace:${key}`, value]));
  try {
    loadConfig(raw);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

const kafka = (value: unknown) => ({ services: { kafka: value } });
const cloud = { target: "cloud", context: "c", registry: { push: "registry.example.com" } };
const ingress = (more: object) => ({
  cluster: { ...cloud, exposure: "ingress", ingress: { host: "data.example.com", ...more } },
});
const existing = (value: unknown) => ({ services: { objectStore: { server: "existing", existing: value } } });

const studio = (services: unknown) => ({ profile: "studio", services });
const pipeline = (services: unknown) => ({ profile: "pipeline", services });
const off = { enabled: false };
const onlyKafka = { objectStore: off, catalog: off, spark: off, presto: off, telemetry: off };

type Case = [title: string, sections: Record<string, unknown>, ...problems: string[]];

const bad: Case[] = [
  [
    "a misspelt word for brokers",
    kafka({ brokrs: 3 }),
    'millrace:services.kafka.brokrs: unknown setting; did you mean "replicas"?',
  ],
  [
    "a misspelt setting",
    kafka({ replcas: 3 }),
    'millrace:services.kafka.replcas: unknown setting; did you mean "replicas"?',
  ],
  [
    "a misspelt service",
    { services: { kafak: {} } },
    'millrace:services.kafak: unknown setting; did you mean "kafka"?',
  ],
  ["a misspelt section", { servces: {} }, 'millrace:servces: unknown setting; did you mean "services"?'],
  [
    "a service given as a section",
    { presto: {} },
    "millrace:presto: unknown setting; it belongs to millrace:services.presto",
  ],
  [
    "a setting of another section",
    { proof: { namespace: "lake" } },
    "millrace:proof.namespace: unknown setting; it belongs to millrace:cluster.namespace",
  ],
  [
    "a setting like no other",
    { proof: { xyzzyplugh: 1 } },
    "millrace:proof.xyzzyplugh: unknown setting; millrace:proof takes enabled, records, timeoutSeconds, scheduling, resources",
  ],
  [
    "a section like no other",
    { xyzzyplugh: 1 },
    "millrace:xyzzyplugh: unknown setting; the sections under millrace: are profile, cluster, images, network, scheduling, services, proof",
  ],
  [
    "a setting with an inherited name",
    { proof: { constructor: 1 } },
    "millrace:proof.constructor: unknown setting; millrace:proof takes enabled, records, timeoutSeconds, scheduling, resources",
  ],
  [
    "a number in words",
    kafka({ replicas: "three" }),
    'millrace:services.kafka.replicas: received "three"; give a whole number from 1 to 9 (default 1)',
  ],
  [
    "a number below the range",
    kafka({ replicas: 0 }),
    "millrace:services.kafka.replicas: received 0; give a whole number from 1 to 9 (default 1)",
  ],
  [
    "a negative number",
    kafka({ replicas: -1 }),
    "millrace:services.kafka.replicas: received -1; give a whole number from 1 to 9 (default 1)",
  ],
  [
    "a number above the range",
    kafka({ replicas: 1e6 }),
    "millrace:services.kafka.replicas: received 1000000; give a whole number from 1 to 9 (default 1)",
  ],
  [
    "a number with a fraction",
    kafka({ replicas: 1.5 }),
    "millrace:services.kafka.replicas: received 1.5; give a whole number from 1 to 9 (default 1)",
  ],
  [
    "a word as a switch",
    kafka({ enabled: "yes" }),
    'millrace:services.kafka.enabled: received "yes"; give true or false (default true)',
  ],
  [
    "an amount without unit",
    kafka({ memory: 768 }),
    "millrace:services.kafka.memory: received 768; give an amount from 512Mi to 1024Gi (default 768Mi)",
  ],
  [
    "an amount with a decimal unit",
    kafka({ memory: "1G" }),
    'millrace:services.kafka.memory: received "1G"; give an amount from 512Mi to 1024Gi (default 768Mi)',
  ],
  [
    "an amount below the range",
    kafka({ memory: "1Mi" }),
    'millrace:services.kafka.memory: received "1Mi"; give an amount from 512Mi to 1024Gi (default 768Mi)',
  ],
  [
    "a negative amount",
    kafka({ storage: { kind: "persistent", size: "-5Gi" } }),
    'millrace:services.kafka.storage.size: received "-5Gi"; give an amount from 100Mi to 65536Gi (default 5Gi)',
  ],
  [
    "an unknown kind of storage",
    kafka({ storage: { kind: "disk" } }),
    'millrace:services.kafka.storage.kind: received "disk"; give settings with kind persistent or ephemeral',
  ],
  [
    "storage without kind",
    kafka({ storage: {} }),
    "millrace:services.kafka.storage.kind: missing; give settings with kind persistent or ephemeral",
  ],
  [
    "a size of ephemeral storage",
    kafka({ storage: { kind: "ephemeral", size: "1Gi" } }),
    "millrace:services.kafka.storage.size: unknown setting; millrace:services.kafka.storage takes kind",
  ],
  [
    "a list of services",
    { services: [1] },
    "millrace:services: received a list; give settings: kafka, objectStore, catalog, spark, presto, telemetry, postgres, airflow, jupyterhub, sparkConnect, sparkHistory, cassandra, randomNumbers, census, windows, raceCar, raceWindows, flink, connect, zookeeper, nifi, display, logs, metrics, auditLog, portal, authProxy, tools",
  ],
  [
    "a section that is a word",
    { proof: "on" },
    'millrace:proof: received "on"; give settings: enabled, records, timeoutSeconds, scheduling, resources',
  ],
  [
    "an unknown target",
    { cluster: { target: "eks" } },
    'millrace:cluster.target: received "eks"; give one of embedded, minikube, microk8s, cloud (default embedded)',
  ],
  [
    "a namespace in capitals",
    { cluster: { namespace: "Data" } },
    'millrace:cluster.namespace: received "Data"; give a Kubernetes namespace: lower-case letters, digits and dashes, at most 63 (default millrace)',
  ],
  [
    "a port that is no node port",
    { cluster: { nodePorts: { kafka: 9092 } } },
    "millrace:cluster.nodePorts.kafka: received 9092; give a whole number from 30000 to 32767 (default 30092)",
  ],
  [
    "a node port twice",
    { cluster: { nodePorts: { kafka: 30080 } } },
    "millrace:cluster.nodePorts.presto: port 30080 is already used by nodePorts.kafka; give another",
  ],
  [
    "a host port twice",
    { cluster: { embedded: { apiPort: 5000 } } },
    "millrace:cluster.embedded.registryPort: port 5000 is already used by embedded.apiPort; give another",
  ],
  [
    "a context on embedded",
    { cluster: { context: "c" } },
    "millrace:cluster.context: target embedded creates its own; remove the setting, or choose another target",
  ],
  [
    "load balancers on embedded",
    { cluster: { exposure: "loadBalancer" } },
    "millrace:cluster.exposure: target embedded has no load balancers; give nodePort or none",
  ],
  [
    "node ports on cloud",
    { cluster: { ...cloud, exposure: "nodePort" } },
    "millrace:cluster.exposure: target cloud does not publish node ports; give loadBalancer, ingress or none",
  ],
  [
    "a page that asks for a login, named as one that does not",
    { cluster: { ...cloud, exposure: "loadBalancer", publishWithoutLogin: ["airflow"] } },
    'millrace:cluster.publishWithoutLogin.0: received "airflow"; give a list out of presto, sparkUi, sparkHistory, flink, nifiPosts, display, logs, metrics, portal',
  ],
  [
    "a page that is open and not published",
    {
      cluster: {
        ...cloud,
        exposure: "loadBalancer",
        publishWithoutLogin: ["presto"],
        keepInside: ["presto", "airflow"],
      },
    },
    'millrace:cluster.publishWithoutLogin: "presto" is in keepInside too; take it out of one of them',
  ],
  [
    "a place for logins that there is none of",
    { cluster: { askForLogin: "never" } },
    'millrace:cluster.askForLogin: received "never"; give one of beyondLoopback, always (default beyondLoopback)',
  ],
  [
    "an ingress controller on embedded",
    { cluster: { exposure: "ingress", ingress: { host: "data.example.com" } } },
    "millrace:cluster.exposure: target embedded has no ingress controller; give nodePort or none",
  ],
  [
    "Ingresses without a domain",
    { cluster: { ...cloud, exposure: "ingress" } },
    "millrace:cluster.ingress: missing; exposure ingress needs at least the domain of the pages: { host: data.example.com }",
  ],
  [
    "settings of Ingresses without a domain",
    ingress({ tls: { issuer: "letsencrypt" }, host: undefined }),
    'millrace:cluster.ingress.host: missing; give a domain in small letters, for example "data.example.com", without protocol, port or path',
  ],
  [
    "a domain with a protocol",
    ingress({ host: "https://data.example.com" }),
    'millrace:cluster.ingress.host: received "https://data.example.com"; give a domain in small letters, for example "data.example.com", without protocol, port or path',
  ],
  [
    "an address as a domain",
    ingress({ host: "192.168.49.2" }),
    'millrace:cluster.ingress.host: received "192.168.49.2"; give a domain in small letters, for example "data.example.com", without protocol, port or path',
  ],
  [
    "certificates from two places",
    ingress({ tls: { secretName: "pages", issuer: "letsencrypt" } }),
    'millrace:cluster.ingress.tls: received secretName "pages" and issuer "letsencrypt"; give one of them: a Secret that is there, or the ClusterIssuer that makes one',
  ],
  [
    "certificates from nowhere",
    ingress({ tls: {} }),
    "millrace:cluster.ingress.tls: names no certificate; give secretName or issuer, or remove tls",
  ],
  [
    "a CA that the platform would have to make",
    ingress({ tls: { ownCa: true } }),
    "millrace:cluster.ingress.tls.ownCa: unknown setting; millrace:cluster.ingress.tls takes secretName, issuer, ca",
  ],
  [
    "a list of annotations",
    ingress({ annotations: ["a"] }),
    'millrace:cluster.ingress.annotations: received a list; give texts by their names, for example { "example.com/name": "value" }',
  ],
  [
    "an annotation that is no text",
    ingress({ annotations: { "example.com/auth": true } }),
    'millrace:cluster.ingress.annotations.example.com/auth: received true; give a text, in quotes where it could be something else: "true"',
  ],
  [
    "cloud without context",
    { cluster: { ...cloud, context: undefined } },
    "millrace:cluster.context: missing; target cloud needs a context (kubectl config get-contexts lists them)",
  ],
  [
    "cloud without registry and some images",
    {
      cluster: { target: "cloud", context: "c" },
      services: { kafka: { image: "k:1" }, spark: { image: "s:1" }, presto: { image: "p:1" }, tools: { image: "t:1" } },
    },
    "millrace:cluster.registry: missing, and target cloud has no default; give a registry, or an image in millrace:services.objectStore.image, millrace:services.catalog.image, millrace:services.postgres.image",
  ],
  [
    "a registry without push",
    { cluster: { target: "minikube", registry: {} } },
    'millrace:cluster.registry.push: missing; give a registry, for example "localhost:5000" or "registry.example.com/team"',
  ],
  [
    "a cache with a protocol",
    { images: { caches: ["cache.example:5000/a", "https://r.example/x"] } },
    'millrace:images.caches.1: received "https://r.example/x"; give a registry with its port and repository, in lower case, without protocol, tag or spaces, for example "registry.example.com/acme/millrace"',
  ],
  [
    "a cache with a tag",
    { images: { caches: ["cache.example:5000/a", "r.example/x:1"] } },
    'millrace:images.caches.1: received "r.example/x:1"; give a registry with its port and repository, in lower case, without protocol, tag or spaces, for example "registry.example.com/acme/millrace"',
  ],
  [
    "a cache with capitals",
    { images: { caches: ["cache.example:5000/a", "r.example/Acme"] } },
    'millrace:images.caches.1: received "r.example/Acme"; give a registry with its port and repository, in lower case, without protocol, tag or spaces, for example "registry.example.com/acme/millrace"',
  ],
  [
    "a cache with spaces",
    { images: { caches: ["cache.example:5000/a", "r.example/ x"] } },
    'millrace:images.caches.1: received "r.example/ x"; give a registry with its port and repository, in lower case, without protocol, tag or spaces, for example "registry.example.com/acme/millrace"',
  ],
  [
    "a cache that is no full name",
    { images: { caches: ["cache.example:5000/a", "acme/millrace"] } },
    'millrace:images.caches.1: received "acme/millrace"; give a registry with its port and repository, in lower case, without protocol, tag or spaces, for example "registry.example.com/acme/millrace"',
  ],
  [
    "a cache that is no list",
    { images: { caches: "r.example/x" } },
    'millrace:images.caches: received "r.example/x"; give a list of registries with their repositories, for example ["registry.example.com/acme/millrace"]',
  ],
  [
    "a pull secret that is no name",
    { images: { pullSecret: "Reg Cred" } },
    'millrace:images.pullSecret: received "Reg Cred"; give the name of a Secret: lower-case letters, digits and dashes, at most 63',
  ],
  [
    "a pull login on embedded",
    { images: { pullLogin: true } },
    "millrace:images.pullLogin: the registry of target embedded asks for no login; remove the setting",
  ],
  [
    "an unknown setting of images",
    { images: { cache: [] } },
    'millrace:images.cache: unknown setting; did you mean "caches"?',
  ],
  [
    "more copies than brokers",
    kafka({ replicationFactor: 3 }),
    "millrace:services.kafka.replicationFactor: received 3, with 1 broker; give at most 1, or raise millrace:services.kafka.replicas",
  ],
  [
    "an even number of brokers",
    kafka({ replicas: 2 }),
    "millrace:services.kafka.replicas: received 2; every broker votes, and an even number survives no more failures than one less; give an odd number, for example 3",
  ],
  [
    "a stream without Kafka",
    { ...kafka({ enabled: false }), proof: { enabled: false } },
    "millrace:services.telemetry: is enabled and needs kafka (the stream runs from Kafka through Spark to them), which is not; enable kafka, or set millrace:services.telemetry.enabled to false",
  ],
  [
    "Presto without a catalog",
    {
      services: { catalog: { enabled: false }, spark: { enabled: false }, telemetry: { enabled: false } },
      proof: { enabled: false },
    },
    'millrace:services.presto: is enabled and needs catalog (they hold the tables of its catalog "lake"), which is not; enable catalog, or set millrace:services.presto.enabled to false',
  ],
  [
    "a proof without Presto",
    { services: { presto: { enabled: false } } },
    "millrace:proof: is enabled and needs the whole data path, but presto is not enabled; enable the rest of the path, or set millrace:proof.enabled to false",
  ],
  [
    "MinIO without image",
    { services: { objectStore: { server: "minio" } } },
    "millrace:services.objectStore.image: missing; server minio is not built from packages: name its image with a tag",
  ],
  [
    "existing S3 without its place",
    { services: { objectStore: { server: "existing" } } },
    "millrace:services.objectStore.existing: missing; server existing needs at least its host and a secretName",
  ],
  [
    "existing S3 with one Secret of five",
    existing({ host: "s3.example.com", secretNames: { spark: "s" } }),
    "millrace:services.objectStore.existing.secretNames: metastore, presto, proof, postgresBackup have no Secret; name one each, or one for all in millrace:services.objectStore.existing.secretName",
  ],
  [
    "existing S3 as a URL",
    existing({ host: "https://s3.example.com", secretName: "s" }),
    'millrace:services.objectStore.existing.host: received "https://s3.example.com"; give a host name or an address, without protocol or port',
  ],
  [
    "existing S3 over http without its port",
    existing({ host: "s3.example.com", protocol: "http", secretName: "s" }),
    "millrace:services.objectStore.existing.port: is 443 unless it is given, which is that of https; with protocol http give the server's own, for example 9000",
  ],
  [
    "existing Kafka with a port that there is not",
    kafka({ existing: { bootstrapServers: "b1.example:9092,b2.example:70000" } }),
    'millrace:services.kafka.existing.bootstrapServers: received "b2.example:70000"; give a port from 1 to 65535',
  ],
  [
    "existing S3 beside a server of the platform's own",
    { services: { objectStore: { existing: { host: "h", secretName: "s" } } } },
    "millrace:services.objectStore.existing: is given, but server is auto; set millrace:services.objectStore.server to existing",
  ],
  [
    "existing Kafka with all that can be wrong of a login",
    kafka({
      existing: {
        bootstrapServers: "kafka:9093",
        securityProtocol: "SASL_SSL",
        username: "millrace",
        secretName: "login",
        ca: "ca.pem",
        caSecretName: "ca",
      },
    }),
    "millrace:services.kafka.existing.saslMechanism: missing; securityProtocol SASL_SSL needs PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512, as the brokers have it",
    "millrace:services.kafka.existing: has both secretName and username or password; give the Secret, or the two",
    "millrace:services.kafka.existing: has both ca and caSecretName; give one of them",
    'millrace:services.kafka.existing.ca: is no certificate in PEM; give certificates in PEM, from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----"',
  ],
  [
    "existing Kafka with a login of nobody",
    kafka({ existing: { bootstrapServers: "k:1", securityProtocol: "SASL_SSL", saslMechanism: "PLAIN" } }),
    "millrace:services.kafka.existing: names nobody to log in as, and securityProtocol is SASL_SSL; give username and password, or secretName",
  ],
  [
    "existing Kafka with a user without password",
    kafka({
      existing: { bootstrapServers: "k:1", securityProtocol: "SASL_SSL", saslMechanism: "PLAIN", username: "millrace" },
    }),
    "millrace:services.kafka.existing.password: missing; set it encrypted by pulumi config set --secret --path 'millrace:services.kafka.existing.password', or give secretName",
  ],
  [
    "existing Kafka with a password without user",
    kafka({
      existing: { bootstrapServers: "k:1", securityProtocol: "SASL_SSL", saslMechanism: "PLAIN", password: "s3cret" },
    }),
    "millrace:services.kafka.existing.username: missing; password is given",
  ],
  [
    "existing Kafka with a login and an authority where there is neither login nor TLS",
    kafka({
      existing: {
        bootstrapServers: "k:1",
        securityProtocol: "PLAINTEXT",
        username: "millrace",
        password: "s3cret",
        caSecretName: "ca",
      },
    }),
    "millrace:services.kafka.existing: has username, password, but securityProtocol is PLAINTEXT, with which nobody logs in; set securityProtocol to SASL_SSL or SASL_PLAINTEXT, or remove username, password",
    "millrace:services.kafka.existing.caSecretName: is given, but securityProtocol is PLAINTEXT, which has no certificates; set securityProtocol to SSL, or remove caSecretName",
  ],
  [
    "existing Kafka with tokens of Amazon's",
    kafka({ existing: { bootstrapServers: "k:1", securityProtocol: "SASL_SSL", saslMechanism: "AWS_MSK_IAM" } }),
    'millrace:services.kafka.existing.saslMechanism: received "AWS_MSK_IAM", which takes tokens that end and must be fetched anew, and not every client of the platform can do that; Amazon MSK takes SCRAM-SHA-512 too, with a user in Secrets Manager; give one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512',
  ],
  [
    "existing Kafka with tokens of a provider",
    kafka({ existing: { bootstrapServers: "k:1", securityProtocol: "SASL_SSL", saslMechanism: "OAUTHBEARER" } }),
    'millrace:services.kafka.existing.saslMechanism: received "OAUTHBEARER", which takes tokens that end and must be fetched anew, and not every client of the platform can do that; create a user with a password for the platform; give one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512',
  ],
  [
    "existing Kafka with an unknown mechanism",
    kafka({ existing: { bootstrapServers: "k:1", securityProtocol: "SASL_SSL", saslMechanism: "SCRAM-SHA-1" } }),
    'millrace:services.kafka.existing.saslMechanism: received "SCRAM-SHA-1"; give one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512; did you mean "SCRAM-SHA-512"?',
  ],
  [
    "existing S3 with an authority where there is no TLS, given twice",
    existing({ host: "s3.example.com", secretName: "s", protocol: "http", port: 9000, ca: "pem", caSecretName: "ca" }),
    "millrace:services.objectStore.existing.ca: is given, but protocol is http, which has no certificates; set protocol to https, or remove ca",
    "millrace:services.objectStore.existing.caSecretName: is given, but protocol is http, which has no certificates; set protocol to https, or remove caSecretName",
    "millrace:services.objectStore.existing: has both ca and caSecretName; give one of them",
    'millrace:services.objectStore.existing.ca: is no certificate in PEM; give certificates in PEM, from "-----BEGIN CERTIFICATE-----" to "-----END CERTIFICATE-----"',
  ],
  [
    "existing S3 with a session's keys and no Secret",
    existing({ host: "s3.example.com", temporaryKeys: true }),
    "millrace:services.objectStore.existing.secretNames: metastore, spark, presto, proof, postgresBackup have no Secret; name one each, or one for all in millrace:services.objectStore.existing.secretName",
  ],
  [
    "existing Kafka without port",
    kafka({ existing: { bootstrapServers: "kafka" } }),
    'millrace:services.kafka.existing.bootstrapServers: received "kafka"; give brokers as "host:port,host:port"',
  ],
  [
    "an image with a space",
    kafka({ image: "my kafka" }),
    'millrace:services.kafka.image: received "my kafka"; give an image with a tag other than latest or a digest, for example "registry.example.com/team/image:1.2.3"',
  ],
  ...["kafka", "registry.example.com:5000/kafka", "kafka:latest"].map((image): Case => [
    `the image ${image}, which is not pinned`,
    kafka({ image }),
    `millrace:services.kafka.image: received "${image}"; give an image with a tag other than latest or a digest, for example "registry.example.com/team/image:1.2.3"`,
  ]),
  [
    "an unknown profile with the nearest",
    { profile: "studoi" },
    'millrace:profile: received "studoi"; give one of core, studio, pipeline, streams, full (default core); did you mean "studio"?',
  ],
  [
    "a profile like no other",
    { profile: 3 },
    "millrace:profile: received 3; give one of core, studio, pipeline, streams, full (default core)",
  ],
  [
    "a misspelt setting of a service that only a profile enables",
    { profile: "studio", services: { jupyterhub: { idelMinutes: 3 } } },
    'millrace:services.jupyterhub.idelMinutes: unknown setting; did you mean "idleMinutes"?',
  ],
  [
    "a word as a switch of a service that a profile enables",
    studio({ airflow: { enabled: "yes" } }),
    'millrace:services.airflow.enabled: received "yes"; give true or false',
  ],
  [
    "the catalog, Airflow and JupyterHub without a database",
    studio({ postgres: { enabled: false } }),
    "millrace:services.catalog: is enabled and needs postgres (its tables and what it knows of them are kept there), which is not; enable postgres, or set millrace:services.catalog.enabled to false",
    "millrace:services.airflow: is enabled and needs postgres (its runs and the logs of its tasks are kept there), which is not; enable postgres, or set millrace:services.airflow.enabled to false",
    "millrace:services.jupyterhub: is enabled and needs postgres (its users and their notebooks are kept there), which is not; enable postgres, or set millrace:services.jupyterhub.enabled to false",
  ],
  [
    "one service of a profile without the others",
    {
      services: { ...onlyKafka, jupyterhub: { enabled: true }, postgres: { backup: { enabled: false } } },
      proof: { enabled: false },
    },
    "millrace:services.jupyterhub: is enabled and needs objectStore (its users and their notebooks are kept there), which is not; enable objectStore, or set millrace:services.jupyterhub.enabled to false",
  ],
  [
    "Spark for people without Spark",
    {
      services: { spark: { enabled: false }, telemetry: { enabled: false }, sparkConnect: { enabled: true } },
      proof: { enabled: false },
    },
    "millrace:services.sparkConnect: is enabled and needs spark (its sessions take Spark's settings and account), which is not; enable spark, or set millrace:services.sparkConnect.enabled to false",
  ],
  [
    "a backup without a place for it",
    {
      services: { ...onlyKafka, postgres: { enabled: true } },
      proof: { enabled: false },
    },
    "millrace:services.postgres.backup: is enabled and needs objectStore, which is not; enable it, or set millrace:services.postgres.backup.enabled to false",
  ],
  [
    "a history without what it shows",
    { services: { ...onlyKafka, sparkHistory: { enabled: true } }, proof: { enabled: false } },
    "millrace:services.sparkHistory: is enabled and needs objectStore, spark (Spark's applications write there what it shows), which are not; enable objectStore, spark, or set millrace:services.sparkHistory.enabled to false",
  ],
  [
    "a user's name with a space",
    studio({ jupyterhub: { users: ["ana", "Bob B"] } }),
    'millrace:services.jupyterhub.users.1: received "Bob B"; give a list of names, each of 2 to 50 letters, digits and . _ + @ - that begins and ends with a letter or digit (. _ + @ - count three)',
  ],
  [
    "one person in letters of both cases",
    studio({ jupyterhub: { users: ["Ana", "ana"] } }),
    'millrace:services.jupyterhub.users: "ana" is listed twice; list each user once',
  ],
  [
    "users as a word",
    studio({ jupyterhub: { users: "ana" } }),
    'millrace:services.jupyterhub.users: received "ana"; give a list of names, each of 2 to 50 letters, digits and . _ + @ - that begins and ends with a letter or digit (. _ + @ - count three)',
  ],
  [
    "no user at all",
    studio({ jupyterhub: { users: [] } }),
    "millrace:services.jupyterhub.users: received a list; give a list of names, each of 2 to 50 letters, digits and . _ + @ - that begins and ends with a letter or digit (. _ + @ - count three)",
  ],
  [
    "a user twice",
    studio({ jupyterhub: { users: ["ana", "bob", "ana"] } }),
    'millrace:services.jupyterhub.users: "ana" is listed twice; list each user once',
  ],
  [
    "the account of the proof as a user",
    studio({ jupyterhub: { users: ["ana", "proof"] } }),
    'millrace:services.jupyterhub.users: "proof" is the account that the proof logs in with; give another name',
  ],
  [
    "an admin who is no user",
    studio({ jupyterhub: { users: ["ana", "bob"], admins: ["anna", "zoe"] } }),
    'millrace:services.jupyterhub.admins: "anna" is not one of the users (ana, bob); did you mean "ana"?',
    'millrace:services.jupyterhub.admins: "zoe" is not one of the users (ana, bob); add it to users',
  ],
  [
    "a schedule that is none",
    studio({ postgres: { backup: { schedule: "daily" } } }),
    'millrace:services.postgres.backup.schedule: "daily" does not have five fields; write minute, hour, day of the month, month, day of the week, for example "17 3 * * *"',
  ],
  [
    "a schedule in a number",
    studio({ postgres: { backup: { schedule: 3 } } }),
    'millrace:services.postgres.backup.schedule: received 3; give a cron schedule of five fields, for example "17 3 * * *" (default 17 3 * * *)',
  ],
  [
    "a provider of logins without https",
    studio({ jupyterhub: { oidc: { issuer: "http://login.example.com", clientId: "hub", clientSecretName: "s" } } }),
    'millrace:services.jupyterhub.oidc.issuer: received "http://login.example.com"; give an address, for example "https://login.example.com/realms/data"',
  ],
  [
    "homes in the bucket of the tables",
    {
      profile: "studio",
      ...existing({ host: "s3.example.com", secretName: "s", buckets: { homes: "lake" } }),
    },
    'millrace:services.objectStore.existing.buckets.homes: received "lake", which is also lake, and users write to their homes; give a bucket of its own',
  ],
  [
    "buckets with dots behind host names with TLS",
    existing({
      host: "s3.example.com",
      secretName: "s",
      buckets: { lake: "acme.lake", checkpoints: "acme.checkpoints" },
    }),
    'millrace:services.objectStore.existing.buckets: dots in lake ("acme.lake"), checkpoints ("acme.checkpoints"), and no certificate is for ' +
      "the host name that such a bucket gets; set millrace:services.objectStore.existing.pathStyle to true, or give buckets without dots",
  ],
  [
    "a bucket with two dots in a row",
    existing({ host: "s3.example.com", secretName: "s", buckets: { lake: "acme..lake" } }),
    'millrace:services.objectStore.existing.buckets.lake: received "acme..lake"; give a bucket: at most 63 lower-case letters, digits, dashes and dots, ' +
      "with a letter or digit at both ends, and no two dots in a row (default lake)",
  ],
  [
    "existing S3 with Secrets for the data path only",
    {
      profile: "studio",
      ...existing({
        host: "s3.example.com",
        secretNames: { metastore: "m", spark: "s", presto: "p", proof: "t", airflow: "a", users: "u" },
      }),
    },
    "millrace:services.objectStore.existing.secretNames: postgresBackup, dagTelemetryReport, dagBucket, dagCensusBatch, notebooks, sparkConnect, sparkHistory have no Secret; name one each, or one for all in millrace:services.objectStore.existing.secretName",
  ],
  [
    "cloud without registry and the images of a profile",
    {
      profile: "studio",
      cluster: { target: "cloud", context: "c" },
      services: Object.fromEntries(
        ["kafka", "objectStore", "catalog", "spark", "presto", "tools"].map((name) => [name, { image: "i:1" }]),
      ),
    },
    "millrace:cluster.registry: missing, and target cloud has no default; give a registry, or an image in millrace:services.postgres.image, millrace:services.airflow.image, millrace:services.jupyterhub.image, millrace:services.logs.image, millrace:services.metrics.image",
  ],
  [
    "a pump that is too fast",
    pipeline({ randomNumbers: { rate: 5001 } }),
    "millrace:services.randomNumbers.rate: received 5001; give a whole number from 1 to 5000 (default 10)",
  ],
  [
    "another word for pumps",
    pipeline({ randomNumbers: { pumps: 2 } }),
    'millrace:services.randomNumbers.pumps: unknown setting; did you mean "replicas"?',
  ],
  [
    "a Cassandra without room for its heap",
    pipeline({ cassandra: { memory: "256Mi" } }),
    'millrace:services.cassandra.memory: received "256Mi"; give an amount from 768Mi to 1024Gi (default 896Mi)',
  ],
  [
    "a ZooKeeper of several members without claims",
    { profile: "streams", services: { zookeeper: { replicas: 3, storage: { kind: "ephemeral" } } } },
    "millrace:services.zookeeper.replicas: received 3 without claims, and members that come back empty could agree on an empty tree; " +
      "give 1, or storage of kind persistent and a StorageClass",
  ],
  [
    "a census of more parts than people",
    pipeline({ census: { rows: 1, parts: 2 } }),
    "millrace:services.census.parts: received 2, with 1 row; give at most 1, or raise millrace:services.census.rows",
  ],
  [
    "a display and a stream without Cassandra",
    pipeline({ cassandra: off }),
    "millrace:services.windows: is enabled and needs cassandra (Spark reads the topics of both streams and writes to the lake and to Cassandra), which is not; enable cassandra, or set millrace:services.windows.enabled to false",
    "millrace:services.display: is enabled and needs cassandra (its pages show what they have), which is not; enable cassandra, or set millrace:services.display.enabled to false",
  ],
  [
    "random numbers with nowhere to go",
    {
      services: { kafka: off, telemetry: off, randomNumbers: { enabled: true } },
      proof: off,
    },
    "millrace:services.randomNumbers: is enabled and needs kafka (its numbers go there), which is not; enable kafka, or set millrace:services.randomNumbers.enabled to false",
  ],
  [
    "a census without Spark",
    {
      services: { spark: off, telemetry: off, census: { enabled: true } },
      proof: off,
    },
    "millrace:services.census: is enabled and needs spark (Spark reads its file there and writes its figures), which is not; enable spark, or set millrace:services.census.enabled to false",
  ],
  [
    "existing S3 without Secrets for the census",
    {
      profile: "pipeline",
      ...existing({
        host: "s3.example.com",
        secretNames: { metastore: "m", spark: "s", presto: "p", proof: "t" },
      }),
    },
    "millrace:services.objectStore.existing.secretNames: postgresBackup, censusFile, census have no Secret; name one each, or one for all in millrace:services.objectStore.existing.secretName",
  ],
  [
    "cloud without registry and the images of profile pipeline",
    {
      profile: "pipeline",
      cluster: { target: "cloud", context: "c" },
      services: Object.fromEntries(
        ["kafka", "objectStore", "catalog", "spark", "presto", "tools"].map((name) => [name, { image: "i:1" }]),
      ),
    },
    "millrace:cluster.registry: missing, and target cloud has no default; give a registry, or an image in millrace:services.postgres.image, millrace:services.cassandra.image, millrace:services.display.image, millrace:services.logs.image, millrace:services.metrics.image",
  ],
  [
    "CPU that is no amount, and memory of a pod where it is another setting",
    kafka({ resources: { requests: { cpu: "2 cores" }, limits: { cpu: 0, memory: "2Gi" } } }),
    'millrace:services.kafka.resources.requests.cpu: received "2 cores"; give CPU in cores or in thousandths of one, from 1m to 256, for example "500m" or 2',
    'millrace:services.kafka.resources.limits.cpu: received 0; give CPU in cores or in thousandths of one, from 1m to 256, for example "500m" or 2',
    "millrace:services.kafka.resources.limits.memory: unknown setting; it belongs to millrace:services.kafka.memory",
  ],
  [
    "a part of a service that it does not have, and a collector that not every Java has",
    studio({ airflow: { resources: { schedular: {} } }, presto: { collector: "zgc" } }),
    'millrace:services.presto.collector: received "zgc"; give one of auto, serial, parallel, g1 (default auto)',
    'millrace:services.airflow.resources.schedular: unknown setting; did you mean "scheduler"?',
  ],
  [
    "pods that ask for more than they may use",
    {
      ...studio({
        kafka: { resources: { requests: { cpu: 3, memory: "2Gi" }, limits: { cpu: "2500m" } } },
        spark: { resources: { executor: { requests: { cpu: 2 } } } },
        airflow: { resources: { task: { requests: { cpu: "3" }, limits: { cpu: "2" } } } },
      }),
      proof: { resources: { requests: { memory: "300Mi" }, limits: { memory: "256Mi" } } },
    },
    "millrace:services.kafka.resources.requests.cpu: received 3, but the limit is 2500m; give at most that, or raise the limit",
    "millrace:services.kafka.resources.requests.memory: received 2048Mi, but the limit is 768Mi; give at most that, or raise the limit",
    "millrace:services.spark.resources.executor.requests.cpu: received 2, but the limit is 1; give at most that, or raise the limit",
    "millrace:proof.resources.requests.memory: received 300Mi, but the limit is 256Mi; give at most that, or raise the limit",
    "millrace:services.airflow.resources.task.requests.cpu: received 3, but the limit is 2; give at most that, or raise the limit",
  ],
  [
    "more proof records than one check reads back",
    { proof: { records: 10_001 } },
    "millrace:proof.records: received 10001; give a whole number from 1 to 10000 (default 300)",
  ],
];

describe("the problems of a configuration", () => {
  for (const [title, sections, ...expected] of bad) {
    it(`names ${title}`, () => {
      expect(problems(sections)).to.deep.equal(expected);
    });
  }

  it("names all problems at once, with the file", () => {
    const raw = { "millrace:clustr": {}, "millrace:services": { kafka: { brokrs: 3, replicas: "three" } } };
    expect(() => loadConfig(raw, "Pulumi.dev.yaml")).to.throw(
      ConfigError,
      "Pulumi.dev.yaml has 3 problems; nothing was changed:\n" +
        '  - millrace:clustr: unknown setting; did you mean "cluster"?\n' +
        '  - millrace:services.kafka.replicas: received "three"; give a whole number from 1 to 9 (default 1)\n' +
        '  - millrace:services.kafka.brokrs: unknown setting; did you mean "replicas"?',
    );
  });

  it("does not repeat the value of an unknown setting, which may be a secret", () => {
    expect(problems({ security: { password: "hunter2" } }).join()).not.to.contain("hunter2");
  });
});
