/** Whether a node can pull from the stack's registry: a pod asks for a tag that nobody has, and the node says what it met. */
import { setTimeout as sleep } from "node:timers/promises";

import { KubeError } from "../clusters/kubernetes-client.ts";
import { remedies } from "../clusters/targets.ts";
import { newestEvent, type KubernetesEvent } from "../engine/providers/kubernetes-events.ts";
import { containerSecurityContext, podSecurityContext } from "../platform/hardening.ts";
import { labels } from "../platform/names.ts";
import { LOGIN_SECRET } from "../platform/pull-secrets.ts";
import { podScheduling } from "../platform/scheduling.ts";
import { wantedImages } from "../config/images.ts";
import { upstreamProblems } from "../images/upstream.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { imagesInNode } from "./cluster.ts";
import { type Finding, ok } from "./finding.ts";
import { exists, type Kube } from "./kube.ts";
import { podTrouble, type Pod } from "./services.ts";
import type { Stack } from "./stack.ts";

/** Also its end in the cluster, should this program be killed: the next one removes it. */
const NAME = "millrace-doctor";
const TAG = "millrace-doctor";
/** Time that a node has to try, in milliseconds. */
const LIMIT_MS = 30_000;
const POD_SECONDS = 60;

export interface PullOptions {
  /** @default 30000 */
  readonly limitMs?: number;
  /** @default 1000 */
  readonly pauseMs?: number;
}

/** What a node says of the registry. Nothing is pulled, and the pod goes at the end. */
export async function pullFindings(
  kube: Kube,
  stack: Pick<Stack, "name" | "config" | "profile">,
  { limitMs = LIMIT_MS, pauseMs = 1_000 }: PullOptions = {},
): Promise<Finding[]> {
  if (upstreamProblems(imagesToBuild(wantedImages(stack.config))).length > 0) return [];
  const [own] = imagesInNode(stack);
  if (own === undefined) return [];
  const image = `${own.slice(0, own.lastIndexOf(":"))}:${TAG}`;
  const pods = `/api/v1/namespaces/${await namespaceFor(kube, stack)}/pods`;
  const remove = async (): Promise<void> => {
    await kube.delete(`${pods}/${NAME}?gracePeriodSeconds=0`);
  };
  await remove();
  try {
    await kube.post(pods, probePod(image, stack));
    const until = Date.now() + limitMs;
    for (;;) {
      const pod = await kube.get<Pod>(`${pods}/${NAME}`);
      const said = await pullWords(kube, pods, pod);
      if (said !== undefined) return [verdict(said, stack, await absentSecrets(kube, stack))];
      if (Date.now() > until) {
        const detail = `no node has tried to pull from it within ${Math.round(limitMs / 1000)} s: the probe's pod is ${podTrouble(pod)}`;
        return [{ subject: "registry", level: "warning", detail, next: "mend that, and repeat npm run doctor" }];
      }
      await sleep(pauseMs);
    }
  } finally {
    await remove();
  }
}

/** Time that a node has to try before an `up`, in milliseconds. */
const UP_LIMIT_MS = 15_000;

/**
 * Before an `up`, one line when the nodes can't pull. A platform that runs from this registry has shown that they can, and what can't be asked
 * the pods will tell.
 */
export async function pullRefusals(
  kube: Kube,
  stack: Pick<Stack, "name" | "config" | "profile">,
  options: PullOptions = {},
): Promise<string[]> {
  try {
    if (await runsFromRegistry(kube, stack)) return [];
    const found = await pullFindings(kube, stack, { limitMs: UP_LIMIT_MS, ...options });
    return found.flatMap(({ level, detail, next }) => (level === "problem" ? [`${detail}; ${next}`] : []));
  } catch {
    return [];
  }
}

async function runsFromRegistry(kube: Kube, { config, profile }: Pick<Stack, "config" | "profile">): Promise<boolean> {
  const { items } = await kube.get<{ items: readonly PodWithImages[] }>(
    `/api/v1/namespaces/${config.cluster.namespace}/pods`,
  );
  const own = `${profile.registry?.pull ?? ""}/`;
  return items.some(
    ({ spec, status }) => status?.phase === "Running" && spec.containers.some(({ image }) => image?.startsWith(own)),
  );
}

interface PodWithImages {
  readonly spec: { readonly containers: readonly { readonly image?: string }[] };
  readonly status?: { readonly phase?: string };
}

/** Of the Secrets that pods get their images with, those that are not there yet. */
async function absentSecrets(kube: Kube, { config }: Pick<Stack, "config">): Promise<string[]> {
  const there = await Promise.all(
    secretsOf(config).map(async (name) => {
      const path = `/api/v1/namespaces/${config.cluster.namespace}/secrets/${name}`;
      // Who may not look takes it for there.
      return { name, isThere: await exists(kube, path).catch(() => true) };
    }),
  );
  return there.flatMap(({ name, isThere }) => (isThere ? [] : [name]));
}

const secretsOf = ({ images: { pullSecret, pullLogin } }: Stack["config"]): string[] => [
  ...(pullSecret === undefined ? [] : [pullSecret]),
  ...(pullLogin ? [LOGIN_SECRET] : []),
];

/** The stack's namespace, whose quotas and accounts count; before the first `up` the one that is always there. */
async function namespaceFor(kube: Kube, { config }: Pick<Stack, "config">): Promise<string> {
  const { namespace } = config.cluster;
  try {
    await kube.get(`/api/v1/namespaces/${namespace}`);
    return namespace;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return "default";
    throw error;
  }
}

function probePod(image: string, { config }: Pick<Stack, "config">): object {
  const secrets = secretsOf(config);
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: NAME, labels: labels("doctor", "pull-probe") },
    spec: {
      restartPolicy: "Never",
      activeDeadlineSeconds: POD_SECONDS,
      automountServiceAccountToken: false,
      securityContext: podSecurityContext(),
      ...podScheduling(config.scheduling),
      ...(secrets.length > 0 && { imagePullSecrets: secrets.map((name) => ({ name })) }),
      containers: [
        {
          name: "probe",
          image,
          imagePullPolicy: "Always",
          command: ["true"],
          resources: { requests: { cpu: "1m", memory: "8Mi" }, limits: { cpu: "100m", memory: "32Mi" } },
          securityContext: containerSecurityContext(),
        },
      ],
    },
  };
}

/** What the node said; empty: it has pulled the tag, against all expectation. `undefined`: nothing yet. */
async function pullWords(kube: Kube, pods: string, pod: Pod): Promise<string | undefined> {
  const state = pod.status?.containerStatuses?.[0]?.state;
  if (state?.running !== undefined || state?.terminated !== undefined) return "";
  const { reason = "", message = "" } = state?.waiting ?? {};
  if (reason === "ErrImagePull" || reason === "InvalidImageName") return message || reason;
  if (reason === "RegistryUnavailable") return message || "connection refused";
  if (reason !== "ImagePullBackOff") return undefined;
  // Before 1.32 it does not repeat why.
  const path = pods.replace(/\/pods$/, "/events");
  const selector = encodeURIComponent(`involvedObject.kind=Pod,involvedObject.name=${NAME},type=Warning`);
  const { items } = await kube.get<{ items: readonly KubernetesEvent[] }>(`${path}?fieldSelector=${selector}`);
  const failed = items.filter(({ message: words = "" }) => words.startsWith("Failed to pull image"));
  return newestEvent(failed)?.message ?? message;
}

/** @param absent Secrets with a login that the stack names and that are not there yet. */
function verdict(
  said: string,
  { config, profile }: Pick<Stack, "config" | "profile">,
  absent: readonly string[],
): Finding {
  const pull = profile.registry?.pull ?? "";
  const words = said.replaceAll(/\s+/g, " ").slice(0, 300);
  const problem = (detail: string, next: string): Finding => ({ subject: "registry", level: "problem", detail, next });
  const met = `a node can't pull from ${pull}: ${words}`;
  if (/HTTP response to HTTPS client/i.test(said)) {
    return problem(met, "let the nodes' runtime speak HTTP to it, or give cluster.registry one with TLS");
  }
  if (/x509|certificate/i.test(said))
    return problem(met, "make the registry's authority known to every node's runtime");
  if (/unauthorized|authentication|authoriz|denied|forbidden|\b40[13]\b/i.test(said)) {
    if (absent.includes(LOGIN_SECRET)) {
      return ok("registry", `a node reaches ${pull}, and gets this machine's login by up (millrace:images.pullLogin)`);
    }
    const [secret] = absent;
    if (secret !== undefined) {
      const { namespace } = config.cluster;
      return {
        subject: "registry",
        level: "warning",
        detail: `a node reaches ${pull}, which wants a login, and Secret "${secret}" is not in namespace ${namespace} yet`,
        next: `kubectl -n ${namespace} create secret docker-registry ${secret} --docker-server=... makes it; or set images.pullLogin`,
      };
    }
    return problem(
      `a node reaches ${pull}, which wants a login: ${words}`,
      `docker login ${pull.replace(/\/.*/, "")}, and millrace:images.pullLogin set to true, then npm run up; or name a Secret in millrace:images.pullSecret`,
    );
  }
  if (/no such host|refused|time[d-]? ?out|unreachable|deadline|server misbehaving|no route/i.test(said)) {
    return problem(met, remedies(profile).registry);
  }
  if (said === "" || /not found|unknown|does not exist|NotFound/i.test(said)) {
    return ok("registry", `a node reaches ${pull}`);
  }
  return { subject: "registry", level: "warning", detail: met, next: remedies(profile).registry };
}
