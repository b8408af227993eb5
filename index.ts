/** The platform: what there is and what is wired to what. Every choice is a value of `Pulumi.<stack>.yaml`. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { targetProfile } from "./clusters/targets.ts";
import { Catalog } from "./components/catalog/catalog.ts";
import { setupResources } from "./platform/resources.ts";
import { catalogResources } from "./components/catalog/service.ts";
import { kafkaResources } from "./components/kafka/service.ts";
import { objectStoreResources } from "./components/object-store/service.ts";
import { postgresBackupResources, postgresResources } from "./components/postgres/service.ts";
import { prestoResources } from "./components/presto/service.ts";
import { proofResources } from "./components/proof/service.ts";
import { producerResources } from "./components/telemetry/service.ts";
import { chooseImages } from "./platform/images.ts";
import { KafkaTopics } from "./components/kafka/kafka-topic.ts";
import { existingKafka, Kafka } from "./components/kafka/kafka.ts";
import { PlatformNamespace } from "./platform/namespace.ts";
import { existingObjectStore, ObjectStore, type S3Source } from "./components/object-store/object-store.ts";
import { Postgres } from "./components/postgres/postgres.ts";
import { cassandraCatalog, icebergCatalog } from "./components/presto/presto-catalogs.ts";
import { Presto } from "./components/presto/presto.ts";
import { Proof } from "./components/proof/proof.ts";
import { Revision } from "./platform/revision.ts";
import { SparkApplication } from "./components/spark/spark-application.ts";
import { Spark } from "./components/spark/spark.ts";
import { Storage } from "./platform/storage.ts";
import { TelemetryProducer } from "./components/telemetry/telemetry.ts";
import { objectStoreContents, type S3Consumer } from "./config/buckets.ts";
import { wantedImages } from "./config/images.ts";
import { configWarnings, loadConfig } from "./config/index.ts";
import { skippedHops } from "./config/proof-hops.ts";
import { guard } from "./guard.ts";
import { pipeline, rowStore, streamTopics } from "./pipeline.ts";
import { sharedModules, workload } from "./programs.ts";
import { studio } from "./studio.ts";

const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
const config = loadConfig(
  pulumi.runtime.allConfig(),
  `Pulumi.${pulumi.getStack()}.yaml`,
  secretKeys.map((key) => [key.replace(/^millrace:/, "")]),
);
for (const warning of configWarnings(config)) void pulumi.log.warn(warning);
const { kafka, objectStore, postgres, catalog, spark, presto, telemetry } = config.services;

// The ground: where it runs, what is stored where, what is published how.
const target = targetProfile(config.cluster);
const { exposure } = target;
const stackId = await guard(config, target);
const provider = new k8s.Provider("cluster", {
  context: target.context,
  ...(target.kubeconfig === undefined ? {} : { kubeconfig: target.kubeconfig }),
  // Objects keep their names, so a change of data must not replace them; pods restart by a hash of what they mount.
  enableConfigMapMutable: true,
  enableSecretMutable: true,
});
const revision = new Revision();
const onCluster = { provider, transformations: [revision.transformation] };
const { namespaceName: namespace } = new PlatformNamespace(
  "namespace",
  {
    namespace: config.cluster.namespace,
    profile: config.profile,
    ...(config.cluster.existingNamespace && { existing: true }),
    ...(stackId && { stackId }),
  },
  onCluster,
);
const storage = new Storage({ storageClass: target.storageClass });
const image = chooseImages({
  registry: target.registry,
  platform: target.platform,
  wanted: wantedImages(config),
});
const contents = objectStoreContents(config);
const { buckets } = contents;

// Where records come in.
const kafkaService =
  kafka.enabled && kafka.existing === undefined
    ? new Kafka(
        "kafka",
        {
          namespace,
          image: image("kafka"),
          storage,
          exposure,
          replicas: kafka.replicas,
          data: kafka.storage,
          autoCreateTopics: kafka.autoCreateTopics,
          resources: kafkaResources(kafka),
        },
        onCluster,
      )
    : undefined;
const kafkaEndpoint = kafka.existing === undefined ? kafkaService?.endpoint : existingKafka(kafka.existing);

const declaredTopics = streamTopics(config.services);
const topics =
  kafkaEndpoint && (kafkaService || Object.keys(declaredTopics).length > 0)
    ? new KafkaTopics(
        "topics",
        {
          namespace,
          objectName: "kafka-topics",
          kafka: kafkaEndpoint,
          toolsImage: image("tools"),
          resources: setupResources(),
          topics: declaredTopics,
          ...(kafkaService && {
            brokers: kafka.replicas,
            ...(kafkaService.otherTopicsBytes && { otherTopicsBytes: kafkaService.otherTopicsBytes }),
          }),
        },
        onCluster,
      ).topics
    : {};
const telemetryTopic = topics["telemetry"];

// Where tables lie, and who knows them.
const storeService =
  objectStore.enabled && objectStore.server !== "existing"
    ? new ObjectStore(
        "object-store",
        {
          namespace,
          server: {
            kind: objectStore.server,
            image: objectStore.server === "garage" ? image("garage") : (objectStore.image ?? ""),
          },
          toolsImage: image("tools"),
          buckets: contents.used,
          keys: contents.keys,
          storage,
          exposure,
          data: objectStore.storage,
          resources: objectStoreResources(objectStore),
          setupResources: setupResources(),
        },
        onCluster,
      )
    : undefined;
const store: S3Source<S3Consumer> | undefined =
  objectStore.existing === undefined
    ? storeService
    : existingObjectStore({ ...objectStore.existing, secretNames: contents.secretNames });

// What services know, a database for each, saved to S3 every night.
const databases = postgres.enabled
  ? new Postgres(
      "postgres",
      {
        namespace,
        image: image("postgres"),
        storage,
        data: postgres.storage,
        resources: postgresResources(postgres),
        // The same in every profile: what a service knew stays, and stays in the backups, while the service is off.
        databases: ["metastore", "airflow", "jupyterhub"],
        ...(store && postgres.backup.enabled
          ? {
              backup: {
                objectStore: store.access("postgres-backup"),
                bucket: buckets.backups,
                toolsImage: image("tools"),
                schedule: postgres.backup.schedule,
                keep: postgres.backup.keep,
                // Tables would lose the commits made since, which nobody means who restores Airflow.
                restoreOnlyByName: ["metastore"],
                resources: postgresBackupResources(),
              },
            }
          : {}),
      },
      onCluster,
    )
  : undefined;

const catalogService =
  store && databases && catalog.enabled
    ? new Catalog(
        "catalog",
        {
          namespace,
          objectName: "metastore",
          image: image("metastore"),
          database: databases.database("metastore"),
          objectStore: store.access("metastore"),
          warehouse: `s3a://${buckets.lake}/warehouse`,
          storage,
          data: catalog.storage,
          resources: catalogResources(catalog),
        },
        onCluster,
      )
    : undefined;

const rows = rowStore({ services: config.services, namespace, image, storage }, onCluster);

// What fills the tables, and what asks them.
const sparkService =
  store && catalogService && spark.enabled
    ? new Spark(
        "spark",
        {
          namespace,
          image: image("spark"),
          objectStore: store.access("spark"),
          catalog: catalogService.endpoint,
          executors: { memory: spark.executorMemory, cores: spark.executorCores },
        },
        onCluster,
      )
    : undefined;

const prestoService =
  store && catalogService && presto.enabled
    ? new Presto(
        "presto",
        {
          namespace,
          image: image("presto"),
          exposure,
          workers: presto.workers,
          catalogs: {
            lake: icebergCatalog({ catalog: catalogService.endpoint, objectStore: store.access("presto") }),
            ...(rows && { cassandra: cassandraCatalog({ cassandra: rows.access("presto") }) }),
          },
          resources: prestoResources(presto),
        },
        onCluster,
      )
    : undefined;

// What people work with.
const people = studio(
  {
    services: config.services,
    namespace,
    image,
    storage,
    exposure,
    contents,
    store,
    databases,
    kafka: kafkaEndpoint,
    spark: sparkService,
    presto: prestoService?.endpoint,
    published: {
      kafka: kafkaService?.address,
      presto: prestoService?.address,
      s3: storeService?.address,
    },
  },
  onCluster,
);

// The first data path: the node's own figures, from Kafka into Iceberg.
const producer = telemetryTopic
  ? new TelemetryProducer(
      "telemetry",
      {
        namespace,
        image: image("tools"),
        topic: telemetryTopic,
        intervalSeconds: telemetry.intervalSeconds,
        resources: producerResources(),
      },
      onCluster,
    )
  : undefined;

const stream =
  sparkService && telemetryTopic
    ? new SparkApplication(
        "telemetry",
        {
          spark: sparkService,
          mode: "stream",
          main: {
            file: "telemetry-stream.py",
            content: workload("telemetry-stream.py"),
          },
          modules: sharedModules(),
          env: {
            KAFKA_BOOTSTRAP: telemetryTopic.kafka.bootstrapServers,
            KAFKA_SECURITY_PROTOCOL: telemetryTopic.kafka.securityProtocol,
            TOPIC: telemetryTopic.topic,
            ON_MISSING_RECORDS: spark.onMissingRecords,
            CHECKPOINT: `s3a://${buckets.checkpoints}/telemetry`,
            TRIGGER_SECONDS: String(telemetry.stream.triggerSeconds),
            DEAD_LETTER_TRIGGER_SECONDS: String(telemetry.stream.deadLetterTriggerSeconds),
          },
          driverMemory: spark.driverMemory,
          executors: spark.executors,
          readyFile: "/tmp/stream-ready",
          // Its first requests go to the topic, the buckets and the catalog, and a failed one ends the driver.
          waitFor: [telemetryTopic.ready, sparkService.objectStore.ready, sparkService.catalog.ready],
          exposure,
        },
        onCluster,
      )
    : undefined;

// From a number's making to a moving chart.
const live = pipeline(
  {
    services: config.services,
    namespace,
    image,
    storage,
    exposure,
    contents,
    store,
    topics,
    spark: sparkService,
    presto: prestoService?.endpoint,
    cassandra: rows,
  },
  onCluster,
);

// The end of every deploy: data went all the way, or the deploy has failed.
const proofRun =
  config.proof.enabled && telemetryTopic && store && catalogService && prestoService && stream
    ? new Proof(
        "proof",
        {
          namespace,
          image: image("tools"),
          topic: telemetryTopic,
          objectStore: store.access("proof"),
          catalog: catalogService.endpoint,
          presto: prestoService.endpoint,
          ...(producer && { telemetry: { intervalSeconds: telemetry.intervalSeconds } }),
          ...(databases?.backups && { backup: databases.backups }),
          ...people.proven,
          ...live.proven,
          skipped: skippedHops(config),
          revision: revision.current(),
          waitFor: [
            stream.ready,
            ...(producer === undefined ? [] : [producer.ready]),
            ...people.proven.waitFor,
            ...live.proven.waitFor,
          ],
          records: config.proof.records,
          ...(config.proof.timeoutSeconds !== undefined && { timeoutSeconds: config.proof.timeoutSeconds }),
          resources: proofResources(),
        },
        onCluster,
      )
    : undefined;

const published = [
  ...live.addresses,
  prestoService?.address,
  ...people.addresses,
  stream?.address,
  storeService?.address,
  storeService?.consoleAddress,
  kafkaService?.address,
].filter((address) => address !== undefined);

/** Name of the namespace that holds everything. */
export { namespace };

/** What people open from outside the cluster: title and URL. */
export const addresses = pulumi
  .all(published.map(({ title, url }) => url.apply((known) => ({ title, url: known }))))
  .apply((all) => all.filter(({ url }) => url !== undefined));

/** Whom people log in as; `npm run password` prints the password. */
export const logins = people.logins;

/** Name of the Job that proved the last deploy, and of the CronJob that holds its template for a proof on demand. */
export const proof = proofRun && { job: proofRun.jobName, onDemand: proofRun.onDemandName };
