/** One pod per identity, from the platform's own image: it listens at the identity's ports, and tries those of others. */
import { readFileSync } from "node:fs";

import { containerSecurityContext, podSecurityContext } from "../../../platform/hardening.ts";
import { objectName } from "../../../platform/names.ts";
import { execute, kube, namespace } from "../platform.ts";
import { must, until } from "../runner.ts";
import { type Attempt, type Identity, isElsewhere, OPEN_PORT } from "./matrix.ts";

const MINUTE = 60_000;
/** Label of all that the part makes, by which the next run finds what one has left. */
export const OWN_LABEL = "millrace.e2e/part";
export const OWN = { [OWN_LABEL]: "edges" };
const selector = `labelSelector=${encodeURIComponent(`${OWN_LABEL}=edges`)}`;
const CONTAINER = "probe";
const program = readFileSync(new URL("probe-program.ts", import.meta.url), "utf8");
const node = ["node", "--input-type=module-typescript", "--eval"];

export interface Probe {
  readonly identity: Identity;
  readonly pod: string;
  readonly namespace: string;
  readonly ip: string;
}

interface PodStatus {
  readonly status?: { readonly phase?: string; readonly podIP?: string };
}

interface Template {
  readonly spec: {
    readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: Record<string, unknown> } } };
  };
}

const podsOf = (where: string): string => `/api/v1/namespaces/${where}/pods`;
const policiesOf = (where: string): string => `/apis/networking.k8s.io/v1/namespaces/${where}/networkpolicies`;

export function namespaceOf({ in: place }: Identity): string {
  return place === undefined ? namespace : `${namespace}-${place}`;
}

/** Where the proof's pods run, and from which image: it is on every platform, and has Node. */
async function template(): Promise<Record<string, unknown>> {
  const path = `/apis/batch/v1/namespaces/${namespace}/cronjobs/proof-on-demand`;
  const { spec } = (await kube().get<Template>(path)).spec.jobTemplate.spec.template;
  const { containers, imagePullSecrets, nodeSelector, tolerations } = spec as {
    readonly containers: readonly { readonly image: string }[];
  } & Record<string, unknown>;
  const placed = { imagePullSecrets, nodeSelector, tolerations };
  return { image: containers[0]?.image, ...placed };
}

export function podOf(name: string, identity: Identity, { image, ...placed }: Record<string, unknown>): object {
  const ports = identity.ports.length > 0 ? identity.ports : [OPEN_PORT];
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { ...identity.labels, ...OWN } },
    spec: {
      ...placed,
      restartPolicy: "Never",
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 0,
      activeDeadlineSeconds: 600,
      // It bears a server's labels: it is never ready, so no Service leads anybody to it.
      readinessGates: [{ conditionType: "millrace.e2e/never" }],
      securityContext: podSecurityContext(),
      containers: [
        {
          name: CONTAINER,
          image,
          command: [...node, program, "--", "listen", ports.join(",")],
          env: [{ name: "PROBE", value: program }],
          resources: { requests: { cpu: "1m", memory: "16Mi" }, limits: { cpu: "1", memory: "160Mi" } },
          securityContext: containerSecurityContext(),
        },
      ],
    },
  };
}

/** Starts a pod for each identity, and a second one where its pods connect to each other. */
export async function startProbes(identities: readonly Identity[]): Promise<Probe[]> {
  const placed = await template();
  for (const identity of identities.filter(isElsewhere)) {
    const metadata = { name: namespaceOf(identity), labels: OWN };
    await kube().post("/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata });
  }
  const wanted = identities.flatMap((identity) => (identity.meetsItself ? [identity, identity] : [identity]));
  return await Promise.all(
    wanted.map(async (identity, index) => {
      const pod = `edges-probe-${index}-${objectName(identity.name).replaceAll(/[^a-z0-9]+/g, "-")}`.slice(0, 60);
      const name = pod.replace(/-$/, "");
      const where = namespaceOf(identity);
      // Its account comes a moment after a namespace.
      await until(`pod ${name}`, MINUTE / 2, async () => {
        await kube().post(podsOf(where), podOf(name, identity, placed));
        return true;
      });
      const ip = await until(`pod ${name} to run`, 1.5 * MINUTE, async () => {
        const { status } = await kube().get<PodStatus>(`${podsOf(where)}/${name}`);
        return status?.phase === "Running" ? status.podIP : undefined;
      });
      return { identity, pod: name, namespace: where, ip };
    }),
  );
}

/** Removes what this part has made, now or in a run that was cut off. */
export async function removeProbes(): Promise<void> {
  for (const where of new Set((await own("/api/v1/pods")).map((pod) => pod.namespace))) {
    await kube().delete(`${podsOf(where)}?${selector}`);
  }
  for (const { namespace: where, name } of await own("/apis/networking.k8s.io/v1/networkpolicies")) {
    await kube().delete(`${policiesOf(where)}/${name}`);
  }
  for (const { name } of await own("/api/v1/namespaces")) await kube().delete(`/api/v1/namespaces/${name}`);
}

/** Objects of a kind that this part has made, in all namespaces. */
async function own(path: string): Promise<{ readonly name: string; readonly namespace: string }[]> {
  interface Objects {
    readonly items: readonly { readonly metadata: { readonly name: string; readonly namespace?: string } }[];
  }
  const { items } = await kube().get<Objects>(`${path}?${selector}`);
  return items.map(({ metadata: { name, namespace: where = "" } }) => ({ name, namespace: where }));
}

export interface Opens {
  readonly ingress?: readonly object[];
  readonly egress?: readonly object[];
}

/** Runs `body` with one policy more in each of some namespaces. */
export async function withPolicy<T>(
  name: string,
  { labels, namespaces }: { readonly labels: Readonly<Record<string, string>>; readonly namespaces: readonly string[] },
  opens: Opens,
  body: () => Promise<T>,
): Promise<T> {
  for (const where of namespaces) await makePolicy(name, where, labels, opens);
  try {
    return await body();
  } finally {
    for (const where of namespaces) await kube().delete(`${policiesOf(where)}/${name}`);
  }
}

/** A policy of the part's own, which goes with its pods. */
export async function makePolicy(
  name: string,
  where: string,
  labels: Readonly<Record<string, string>>,
  opens: Opens,
): Promise<void> {
  const policyTypes = [...(opens.ingress ? ["Ingress"] : []), ...(opens.egress ? ["Egress"] : [])];
  await kube().post(policiesOf(where), {
    apiVersion: "networking.k8s.io/v1",
    kind: "NetworkPolicy",
    metadata: { name, labels: OWN },
    spec: { podSelector: { matchLabels: labels }, policyTypes, ...opens },
  });
}

/** Removes what an earlier run has left, and waits until its namespace is gone. */
export async function startAfresh(): Promise<void> {
  await removeProbes();
  await until("the last run's namespace to go", MINUTE, async () =>
    (await own("/api/v1/namespaces")).length === 0 ? true : undefined,
  );
}

/** Tries connections from a probe's pod, all at once. @param limitMs Time in which each is tried again until it comes out as it must. */
export async function attempt(probe: Probe, attempts: readonly Attempt[], limitMs: number): Promise<boolean[]> {
  if (attempts.length === 0) return [];
  const targets = attempts.map(({ host, port, isOpen }) => `${host}:${port}:${isOpen ? 1 : 0}`).join(",");
  const own = `exec ${node.join(" ")} "$PROBE" -- "$@"`;
  const command = ["sh", "-c", own, "sh", "try", String(limitMs), targets];
  const run = await execute(probe.pod, CONTAINER, command, probe.namespace);
  const ended = await run.ended;
  must(ended, `the probe's program in pod ${probe.pod} did not end well: ${run.stdout().slice(0, 200)}`);
  const answers = JSON.parse(run.stdout()) as readonly number[];
  must(answers.length === attempts.length, `pod ${probe.pod} gave ${answers.length} answers of ${attempts.length}`);
  return answers.map((answer) => answer === 1);
}
