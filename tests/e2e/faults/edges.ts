/**
 * The network edge by edge: one pod per identity tries every port of every other. What the wiring opens answers, and
 * nothing else does, with the policies of both ends and with those of each end alone.
 */
import { chooseEngine } from "../../../cli/choose-engine.ts";
import { stackEdges } from "../../../cli/edges.ts";
import type { Pod } from "../../../cli/services.ts";
import { engineOptions } from "../../../cli/stack.ts";
import { makesPolicies } from "../../../config/network.ts";
import { policyName, rolePods } from "../../../platform/network-policies.ts";
import { endName, type Role } from "../../../platform/network.ts";
import {
  anybody,
  type Attempt,
  differences,
  elsewhere,
  type Facts,
  identitiesOf,
  isOpen,
  mayAskApi,
  nobody,
  type Sides,
} from "../edges/matrix.ts";
import {
  attempt,
  makePolicy,
  namespaceOf,
  OWN,
  OWN_LABEL,
  type Probe,
  removeProbes,
  startAfresh,
  startProbes,
  withPolicy,
} from "../edges/probes.ts";
import { kube, namespace, pods, stack } from "../platform.ts";
import { must, type Runner } from "../runner.ts";

const MINUTE = 60_000;
/** Time in which policies take effect for pods that have just started together, and changes of them, in ms. */
const SETTLE_MS = 45_000;
/** Programs that are started in pods at once. */
const AT_ONCE = 12;
const policiesPath = `/apis/networking.k8s.io/v1/namespaces/${namespace}/networkpolicies`;
const everything = [{}];
const SETUP = "setup";
const API_SERVICE = "kubernetes.default.svc";

/** Somebody who listens: a probe, or a server of the platform. */
interface Listener {
  readonly title: string;
  readonly identity: Probe["identity"];
  readonly ip: string;
  readonly isServer: boolean;
}

/** A way to the API server. */
interface ApiServer {
  readonly host: string;
  readonly port: number;
  /** Its own port, which policies see. */
  readonly ownPort: number;
}

interface Matrix {
  readonly facts: Facts;
  readonly probes: readonly Probe[];
  readonly listeners: readonly Listener[];
  readonly api: readonly ApiServer[];
  /** Namespaces that policies are for. */
  readonly namespaces: readonly string[];
}

export async function edges(runner: Runner): Promise<void> {
  if (!makesPolicies(stack.config)) {
    console.log("edges: not tried, because the stack makes no policies (millrace:network.policies)");
    return;
  }
  try {
    await startAfresh();
    let made: Matrix | undefined;
    await runner.step("a pod starts for each identity of the network", 2 * MINUTE, async () => {
      made = await startMatrix();
      return `${made.probes.length} pods`;
    });
    if (made === undefined) return;
    const matrix = made;
    const tried = await runner.step("every edge answers, and nothing else does", 2 * MINUTE, () =>
      judge(matrix, "both"),
    );
    await sides(runner, matrix);
    // A network that refuses nothing would call each of them too wide.
    if (tried) await mistakes(runner, matrix);
  } finally {
    await removeProbes();
  }
}

async function sides(runner: Runner, matrix: Matrix): Promise<void> {
  const all = { labels: OWN, namespaces: matrix.namespaces };
  await runner.step("nothing else enters where every exit is open", 2 * MINUTE, () =>
    withPolicy("edges-exits", all, { egress: everything }, () => judge(matrix, "entries")),
  );
  await runner.step("nothing else leaves where every entry is open", 2 * MINUTE, () =>
    withPolicy("edges-entries", all, { ingress: everything }, () => judge(matrix, "exits")),
  );
}

/** The matrix finds a policy that is missing and one that opens too much, and names them. */
async function mistakes(runner: Runner, matrix: Matrix): Promise<void> {
  const { role, probe } = await idleRole(matrix);
  const all = { labels: OWN, namespaces: matrix.namespaces };
  const wide = { labels: probe.identity.labels, namespaces: [probe.namespace] };
  await runner.step(`a policy that is missing is found: ${probe.identity.name}`, 2 * MINUTE, () =>
    withoutPolicy(policyName(role), async () => {
      const attempts = attemptsOf(matrix, probe, "both");
      // The name server stays open to every pod.
      const open = attempts.filter((one) => one.isOpen && one.port !== 0);
      // What is refused from now on is what is to come out.
      const refused = await attempt(
        probe,
        open.map((one) => ({ ...one, isOpen: false })),
        SETTLE_MS,
      );
      const found = differences(open, refused);
      must(found.length === open.length, `${found.length} of its ${open.length} edges are found to be closed`);
      return found[0];
    }),
  );
  await runner.step(`a policy that is too wide is found: ${probe.identity.name}`, 2 * MINUTE, () =>
    withPolicy("edges-too-wide", wide, { egress: everything }, () =>
      withPolicy("edges-entries", all, { ingress: everything }, async () => {
        const closed = attemptsOf(matrix, probe, "exits").filter((one) => !one.isOpen);
        const answered = await attempt(
          probe,
          closed.map((one) => ({ ...one, isOpen: true })),
          SETTLE_MS,
        );
        const found = differences(closed, answered);
        must(found.length === closed.length, `${found.length} of ${closed.length} connections are found to be open`);
        return found[0];
      }),
    ),
  );
  await runner.step("every edge answers again", 2 * MINUTE, () => judge(matrix, "both"));
}

async function startMatrix(): Promise<Matrix> {
  const outputs = await (await chooseEngine(undefined)).outputs(engineOptions(stack, false));
  const known = stackEdges(outputs);
  const { podNetworks = stack.profile.network.podNetworks } = stack.config.network;
  const facts = { edges: known, podNetworks, hasIngress: stack.profile.exposure.kind === "ingress" };
  const identities = identitiesOf(known);
  const servers = await runningServers(identities);
  await makePolicy("edges-anybody", namespace, anybody.labels, { ingress: everything, egress: everything });
  const probes = await startProbes([...identities, nobody, anybody, elsewhere(known)]);
  const listening = probes.map(({ identity, ip }) => ({ title: identity.name, identity, ip, isServer: false }));
  const namespaces = [...new Set(identities.map(namespaceOf))];
  return { facts, probes, listeners: [...listening, ...servers], api: await apiServers(), namespaces };
}

interface Running {
  readonly status?: {
    readonly phase?: string;
    readonly podIP?: string;
    readonly conditions?: readonly { type: string; status: string }[];
  };
}

/** Pods of the platform itself that are ready. */
async function runningServers(identities: readonly Probe["identity"][]): Promise<Listener[]> {
  const found = new Map<string, readonly Pod[]>();
  for (const where of new Set(identities.map(namespaceOf))) {
    found.set(where, (await kube().get<{ items: readonly Pod[] }>(`/api/v1/namespaces/${where}/pods`)).items);
  }
  return identities.flatMap((identity) =>
    (found.get(namespaceOf(identity)) ?? []).flatMap((pod) => {
      const { podIP: ip, conditions = [] } = (pod as Running).status ?? {};
      const isReady = conditions.some(({ type, status }) => type === "Ready" && status === "True");
      const own = pod.metadata.labels ?? {};
      const bears = Object.entries(identity.labels).every(([label, value]) => own[label] === value);
      if (!bears || !isReady || ip === undefined) return [];
      return [{ title: `${identity.name} (pod ${pod.metadata.name})`, identity, ip, isServer: true }];
    }),
  );
}

/** The API server itself, and the Service before it. */
async function apiServers(): Promise<ApiServer[]> {
  interface Endpoints {
    readonly subsets?: readonly { addresses?: readonly { ip: string }[]; ports?: readonly { port: number }[] }[];
  }
  const { subsets = [] } = await kube().get<Endpoints>("/api/v1/namespaces/default/endpoints/kubernetes");
  const own = subsets.flatMap(({ addresses = [], ports = [] }) =>
    addresses.flatMap(({ ip }) => ports.map(({ port }) => ({ host: ip, port, ownPort: port }))),
  );
  return own.flatMap((server, index) =>
    index === 0 ? [server, { ...server, host: API_SERVICE, port: 443 }] : [server],
  );
}

/** What a probe tries: names and the API server have one end only, and the test opens the entries of its own pods alone. */
function attemptsOf({ facts, listeners, api }: Matrix, probe: Probe, which: Sides): Attempt[] {
  const from = probe.identity;
  const toPods = listeners
    .filter(({ ip, isServer }) => ip !== probe.ip && !(which === "exits" && isServer))
    .flatMap(({ identity, title, ip }) =>
      identity.ports.map((port) => ({
        from: from.name,
        to: `${title}:${port}`,
        host: ip,
        port,
        isOpen: isOpen(from, identity, port, which, facts),
      })),
    );
  const toApi = api.map(({ host, port, ownPort }) => ({
    from: from.name,
    to: `API server at ${host}:${port}`,
    host,
    port,
    isOpen: mayAskApi(from, ownPort, facts),
  }));
  const toNames = { from: from.name, to: "name server", host: API_SERVICE, port: 0, isOpen: true };
  const beside = which !== "both" || from === anybody ? [] : [...toApi, toNames];
  return [...toPods, ...beside].flatMap((one) => (one.isOpen === undefined ? [] : [{ ...one, isOpen: one.isOpen }]));
}

/** Tries the whole matrix. @throws Error that names what has not come out as it must. */
async function judge(matrix: Matrix, which: Sides): Promise<string> {
  const queue = [...matrix.probes];
  const found: string[] = [];
  const counts = { open: 0, refused: 0 };
  const work = async (): Promise<void> => {
    for (let probe = queue.shift(); probe !== undefined; probe = queue.shift()) {
      const attempts = attemptsOf(matrix, probe, which);
      found.push(...differences(attempts, await attempt(probe, attempts, SETTLE_MS)));
      counts.open += attempts.filter((one) => one.isOpen).length;
      counts.refused += attempts.filter((one) => !one.isOpen).length;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const more = found.length > 10 ? `; and ${found.length - 10} more` : "";
  must(found.length === 0, `${found.length} differ: ${found.slice(0, 10).join("; ")}${more}`);
  return `${matrix.probes.length} pods, ${counts.open} connections open, ${counts.refused} refused`;
}

/** A setup that is done, with edges of its own: nobody misses its policy. */
async function idleRole({ facts, probes }: Matrix): Promise<{ role: Role; probe: Probe }> {
  const running = (await pods()).filter((pod) => (pod as Running).status?.phase === "Running");
  for (const { from, to } of facts.edges) {
    if (from.kind !== "pods" || from.component !== SETUP || to.kind !== "pods") continue;
    const probe = probes.find(({ identity }) => identity.name === endName(from));
    const bears = (own: Readonly<Record<string, string>>): boolean =>
      Object.entries(rolePods(from)).every(([label, value]) => own[label] === value) && own[OWN_LABEL] === undefined;
    if (probe !== undefined && !running.some(({ metadata: { labels = {} } }) => bears(labels))) {
      return { role: from, probe };
    }
  }
  throw new Error("no setup of the platform is done");
}

interface Policy {
  readonly metadata: {
    readonly labels?: object;
    readonly annotations?: object;
    readonly managedFields?: readonly { readonly manager?: string }[];
  };
  readonly spec: object;
}

/** Runs `body` without a policy of the platform, which comes back as the program had made it. */
async function withoutPolicy<T>(name: string, body: () => Promise<T>): Promise<T> {
  const path = `${policiesPath}/${name}`;
  const { metadata, spec } = await kube().get<Policy>(path);
  const { labels, annotations, managedFields } = metadata;
  const manager = encodeURIComponent(managedFields?.[0]?.manager ?? "millrace");
  await kube().delete(path);
  try {
    return await body();
  } finally {
    await kube().ask("PATCH", `${path}?fieldManager=${manager}&force=true`, {
      contentType: "application/apply-patch+yaml",
      body: {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name, labels, annotations },
        spec,
      },
    });
  }
}
