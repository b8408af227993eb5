/** NiFi's own settings. */

/** Port of the page and of the REST API, by HTTPS. */
export const NIFI_PORT = 8443;
/** Port for posts. */
export const POSTS_PORT = 8090;
/** Folder of all that is kept. */
export const DATA_PATH = "/data";
/** Folder of the passwords, a file for each account. */
export const ACCOUNTS_PATH = "/run/millrace-accounts";
/** Folder of the certificate and its key. */
export const CERTIFICATE_PATH = "/run/millrace-certificate";
/** Folder of `nifi.properties`. */
export const SETTINGS_PATH = "/etc/millrace-nifi";
/** File of the key that encrypts secrets in flows: it lies where they do. */
export const SENSITIVE_KEY_FILE = `${DATA_PATH}/sensitive.key`;

export interface NifiSettings {
  /** Hosts, with ports, that requests may be for: `nifi.millrace:8443`. */
  readonly hosts: readonly string[];
}

/** Most bytes of the provenance, which tells of each FlowFile where it has been. */
const PROVENANCE_SIZE = "128 MB";

/** `nifi.properties`, without what leads to secrets, which the start adds. Times and sizes not named here are NiFi's defaults. */
export function nifiProperties({ hosts }: NifiSettings): string {
  const { page, security, repositories, framework } = {
    page: {
      "nifi.web.https.host": "0.0.0.0",
      "nifi.web.https.port": String(NIFI_PORT),
      "nifi.web.https.application.protocols": "h2 http/1.1",
      "nifi.web.jetty.working.directory": "/tmp/jetty",
      "nifi.web.jetty.threads": "50",
      "nifi.web.proxy.host": hosts.join(","),
      "nifi.web.max.requests.per.second": "30000",
      "nifi.web.request.timeout": "60 secs",
      "nifi.ui.autorefresh.interval": "10 sec",
    },
    security: {
      "nifi.security.user.authorizer": "everyone",
      "nifi.security.user.login.identity.provider": "accounts",
      "nifi.security.allow.anonymous.authentication": "false",
      "nifi.security.user.jws.key.rotation.period": "PT1H",
      "nifi.sensitive.props.algorithm": "NIFI_PBKDF2_AES_GCM_256",
    },
    repositories: {
      "nifi.flowfile.repository.implementation": "org.apache.nifi.controller.repository.WriteAheadFlowFileRepository",
      "nifi.flowfile.repository.directory": `${DATA_PATH}/flowfiles`,
      "nifi.flowfile.repository.checkpoint.interval": "20 secs",
      // What a post is answered for has to be on the disk.
      "nifi.flowfile.repository.always.sync": "true",
      "nifi.content.repository.implementation": "org.apache.nifi.controller.repository.FileSystemRepository",
      "nifi.content.repository.directory.default": `${DATA_PATH}/content`,
      "nifi.content.claim.max.appendable.size": "50 KB",
      "nifi.content.repository.archive.enabled": "false",
      "nifi.content.repository.always.sync": "true",
      "nifi.provenance.repository.implementation": "org.apache.nifi.provenance.WriteAheadProvenanceRepository",
      "nifi.provenance.repository.directory.default": `${DATA_PATH}/provenance`,
      "nifi.provenance.repository.max.storage.time": "3 days",
      "nifi.provenance.repository.max.storage.size": PROVENANCE_SIZE,
      "nifi.provenance.repository.rollover.time": "10 mins",
      "nifi.provenance.repository.rollover.size": "16 MB",
      "nifi.provenance.repository.query.threads": "1",
      "nifi.provenance.repository.index.threads": "1",
      "nifi.provenance.repository.indexed.fields": "EventType, FlowFileUUID, Filename, ProcessorID",
      "nifi.provenance.repository.index.shard.size": "64 MB",
      "nifi.database.directory": `${DATA_PATH}/database`,
      "nifi.queue.swap.threshold": "20000",
      "nifi.swap.manager.implementation": "org.apache.nifi.controller.FileSystemSwapManager",
      "nifi.components.status.repository.implementation":
        "org.apache.nifi.controller.status.history.VolatileComponentStatusRepository",
      "nifi.components.status.repository.buffer.size": "360",
      "nifi.components.status.snapshot.frequency": "1 min",
    },
    framework: {
      "nifi.flow.configuration.file": `${DATA_PATH}/flow/flow.json.gz`,
      "nifi.flow.configuration.archive.enabled": "true",
      "nifi.flow.configuration.archive.dir": `${DATA_PATH}/flow/archive`,
      "nifi.flow.configuration.archive.max.time": "30 days",
      "nifi.flow.configuration.archive.max.storage": "50 MB",
      "nifi.flowcontroller.autoResumeState": "true",
      "nifi.flowcontroller.graceful.shutdown.period": "20 sec",
      "nifi.flowservice.writedelay.interval": "500 ms",
      "nifi.administrative.yield.duration": "10 sec",
      // A processor without work looks again so often; less would cost CPU while nothing comes.
      "nifi.bored.yield.duration": "100 millis",
      "nifi.queue.backpressure.count": "10000",
      "nifi.queue.backpressure.size": "256 MB",
      "nifi.authorizer.configuration.file": "conf/authorizers.xml",
      "nifi.login.identity.provider.configuration.file": "conf/login-identity-providers.xml",
      "nifi.state.management.configuration.file": "conf/state-management.xml",
      "nifi.state.management.provider.local": "local",
      "nifi.nar.library.directory": "lib",
      "nifi.nar.working.directory": "/tmp/nar",
      "nifi.nar.library.autoload.directory": "/tmp/extensions",
      "nifi.nar.unpack.uber.jar": "false",
      "nifi.nar.persistence.provider.properties.directory": `${DATA_PATH}/extensions`,
      "nifi.asset.manager.properties.directory": `${DATA_PATH}/assets`,
      "nifi.documentation.working.directory": "/tmp/documentation",
      "nifi.temporary.directory": "/tmp",
      "nifi.cluster.is.node": "false",
      "nifi.diagnostics.on.shutdown.enabled": "false",
      "nifi.analytics.predict.enabled": "false",
      "nifi.monitor.long.running.task.schedule": "1 min",
    },
  } satisfies Record<string, Readonly<Record<string, string>>>;
  return Object.entries({ ...page, ...security, ...repositories, ...framework })
    .map(([name, value]) => `${name}=${value}`)
    .join("\n")
    .concat("\n");
}
