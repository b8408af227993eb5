/** PostgreSQL: one server with a database and an owner of its own for each consumer, and backups of all of them. */
import type * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { SecretKeyRef } from "../../platform/endpoints.ts";
import type { BackupPlace, PostgresEndpoint } from "./endpoint.ts";
import { PASSWORD_KEY, rolePassword, secretFolders } from "../../platform/generated-secret.ts";
import { serverWaitMs } from "../../platform/hops/limits.ts";
import { labels, roleSecretName, selector, serviceHost } from "../../platform/names.ts";
import { podsAt } from "../../platform/network.ts";
import { programText } from "../../platform/program.ts";
import {
  backupPlace,
  backupProblems,
  createBackup,
  createRestore,
  type DatabaseClient,
  type PostgresBackup,
} from "./postgres-backup.ts";
import { pgHba, postgresConf, SETTINGS_PATH } from "./postgres-settings.ts";
import { type DataSettings, type Storage, dataProblems } from "../../platform/storage.ts";
import {
  execProbe,
  configMap,
  type EnvVar,
  job,
  type Probe,
  type Resources,
  secretEnv,
  service,
  statefulSet,
  tcpProbe,
} from "../../platform/workload.ts";

const ROLE = "server";
const PORT = 5432;
const SUPERUSER = "postgres";
/** Role that sees the server's statistics and no data. */
const MONITOR = "metrics";
/** User and group of the server in the upstream image. */
const UID = 999;
const DATA_VOLUME = "data";
const DATA_PATH = "/var/lib/postgresql/data";
/** A folder below the mount: it can have the mode that the server demands. */
const PGDATA = `${DATA_PATH}/pgdata`;
const DEFAULT_DATA: DataSettings = { kind: "persistent", size: "2Gi" };
const SCRIPTS_PATH = "/opt/scripts";
const PASSWORDS_PATH = "/run/passwords";
const SUPERUSER_PATH = "/run/superuser";
const scriptFiles = ["setup.sh", "wait.sh", "dump.sh", "restore.sh"] as const;
/** Time to write everything back when it is told to stop, in seconds. */
const STOP_SECONDS = 60;
/** Room in PostgreSQL's 63 letters for what a restore adds to a database's name. */
const MAX_NAME_LENGTH = 48;

export interface PostgresArgs<Database extends string> {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of `postgres:15`. */
  readonly image: pulumi.Input<string>;
  readonly storage: Storage;
  /** How data is kept. @default - on a claim of 2Gi */
  readonly data?: DataSettings;
  readonly resources: Resources;
  /** A database for each consumer; its owner has the same name and may use no other. None is ever dropped. */
  readonly databases: readonly Database[];
  /** Roles beside its owner that may connect to a database; the owner says what they may read. @default - none */
  readonly readers?: Readonly<Record<string, readonly string[]>>;
  /** @default - no backups */
  readonly backup?: PostgresBackup;
}

/** What is wrong with the arguments; empty when nothing is. */
export function postgresProblems(args: {
  readonly databases: readonly string[];
  readonly data?: DataSettings;
  readonly readers?: Readonly<Record<string, readonly string[]>>;
  readonly backup?: Pick<PostgresBackup, "schedule" | "keep">;
}): string[] {
  const problems = dataProblems("postgres", args.data ?? DEFAULT_DATA);
  if (args.databases.length === 0) {
    problems.push("postgres: no database is given, so nobody can use it; give at least one");
  }
  for (const [index, name] of args.databases.entries()) {
    if (!/^[a-z][a-z0-9_]*[a-z0-9]$/.test(name) || name.length > MAX_NAME_LENGTH || name.startsWith("pg_")) {
      problems.push(
        `postgres: "${name}" can't be a database and its owner; use 2 to ${MAX_NAME_LENGTH} lower-case letters, digits ` +
          "and _, starting with a letter, ending with a letter or digit, and not starting with pg_",
      );
    } else if ([SUPERUSER, MONITOR, "template0", "template1", "public", "none"].includes(name)) {
      problems.push(`postgres: "${name}" is a name of the server's own; give the database another one`);
    } else if (args.databases.indexOf(name) !== index) {
      problems.push(`postgres: database "${name}" is given twice; give each consumer a database of its own`);
    }
  }
  for (const [database, roles] of Object.entries(args.readers ?? {})) {
    if (!args.databases.includes(database)) {
      problems.push(
        `postgres: readers of "${database}", which is no database; the databases are ${args.databases.join(", ")}`,
      );
    }
    for (const role of roles.filter((one) => one === MONITOR || one === SUPERUSER || args.databases.includes(one))) {
      problems.push(
        `postgres: "${role}" can't be a reader of "${database}", since it is another role; give it another name`,
      );
    }
  }
  if (args.backup !== undefined) problems.push(...backupProblems(args.backup));
  return problems;
}

/**
 * One PostgreSQL server with its data on a claim. What it has acknowledged is on disk, so a killed pod loses none of it.
 * Everyone needs a password, except the superuser within the server's own pod.
 */
export class Postgres<Database extends string> extends Component {
  /** Where backups are and what makes them; `undefined` without backups. */
  readonly backups: BackupPlace | undefined;
  /** The server's statistics, and no data. */
  readonly monitor: PostgresEndpoint;
  readonly #endpoints: Readonly<Partial<Record<string, PostgresEndpoint>>>;
  readonly #readers: Readonly<Partial<Record<string, PostgresEndpoint>>>;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: PostgresArgs<Database>, opts?: ComponentOptions) {
    const { data = DEFAULT_DATA, databases, readers = {}, backup } = args;
    const kept = backup && { schedule: backup.schedule, keep: backup.keep };
    super("Postgres", name, { databases, data, ...(kept && { backup: kept }) }, opts);
    const problems = postgresProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const headless = `${name}-nodes`;
    const settingsName = `${name}-settings`;
    const scriptsName = `${name}-scripts`;
    const setupName = `${name}-setup`;
    this.backups = backup && backupPlace(`${name}-backup`, backup);
    const meta = { namespace: args.namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const role = { service: name, component: ROLE };
    const at = podsAt(role, [PORT], "PostgreSQL");
    const host = pulumi.output(args.namespace).apply((namespace) => serviceHost(name, namespace));
    const conf = postgresConf({ memoryLimit: args.resources.limits.memory, data });
    const scripts = Object.fromEntries(scriptFiles.map((file) => [file, programText(import.meta.dirname, file)]));
    const scriptTexts = JSON.stringify(scripts);

    const password = (role: string) => rolePassword(name, role, args.namespace, childOptions);
    const superuser = password(SUPERUSER);
    const monitor = password(MONITOR);
    const visits = Object.entries(readers).flatMap(([database, roles]) => roles.map((role) => ({ database, role })));
    const visitors = [...new Set(visits.map(({ role }) => role))].map((role) => ({ role, ...password(role) }));
    const owners = databases.map((database) => ({ database, ...password(database) }));
    configMap(settingsName, { ...meta, data: { "postgresql.conf": conf, "pg_hba.conf": pgHba } }, childOptions);
    configMap(scriptsName, { ...meta, data: scripts }, childOptions);
    service(name, { ...meta, ports: { postgres: PORT } }, childOptions);
    service(headless, { ...meta, ports: { postgres: PORT }, headless: true }, childOptions);
    const server = createServer();
    const setup = createSetup();
    if (backup !== undefined) {
      createBackup(
        backup,
        databaseClient(),
        { name: `${name}-backup`, namespace: args.namespace, databases },
        childOptions,
      );
      createRestore(backup, databaseClient(), { name: `${name}-restore`, namespace: args.namespace }, childOptions);
    }

    const endpoint = (user: string, database: string, ref: SecretKeyRef): PostgresEndpoint => ({
      kind: "postgres",
      host,
      port: pulumi.output(PORT),
      database,
      at,
      user,
      password: ref,
      ready: [setup],
    });
    const endpoints = owners.map(({ database, ref }) => [database, endpoint(database, database, ref)] as const);
    this.#readers = Object.fromEntries(
      visits.flatMap(({ database, role }) =>
        visitors
          .filter((one) => one.role === role)
          .map(({ ref }) => [`${role} ${database}`, endpoint(role, database, ref)] as const),
      ),
    );
    this.monitor = endpoint(MONITOR, SUPERUSER, monitor.ref);
    this.#endpoints = Object.fromEntries(endpoints);
    this.registerOutputs({ host, port: PORT });

    function createServer(): k8s.apps.v1.StatefulSet {
      return statefulSet(
        {
          name,
          namespace: args.namespace,
          replicas: 1,
          headlessService: headless,
          data: args.storage.volume(DATA_VOLUME, data),
          pod: {
            ...role,
            image: args.image,
            args: ["-c", `config_file=${SETTINGS_PATH}/postgresql.conf`],
            env: [
              { name: "PGDATA", value: PGDATA },
              { name: "POSTGRES_USER", value: SUPERUSER },
              { name: "POSTGRES_PASSWORD_FILE", value: `${SUPERUSER_PATH}/${PASSWORD_KEY}` },
              { name: "POSTGRES_INITDB_ARGS", value: "--data-checksums --encoding=UTF8 --locale=C.UTF-8" },
            ],
            ports: { postgres: PORT },
            resources: args.resources,
            probes: {
              startup: answersProbe({ periodSeconds: 1 }),
              // A process in the container costs a hundred times what a connection does, so only liveness looks closely.
              readiness: tcpProbe(PORT, { periodSeconds: 5 }),
              liveness: answersProbe({ periodSeconds: 30, failureThreshold: 4 }),
            },
            uid: UID,
            config: pulumi.interpolate`${conf}${pgHba}${superuser.fingerprint}`,
            volumes: [
              { name: "settings", configMap: { name: settingsName } },
              { name: "superuser", secret: { secretName: superuser.ref.secretName } },
            ],
            mounts: [
              { name: DATA_VOLUME, mountPath: DATA_PATH },
              { name: "settings", mountPath: SETTINGS_PATH, readOnly: true },
              { name: "superuser", mountPath: SUPERUSER_PATH, readOnly: true },
            ],
            scratch: ["/tmp", "/var/run/postgresql"],
            terminationGracePeriodSeconds: STOP_SECONDS,
          },
        },
        childOptions,
      );
    }

    /** A Job, not a script of the image's first start: it also gives a live server the databases that come later. */
    function createSetup(): k8s.batch.v1.Job {
      const client = databaseClient();
      const secrets = [...databases, ...visitors.map(({ role }) => role), MONITOR].map(
        (role) => [role, roleSecretName(name, role)] as const,
      );
      const { volumes, mounts } = secretFolders("password", PASSWORDS_PATH, secrets);
      return job(
        {
          name: setupName,
          namespace: args.namespace,
          retries: 3,
          pod: {
            service: setupName,
            component: "setup",
            reaches: [at],
            image: client.image,
            command: client.command("setup.sh"),
            env: [
              ...client.env,
              { name: "DATABASES", value: databases.join(" ") },
              { name: "READERS", value: visits.map(({ role, database }) => `${role}:${database}`).join(" ") },
              { name: "MONITOR", value: MONITOR },
              { name: "PASSWORDS_DIR", value: PASSWORDS_PATH },
              { name: "TIMEOUT_SECONDS", value: String(serverWaitMs / 1000) },
            ],
            resources: args.resources,
            uid: client.uid,
            config: pulumi
              .all([superuser, monitor, ...visitors, ...owners].map(({ fingerprint }) => fingerprint))
              .apply((fingerprints) => [client.config, ...fingerprints].join("\n")),
            volumes: [...client.volumes, ...volumes],
            mounts: [...client.mounts, ...mounts],
            scratch: ["/tmp"],
          },
        },
        { ...childOptions, dependsOn: [server] },
      );
    }

    function databaseClient(): DatabaseClient {
      return {
        at,
        image: args.image,
        uid: UID,
        env: [
          { name: "PGHOST", value: host },
          { name: "PGPORT", value: String(PORT) },
          { name: "PGUSER", value: SUPERUSER },
          secretEnv("PGPASSWORD", superuser.ref.secretName, PASSWORD_KEY),
        ] satisfies EnvVar[],
        command: (script) => ["bash", `${SCRIPTS_PATH}/${script}`],
        volumes: [{ name: "scripts", configMap: { name: scriptsName } }],
        mounts: [{ name: "scripts", mountPath: SCRIPTS_PATH, readOnly: true }],
        config: scriptTexts,
      };
    }
  }

  /**
   * One database as its consumer sees it, with the consumer's own role.
   * @throws ResourceError when the database is not declared.
   */
  database(name: Database): PostgresEndpoint {
    const endpoint = this.#endpoints[name];
    if (endpoint === undefined) {
      const declared = Object.keys(this.#endpoints).join(", ");
      throw new pulumi.ResourceError(
        `postgres: database "${name}" is not declared (declared: ${declared}); add it to "databases"`,
        this,
        true,
      );
    }
    return endpoint;
  }

  /**
   * One database as somebody beside its owner sees it.
   * @returns `undefined` where that role may not connect to it
   */
  reader(name: Database, role: string): PostgresEndpoint | undefined {
    return this.#readers[`${role} ${name}`];
  }
}

/** Over the network, so that the image's first start, which answers within the pod only, does not count. */
function answersProbe(timing: Probe): Probe {
  const command = ["pg_isready", "--quiet", "--host=127.0.0.1", `--username=${SUPERUSER}`];
  return execProbe(command, timing);
}
