/** The platform: what there is and what is wired to what. Every choice is a value of `Pulumi.<stack>.yaml`. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { publishedPorts } from "./clusters/embedded/container-spec.ts";
import { targetProfile } from "./clusters/targets.ts";
import { airflowRoom } from "./components/airflow/room.ts";
import { authProxyRoom } from "./components/auth-proxy/room.ts";
import { cassandraRoom } from "./components/cassandra/room.ts";
import { catalogRoom } from "./components/catalog/room.ts";
import { censusRoom } from "./components/census/room.ts";
import { connectRoom } from "./components/connect/room.ts";
import { displayRoom } from "./components/display/room.ts";
import { flinkRoom } from "./components/flink/room.ts";
import { jupyterhubRoom } from "./components/jupyterhub/room.ts";
import { kafkaRoom } from "./components/kafka/room.ts";
import { logsRoom } from "./components/logs/room.ts";
import { metricsRoom } from "./components/metrics/room.ts";
import { nifiRoom } from "./components/nifi/room.ts";
import { notebooksRoom } from "./components/notebooks/room.ts";
import { objectStoreRoom } from "./components/object-store/room.ts";
import { openings } from "./components/portal/openings.ts";
import { portalRoom } from "./components/portal/room.ts";
import { postgresRoom } from "./components/postgres/room.ts";
import { prestoRoom } from "./components/presto/room.ts";
import { proofEdges, proofRoom } from "./components/proof/room.ts";
import { raceCarRoom } from "./components/race-car/room.ts";
import { auditLogRoom } from "./components/audit-log/room.ts";
import { auditUpkeep } from "./components/audit-log/upkeep.ts";
import { raceWindowsRoom } from "./components/race-windows/room.ts";
import { randomNumbersRoom } from "./components/random-numbers/room.ts";
import { sparkConnectRoom } from "./components/spark-connect/room.ts";
import { sparkHistoryRoom } from "./components/spark-history/room.ts";
import { sparkRoom } from "./components/spark/room.ts";
import { telemetryRoom } from "./components/telemetry/room.ts";
import { windowsRoom } from "./components/windows/room.ts";
import { zookeeperRoom } from "./components/zookeeper/room.ts";
import { objectStoreContents } from "./config/buckets.ts";
import { namedImages, wantedImages } from "./config/images.ts";
import { configWarnings, loadConfig } from "./config/index.ts";
import { makesPolicies } from "./config/network.ts";
import { skippedHops } from "./config/proof-hops.ts";
import {
  databases as databasesOf,
  docsOfPort,
  podWords,
  rooms,
  settingsIn,
  topicsOf,
  watchedRooms,
} from "./config/rooms.ts";
import { declaredTables } from "./config/tables.ts";
import { guard } from "./guard.ts";
import { chooseImages } from "./images/choose.ts";
import { pullLogin } from "./images/pull-login.ts";
import { readyBuilds } from "./images/ready.ts";
import { imagesToBuild } from "./images/wanted.ts";
import { PlatformNamespace } from "./platform/namespace.ts";
import { NetworkPolicies } from "./platform/network-policies.ts";
import { House } from "./platform/place.ts";
import { PullSecrets } from "./platform/pull-secrets.ts";
import { AllQuarters, ownQuarters, PeopleNamespace } from "./platform/quarters.ts";
import { Revision } from "./platform/revision.ts";
import { isTools } from "./platform/service.ts";
import { Storage } from "./platform/storage.ts";

const secretKeys = JSON.parse(process.env["PULUMI_CONFIG_SECRET_KEYS"] ?? "[]") as string[];
const given = loadConfig(
  pulumi.runtime.allConfig(),
  `Pulumi.${pulumi.getStack()}.yaml`,
  secretKeys.map((key) => [key.replace(/^millrace:/, "")]),
);
for (const warning of configWarnings(given)) void pulumi.log.warn(warning);

// The ground: where it runs, what is stored where, what is published how.
const target = targetProfile(given.cluster);
const { config, stackId } = await guard(given, target);
const wanted = wantedImages(config);
await readyBuilds({
  images: imagesToBuild(wanted),
  registry: target.registry?.push,
  mirror: config.images.mirror,
  platform: target.platform,
});
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
const { pullSecret, pullLogin: hasPullLogin } = config.images;
const pullSecrets =
  pullSecret === undefined && !hasPullLogin
    ? undefined
    : new PullSecrets(
        "pull-secrets",
        {
          namespace,
          ...(pullSecret !== undefined && { existing: pullSecret }),
          ...(hasPullLogin && { login: await pullLogin(target.registry) }),
        },
        onCluster,
      );
const image = chooseImages({ registry: target.registry, platform: target.platform, wanted });
const contents = objectStoreContents(config);
const quarters = new AllQuarters((quarter) => {
  if (config.cluster.existingNamespace) return ownQuarters(namespace);
  const made = new PeopleNamespace(
    `${quarter}-namespace`,
    {
      platform: config.cluster.namespace,
      quarter,
      quota: config.cluster.quotas?.[quarter],
      ...(stackId && { stackId }),
    },
    onCluster,
  );
  pullSecrets?.give(made);
  return made;
});
const house = new House({
  namespace,
  quarters: quarters.of,
  image,
  storage: new Storage({ storageClass: target.storageClass, ...(stackId && { stackId }) }),
  exposure: target.exposure,
  bucket: contents.bucket,
  homes: contents.homes,
  of: settingsIn(config),
  opts: {
    provider,
    transformations: [...(pullSecrets ? [pullSecrets.transformation] : []), revision.transformation],
  },
});
const { place } = house;

// Where records come in, where tables lie, and who knows them.
const kafka = place(kafkaRoom, { topics: topicsOf(config) });
const store = place(objectStoreRoom(contents), {});
const databases = place(postgresRoom, { store, databases: databasesOf });
const catalog = place(catalogRoom, { store, databases });
const cassandra = place(cassandraRoom(declaredTables(config)), {});

// What fills the tables, and what asks them.
const spark = place(sparkRoom, { store, catalog });
const presto = place(prestoRoom, { store, catalog, cassandra });
const windows = place(windowsRoom, { kafka, cassandra });
const raceWindows = place(raceWindowsRoom, { kafka, cassandra });
place(zookeeperRoom, {});
place(flinkRoom, { store, catalog, kafka, cassandra, jobs: [raceWindows?.flink] });
const audits = config.services.auditLog.enabled ? auditUpkeep() : undefined;
const path = place(telemetryRoom, { kafka, spark, windows, raceWindows: raceWindows?.streams, audits });

// What people work with.
const history = place(sparkHistoryRoom, { store });
const connect = place(sparkConnectRoom, { spark, store, history });
const clients = place(notebooksRoom, { store, kafka, presto, spark: connect });
place(airflowRoom, { store, databases, clients, kafka, presto, connect, spark, history });
const hub = place(jupyterhubRoom, { store, databases, clients, presto, connect });

// From a number's making to a moving chart.
place(randomNumbersRoom, { kafka });
place(raceCarRoom, { kafka });
place(connectRoom, { kafka, store, catalog });
place(nifiRoom, { kafka, topics: topicsOf(config), store });
place(censusRoom, { store, spark, cassandra, history });
const pages = place(displayRoom, { kafka, presto, cassandra });

// What keeps all that was logged, wherever pods are.
const logs = place(logsRoom, { quarters: quarters.all, words: podWords });

// What keeps who did what.
place(auditLogRoom, { logs, presto, audits: house.audits });

// What watches over all of it.
const metrics = place(metricsRoom, {
  quarters: quarters.all,
  measured: house.measured,
  watches: house.watches,
  watched: watchedRooms(config),
  hasNodes: !config.cluster.existingNamespace,
});
const door = place(portalRoom, { metrics, logs });

// What asks who people are before pages that don't.
place(authProxyRoom, { pages: house.guarded, people: hub });

quarters.close();

// What the wiring has opened stays open, and nothing else. The proof goes through it.
const { podNetworks, apiServerPorts, outside } = config.network;
const fence =
  makesPolicies(config) &&
  new NetworkPolicies(
    "network",
    {
      namespace,
      quarters: quarters.all,
      shared: config.cluster.existingNamespace,
      network: {
        ...target.network,
        world: outside,
        hasIngress: target.exposure.kind === "ingress",
        ...(podNetworks && { podNetworks }),
        ...(apiServerPorts && { apiServerPorts }),
      },
      edges: [...house.edges, ...(config.proof.enabled && store ? proofEdges({ store, proves: house.proves }) : [])],
    },
    onCluster,
  );

// The end of every deploy: data went all the way, or the deploy has failed.
const proofRun = place(proofRoom, {
  store,
  catalog,
  presto,
  path,
  proves: house.proves,
  waitFor: [...house.waitFor, ...(fence ? fence.ready : [])],
  skipped: skippedHops(config),
  closed: fence ? databases?.database("metastore") : undefined,
  revision: pulumi.output(revision.current()),
});

const left = house.unplaced(rooms.filter((room) => !isTools(room)));
if (left.length > 0) throw new pulumi.RunError(`no place in index.ts: ${left.join(", ")}`);

/** Name of the namespace that holds everything. */
export { namespace };

/** What people open from outside the cluster: title and URL. */
export const addresses = pulumi
  .all(
    house
      .addresses(publishedPorts)
      .map(({ title, url, guarded }) => url.apply((known) => ({ title, url: known, ...(guarded && { login: true }) }))),
  )
  .apply((all) => all.filter(({ url }) => url !== undefined));

/** Who connects to whom: the wiring, as the policies have it. */
export const edges = house.edges.filter(({ to }) => to.kind !== "world" || outside.length > 0);
pages?.showNetwork(edges, {
  policies: makesPolicies(config),
  apiServerPorts: apiServerPorts ?? target.network.apiServerPorts,
});

door?.show(openings(house.openings(publishedPorts), house.logins, docsOfPort));

/** All images that run, which a policy holds the pods to: those of the stack's registry, and those that its config names. */
export const images = pulumi.all([...imagesToBuild(wanted).map(image), ...namedImages(config)]);

/** Whom people log in as; `npm run password` prints the password. */
export const logins = house.logins;

/** Name of the Job that proved the last deploy, and of the CronJob that holds its template for a proof on demand. */
export const proof = proofRun && { job: proofRun.jobName, onDemand: proofRun.onDemandName };
