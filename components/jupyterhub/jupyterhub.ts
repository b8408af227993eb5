/** JupyterHub: the hub, the proxy before it, the accounts, and a server per user that the hub starts as a pod. */
import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { libpqParameters } from "../postgres/postgres-client.ts";
import * as random from "@pulumi/random";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { ClientEndpoints } from "../notebooks/client-endpoints.ts";
import type { JupyterHubEndpoint } from "./endpoint.ts";
import type { PostgresEndpoint } from "../postgres/endpoint.ts";
import type { People, PublishedAddress, Ready, SecretKeyRef } from "../../platform/endpoints.ts";
import { type Exposure, publicUrl, publish } from "../../platform/exposure.ts";
import { accountPasswords } from "../../platform/generated-secret.ts";
import {
  type Home,
  JUPYTER_UID,
  NOTEBOOK,
  peopleText,
  SERVER_PORT,
  serverPodText,
  serverSecretName,
  TOKEN_FIELD,
} from "./jupyterhub-server.ts";
import { escapedUser, isUserName, labels, ROBOT, selector, serviceHost } from "../../platform/names.ts";
import { type Destination, edgesOf, outsideUrl, podsAt } from "../../platform/network.ts";
import { programText } from "../../platform/program.ts";
import { ownQuarters, type Quarters } from "../../platform/quarters.ts";
import type { Scheduling } from "../../platform/scheduling.ts";
import {
  configMap,
  deployment,
  type EnvVar,
  httpProbe,
  type PodArgs,
  type Resources,
  secretEnv,
  service,
} from "../../platform/workload.ts";

export type { Home } from "./jupyterhub-server.ts";

const HUB = "hub";
/** Key of the published port. */
const PUBLISHED = "jupyterhub";
const PROXY = "proxy";
const HTTP_PORT = 8000;
const API_PORT = 8001;
const HUB_PORT = 8081;
/** Key of the token that sees the hub's figures. */
const FIGURES_KEY = "metrics";
const HUB_PATH = "/opt/millrace/hub";
const PASSWORDS_PATH = "/run/secrets/millrace/users";

/** Files of `programs/`. */
const hubFiles = ["jupyterhub_config.py", "accounts.py", "authenticators.py", "user_pods.py", "page.html"] as const;
const serverFiles = ["busy.py", "jupyter_server_config.py", "kernels.py", "s3_contents.py", "s3_files.py"] as const;

/** A provider of accounts that speaks OpenID Connect. */
export interface OidcArgs {
  /** Address under which `.well-known/openid-configuration` lies. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: SecretKeyRef;
  /** Claim that holds a user's name. @default "preferred_username" */
  readonly usernameClaim?: string;
}

export interface JupyterHubArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with JupyterHub, KubeSpawner, `configurable-http-proxy` and JupyterLab; users' servers run it too. */
  readonly image: pulumi.Input<string>;
  readonly exposure: Exposure;
  /** Where the hub keeps accounts and running servers. */
  readonly database: PostgresEndpoint;
  /** Who may log in, beside the robot `proof`, in small letters: the hub takes those of either case. */
  readonly users: readonly string[];
  /** Users who may see and stop the servers of others. @default - nobody */
  readonly admins?: readonly string[];
  /** Where files are, by user; one for the robot too. */
  readonly homes: Readonly<Record<string, Home>>;
  /** What `import millrace` is told in notebooks. */
  readonly clients: ClientEndpoints;
  /** What Spark Connect asks for. @default - it asks for nothing */
  readonly sparkToken?: SecretKeyRef;
  /** Time without work after which a kernel and then its server are stopped, in minutes. */
  readonly idleMinutes: number;
  /** Namespace of users' servers. @default - the hub's own */
  readonly servers?: Quarters;
  /** Where users' servers run. @default - anywhere */
  readonly scheduling?: Scheduling | undefined;
  readonly resources: {
    readonly hub: Resources;
    readonly proxy: Resources;
    /** One user's server with all its kernels. */
    readonly server: Resources;
  };
  /** Accounts of a provider instead of the hub's own passwords. @default - passwords in the hub's database */
  readonly oidc?: OidcArgs;
  /** What must be there before the hub starts, beside its database. @default - nothing */
  readonly waitFor?: Ready;
}

/** What is wrong with the arguments; empty when nothing is. */
export function jupyterhubProblems(
  args: Pick<JupyterHubArgs, "users" | "admins" | "idleMinutes"> & {
    readonly homes: Readonly<Record<string, unknown>>;
    readonly oidc?: Pick<OidcArgs, "issuer">;
  },
): string[] {
  const { users, admins = [], homes, idleMinutes, oidc } = args;
  const problems: string[] = [];
  if (users.length === 0) problems.push("jupyterhub: users is empty, so nobody could log in; name at least one");
  for (const [index, user] of users.entries()) {
    if (user === ROBOT) problems.push(`jupyterhub: user "${ROBOT}" is the proof's own account; give another name`);
    if (users.indexOf(user) !== index) problems.push(`jupyterhub: user "${user}" is listed twice; list each user once`);
    if (!isUserName(user) || user !== user.toLowerCase()) {
      problems.push(
        `jupyterhub: "${user}" is not a user name; use 2 to 50 small letters, digits and . _ + @ - (which count three), ` +
          "with a letter or digit at both ends",
      );
    }
  }
  for (const user of [...new Set(users), ROBOT].filter((name) => homes[name] === undefined)) {
    problems.push(`jupyterhub: user "${user}" has no home; add it to homes`);
  }
  for (const admin of admins.filter((name) => !users.includes(name))) {
    problems.push(`jupyterhub: admin "${admin}" is not one of the users (${users.join(", ")}); add it to users`);
  }
  if (!Number.isInteger(idleMinutes) || idleMinutes < 1) {
    problems.push(`jupyterhub: idleMinutes is ${idleMinutes}; give a whole number from 1`);
  }
  if (oidc !== undefined && !/^https?:\/\/[^\s/]+/.test(oidc.issuer)) {
    problems.push(
      `jupyterhub: oidc.issuer is "${oidc.issuer}"; give an address such as https://login.example.com/realms/data`,
    );
  }
  return problems;
}

/**
 * A hub and its proxy. A restart of the hub leaves users connected to their servers. Several fit into one stack, each in a
 * namespace of its own: a user's server is the pod `jupyter-<user>`, whichever hub has started it.
 */
export class JupyterHub extends Component {
  readonly endpoint: JupyterHubEndpoint;
  /** Where people log in. */
  readonly address: PublishedAddress;
  /** Who logs in with which password; `undefined` where a provider knows them. */
  readonly people: People | undefined;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: JupyterHubArgs, opts?: ComponentOptions) {
    const { users, admins = [], idleMinutes, oidc } = args;
    super("JupyterHub", name, { users, admins, idleMinutes, oidc: oidc?.issuer }, opts);
    const problems = jupyterhubProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const hubName = `${name}-${HUB}`;
    const proxyName = `${name}-${PROXY}`;
    const usersName = `${name}-users`;
    const keysName = `${name}-keys`;
    const namespace = pulumi.output(args.namespace);
    const servers = args.servers ?? ownQuarters(namespace);
    const notebook = { service: name, component: NOTEBOOK, ...(servers.in && { in: servers.in }) };
    const accounts = [...users, ROBOT];
    const hubMeta = { namespace, labels: labels(name, HUB), selector: selector(name, HUB) };
    const proxyMeta = { namespace, labels: labels(name, PROXY), selector: selector(name, PROXY) };
    const hubUrl = namespace.apply((ns) => `http://${serviceHost(hubName, ns)}:${HUB_PORT}`);
    const url = namespace.apply((ns) => `http://${serviceHost(name, ns)}:${HTTP_PORT}`);

    const hubAt = podsAt({ service: name, component: HUB }, [HUB_PORT], "the hub's API");
    const at = podsAt({ service: name, component: PROXY }, [HTTP_PORT], "pages");
    const routesAt = podsAt({ service: name, component: PROXY }, [API_PORT], "routes to users' servers");
    const serversAt = podsAt(notebook, [SERVER_PORT], "users' servers");
    const publicAddress = publicUrl(args.exposure, PUBLISHED);

    const passwords = createPasswords();
    const keys = createKeys();
    const serverSecrets = accounts.map((user) => createServerSecret(user));
    const account = createAccount();
    const serverSettings = configMap(
      `${name}-server`,
      { namespace: servers.namespace, labels: hubMeta.labels, data: programFiles(serverFiles) },
      childOptions,
    );
    servers.holds(args.resources.server, accounts.length);
    const settings = createSettings();
    service(hubName, { ...hubMeta, ports: { http: HUB_PORT } }, childOptions);
    service(name, { ...proxyMeta, ports: { http: HTTP_PORT, api: API_PORT } }, childOptions);
    const proxy = deployment(
      { name: proxyName, namespace, replicas: 1, strategy: "Recreate", pod: proxyPod() },
      childOptions,
    );
    const hub = deployment(
      { name: hubName, namespace, replicas: 1, strategy: "Recreate", pod: hubPod() },
      { ...childOptions, dependsOn: [...args.database.ready, ...(args.waitFor ?? [])] },
    );
    this.edges.push(...edgesOf({ ...notebook, reaches: [hubAt, ...homesAt(), ...args.clients.reaches] }));
    this.address = publish(
      args.exposure,
      { ...proxyMeta, service: name, nodePort: PUBLISHED, port: HTTP_PORT, title: "JupyterHub", scheme: "http" },
      childOptions,
    );
    this.endpoint = {
      kind: "jupyterhub",
      url,
      at,
      robot: ROBOT,
      robotPassword: { secretName: passwords.secretName, key: ROBOT },
      ready: [hub, proxy],
      hubUrl,
      hubAt,
      figuresToken: { secretName: keys.metadata.name, key: FIGURES_KEY },
    };
    this.people = oidc === undefined ? { users, ...passwords } : undefined;
    this.registerOutputs({ url, address: this.address.url });

    function homesAt(): Destination[] {
      return Object.values(args.homes).map(({ objectStore }) => objectStore.at);
    }

    /** First passwords of people, and the robot's. */
    function createPasswords(): Omit<People, "users"> {
      const named = Object.fromEntries(accounts.map(escapedUser).map((user) => [user, `${name}-${user}`]));
      return accountPasswords(usersName, { namespace, labels: hubMeta.labels, accounts: named }, childOptions);
    }

    function createKeys(): k8s.core.v1.Secret {
      const key = (what: string): pulumi.Output<string> =>
        pulumi.secret(new random.RandomBytes(`${name}-${what}`, { length: 32 }, childOptions).hex);
      return new k8s.core.v1.Secret(
        keysName,
        {
          metadata: { name: keysName, namespace, labels: hubMeta.labels },
          stringData: {
            cookie: key("cookie"),
            proxy: key("proxy"),
            crypt: key("crypt"),
            [FIGURES_KEY]: key(FIGURES_KEY),
          },
        },
        childOptions,
      );
    }

    /** Where the hub puts the token of a user's server, so that the pod takes it from a Secret. */
    function createServerSecret(user: string): k8s.core.v1.Secret {
      const secretName = serverSecretName(name, user);
      return new k8s.core.v1.Secret(
        secretName,
        {
          metadata: { name: secretName, namespace: servers.namespace, labels: hubMeta.labels },
          stringData: { [TOKEN_FIELD]: "" },
        },
        // Each start of the server brings another token.
        { ...childOptions, ignoreChanges: ["data", "stringData"] },
      );
    }

    function createAccount(): k8s.rbac.v1.RoleBinding {
      const own = { name: hubName, namespace, labels: hubMeta.labels };
      const metadata = { ...own, namespace: servers.namespace };
      const owner = new k8s.core.v1.ServiceAccount(
        hubName,
        { metadata: own, automountServiceAccountToken: false },
        childOptions,
      );
      const role = new k8s.rbac.v1.Role(
        hubName,
        {
          metadata,
          rules: [
            { apiGroups: [""], resources: ["pods"], verbs: ["get", "list", "watch", "create", "delete"] },
            { apiGroups: [""], resources: ["events"], verbs: ["get", "list", "watch"] },
            {
              apiGroups: [""],
              resources: ["secrets"],
              resourceNames: serverSecrets.map((secret) => secret.metadata.name),
              verbs: ["patch"],
            },
          ],
        },
        childOptions,
      );
      return new k8s.rbac.v1.RoleBinding(
        hubName,
        {
          metadata,
          roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "Role", name: role.metadata.name },
          subjects: [{ kind: "ServiceAccount", name: owner.metadata.name, namespace }],
        },
        childOptions,
      );
    }

    function createSettings(): { name: pulumi.Output<string>; text: pulumi.Output<string> } {
      const { database } = args;
      const settingsText = pulumi
        .all([namespace, servers.namespace, hubUrl, database.host, database.port])
        .apply(([ns, serversNamespace, hubAddress, host, port]) =>
          JSON.stringify(
            {
              serversNamespace,
              hubUrl: hubAddress,
              proxyApiUrl: `http://${serviceHost(name, ns)}:${API_PORT}`,
              database: {
                host,
                port,
                database: database.database,
                user: database.user,
                parameters: libpqParameters,
              },
              users,
              admins,
              robot: ROBOT,
              idleMinutes,
              ...(oidc === undefined
                ? {}
                : {
                    oidc: {
                      issuer: oidc.issuer,
                      clientId: oidc.clientId,
                      usernameClaim: oidc.usernameClaim ?? "preferred_username",
                    },
                  }),
            },
            undefined,
            2,
          ),
        );
      const server = {
        ...args,
        servers,
        hub: name,
        resources: args.resources.server,
        settingsName: serverSettings.metadata.name,
      };
      const data: Record<string, pulumi.Input<string>> = {
        ...programFiles(hubFiles),
        "settings.json": settingsText,
        "pod.json": serverPodText(server),
        "people.json": peopleText(server),
      };
      const config = configMap(hubName, { ...hubMeta, data }, childOptions);
      return { name: config.metadata.name, text: pulumi.output(data).apply((texts) => JSON.stringify(texts)) };
    }

    function proxyPod(): PodArgs {
      const health = (timing: object) => httpProbe(HTTP_PORT, "/_chp_healthz", timing);
      return {
        service: name,
        component: PROXY,
        reaches: [hubAt, serversAt],
        image: args.image,
        args: [
          "configurable-http-proxy",
          "--ip=0.0.0.0",
          `--port=${HTTP_PORT}`,
          "--api-ip=0.0.0.0",
          `--api-port=${API_PORT}`,
          // A restarted proxy knows no route until the hub tells it; people see the hub until then.
          pulumi.interpolate`--default-target=${hubUrl}`,
          pulumi.interpolate`--error-target=${hubUrl}/hub/error`,
          "--log-level=warn",
        ],
        env: [secretEnv("CONFIGPROXY_AUTH_TOKEN", keys.metadata.name, "proxy")],
        ports: { http: HTTP_PORT, api: API_PORT },
        resources: args.resources.proxy,
        probes: {
          startup: health({ periodSeconds: 1 }),
          readiness: health({ periodSeconds: 10 }),
          liveness: health({ periodSeconds: 20, failureThreshold: 3 }),
        },
        uid: JUPYTER_UID,
        scratch: ["/tmp"],
        terminationGracePeriodSeconds: 5,
      };
    }

    function hubPod(): PodArgs {
      const health = (timing: object) => httpProbe(HUB_PORT, "/hub/health", timing);
      return {
        service: name,
        component: HUB,
        reaches: [
          args.database.at,
          routesAt,
          serversAt,
          ...(oidc === undefined ? [] : [outsideUrl(oidc.issuer, "logins")]),
        ],
        image: args.image,
        args: [
          "jupyterhub",
          "-f",
          `${HUB_PATH}/jupyterhub_config.py`,
          // Its own proxy hides from it that people come by https.
          ...(publicAddress === undefined ? [] : [`--JupyterHub.public_url=${publicAddress}/`]),
        ],
        env: hubEnv(),
        ports: { http: HUB_PORT },
        resources: args.resources.hub,
        probes: {
          startup: health({ periodSeconds: 2 }),
          readiness: health({ periodSeconds: 10 }),
          liveness: health({ periodSeconds: 20, failureThreshold: 6 }),
        },
        // The hub starts only when its account has its rights.
        serviceAccountName: account.subjects.apply((subjects) => subjects[0]?.name ?? hubName),
        config: settings.text,
        volumes: [
          { name: "settings", configMap: { name: settings.name } },
          { name: "passwords", secret: { secretName: passwords.secretName } },
        ],
        mounts: [
          { name: "settings", mountPath: HUB_PATH, readOnly: true },
          { name: "passwords", mountPath: PASSWORDS_PATH, readOnly: true },
        ],
        uid: JUPYTER_UID,
        scratch: ["/home/jovyan", "/tmp"],
        // Nothing is lost when it is killed: the servers and the proxy go on without it.
        terminationGracePeriodSeconds: 5,
      };
    }

    function hubEnv(): EnvVar[] {
      const { password } = args.database;
      return [
        secretEnv("PGPASSWORD", password.secretName, password.key),
        secretEnv("JPY_COOKIE_SECRET", keys.metadata.name, "cookie"),
        secretEnv("CONFIGPROXY_AUTH_TOKEN", keys.metadata.name, "proxy"),
        secretEnv("JUPYTERHUB_CRYPT_KEY", keys.metadata.name, "crypt"),
        secretEnv("METRICS_TOKEN", keys.metadata.name, FIGURES_KEY),
        { name: "PASSWORDS_DIR", value: PASSWORDS_PATH },
        ...(oidc === undefined
          ? []
          : [secretEnv("OIDC_CLIENT_SECRET", oidc.clientSecret.secretName, oidc.clientSecret.key)]),
        ...(oidc === undefined || publicAddress === undefined
          ? []
          : [{ name: "OAUTH_CALLBACK_URL", value: `${publicAddress}/hub/oauth_callback` }]),
      ];
    }
  }
}

function programFiles(files: readonly string[]): Record<string, string> {
  return Object.fromEntries(files.map((file) => [file, programText(import.meta.dirname, file)]));
}
