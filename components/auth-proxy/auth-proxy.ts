/** A proxy that asks for user and password before pages that ask nobody who they are: nginx, with the accounts. */
import * as pulumi from "@pulumi/pulumi";
import { Component, type ComponentOptions } from "../../platform/component.ts";
import type { GuardedPage, People } from "../../platform/endpoints.ts";
import { accountPasswords } from "../../platform/generated-secret.ts";
import { escapedUser, isUserName, labels, ROBOT, selector, serviceHost } from "../../platform/names.ts";
import { podsAt } from "../../platform/network.ts";
import { configMap, deployment, httpProbe, type PodArgs, type Resources, service } from "../../platform/workload.ts";
import type { AuthProxyEndpoint } from "./endpoint.ts";
import { HEALTH_PATH, nginxConfig } from "./nginx.ts";

const ROLE = "server";
/** Of a port that only probes ask. */
const HEALTH_PORT = 8081;
const SETTINGS_PATH = "/etc/auth-proxy";
const PEOPLE_PATH = "/run/secrets/millrace/people";
/** Header by which Presto is told who asks. */
const SQL_USER_HEADER = "X-Presto-User";

export interface AuthProxyArgs {
  readonly namespace: pulumi.Input<string>;
  /** An image with the contract of the platform's own: nginx, which takes its settings and its accounts from files. */
  readonly image: pulumi.Input<string>;
  /** Pages that it asks for a login before. */
  readonly pages: readonly GuardedPage[];
  /** People whose passwords another service has: they log in with the same. @default - none */
  readonly people?: People;
  /** People who get passwords here. @default - none */
  readonly users?: readonly string[];
  /** Number of pods. @default 1 */
  readonly replicas?: number;
  readonly resources: Resources;
}

/** What is wrong with the arguments; empty when nothing is. */
export function authProxyProblems(
  args: Pick<AuthProxyArgs, "users" | "replicas"> & {
    readonly pages: readonly Pick<GuardedPage, "title" | "port">[];
    readonly people?: Pick<People, "users">;
  },
): string[] {
  const { pages, people, users = [], replicas = 1 } = args;
  const problems: string[] = [];
  const all = [...(people?.users ?? []), ...users];
  if (pages.length === 0) problems.push("auth-proxy: pages is empty, so there is nothing to guard; give at least one");
  for (const { title, port } of pages.filter((page, at) => pages.findIndex(({ port }) => port === page.port) !== at)) {
    problems.push(`auth-proxy: port ${port} is wanted for ${title} and for another page; give each page its own`);
  }
  for (const { title } of pages.filter((page) => !/^[^"$\\\n]+$/.test(page.title))) {
    problems.push(`auth-proxy: a page is called "${title}"; leave out quotes, dollar signs and backslashes`);
  }
  if (all.length === 0)
    problems.push("auth-proxy: people and users are empty, so nobody could log in; name at least one");
  for (const user of all.filter((name) => !isUserName(name) || name !== name.toLowerCase())) {
    problems.push(`auth-proxy: "${user}" is not a user name; use 2 to 50 small letters, digits and . _ + @ -`);
  }
  for (const user of new Set([...all, ROBOT].filter((name, at, names) => names.indexOf(name) !== at))) {
    problems.push(
      user === ROBOT
        ? `auth-proxy: user "${ROBOT}" is the proof's own account; give another name`
        : `auth-proxy: user "${user}" is named twice; name each user once`,
    );
  }
  if (!Number.isInteger(replicas) || replicas < 1) {
    problems.push(`auth-proxy: replicas is ${replicas}; give a whole number from 1`);
  }
  return problems;
}

/** nginx before pages: each has a port of its own, and published addresses lead to it instead of to the page. */
export class AuthProxy extends Component {
  readonly endpoint: AuthProxyEndpoint;

  /** @throws ResourceError when the arguments are wrong. */
  constructor(name: string, args: AuthProxyArgs, opts?: ComponentOptions) {
    const { namespace, pages, people, users = [], replicas = 1 } = args;
    const titles = pages.map(({ title }) => title);
    super("AuthProxy", name, { pages: titles, users: [...(people?.users ?? []), ...users], replicas }, opts);
    const problems = authProxyProblems(args);
    if (problems.length > 0) throw new pulumi.ResourceError(problems.join("; "), this, true);
    const childOptions = { parent: this };
    const meta = { namespace, labels: labels(name, ROLE), selector: selector(name, ROLE) };
    const ports = Object.fromEntries(pages.map(({ port }) => [`page-${port}`, port]));

    const accounts = Object.fromEntries([...users, ROBOT].map(escapedUser).map((user) => [user, `${name}-${user}`]));
    const own = accountPasswords(`${name}-users`, { namespace, labels: meta.labels, accounts }, childOptions);
    const settings = pulumi.all(pages.map(({ host }) => host)).apply((hosts) =>
      nginxConfig(
        pages.map(({ title, port, hostPort, rules }, index) => ({
          title,
          port,
          upstream: `${hosts[index] ?? ""}:${hostPort}`,
          ...rules,
        })),
        HEALTH_PORT,
      ),
    );
    configMap(name, { ...meta, data: { "nginx.conf": settings } }, childOptions);
    service(name, { ...meta, ports }, childOptions);
    const server = deployment({ name, namespace, replicas, strategy: "RollingUpdate", pod: serverPod() }, childOptions);
    const url = (port: number): pulumi.Output<string> =>
      pulumi.output(namespace).apply((known) => `http://${serviceHost(name, known)}:${port}`);
    this.endpoint = {
      kind: "auth-proxy",
      pages: pages.map(({ title, port, rules }) => ({
        title,
        url: url(port),
        asUser: rules.userHeader === SQL_USER_HEADER,
      })),
      at: podsAt({ service: name, component: ROLE }, Object.values(ports), "logins"),
      robot: ROBOT,
      robotPassword: { secretName: own.secretName, key: ROBOT },
      ready: [server],
    };
    this.registerOutputs({ pages: titles });

    function serverPod(): PodArgs {
      const health = (timing: object) => httpProbe(HEALTH_PORT, HEALTH_PATH, timing);
      return {
        service: name,
        component: ROLE,
        reaches: pages.map(({ at }) => at),
        image: args.image,
        ports: { health: HEALTH_PORT, ...ports },
        resources: args.resources,
        probes: {
          startup: health({ periodSeconds: 1 }),
          readiness: health({ periodSeconds: 10 }),
          liveness: health({ periodSeconds: 20, failureThreshold: 3 }),
        },
        config: pulumi.interpolate`${settings}${own.fingerprint}${people?.fingerprint ?? ""}`,
        volumes: [
          { name: "settings", configMap: { name } },
          {
            name: "people",
            projected: {
              sources: [
                { secret: { name: own.secretName, items: files([...users, ROBOT]) } },
                ...(people === undefined ? [] : [{ secret: { name: people.secretName, items: files(people.users) } }]),
              ],
            },
          },
        ],
        mounts: [
          { name: "settings", mountPath: SETTINGS_PATH, readOnly: true },
          { name: "people", mountPath: PEOPLE_PATH, readOnly: true },
        ],
        scratch: ["/tmp"],
        spread: true,
      };
    }
  }
}

/** A file for each user, called as they are. */
function files(users: readonly string[]): { key: string; path: string }[] {
  return users.map((user) => ({ key: escapedUser(user), path: user }));
}
