/** The platform's namespace where the cluster is somebody else's: whether it may be used, and what goes with the platform. */
import { handMadeSecrets, peopleNamespaces, wantedQuarters } from "../config/namespaces.ts";
import { containerSecurityContext, podSecurityContext, podSecurityLabels } from "../platform/hardening.ts";
import { labels, PART_OF_LABEL, STACK_ID_LABEL } from "../platform/names.ts";
import { KubeError } from "../clusters/kubernetes-client.ts";
import { type Holder, holdersOf, holdersText } from "../engine/providers/kubernetes-held.ts";
import type { Kube } from "./kube.ts";
import type { DataClaim } from "./removal.ts";
import type { Stack } from "./stack.ts";

interface NamespaceObject {
  readonly metadata: { readonly labels?: Readonly<Record<string, string>>; readonly deletionTimestamp?: string };
}

/** What was found out about the namespace before an `up`. */
export interface NamespaceFinding {
  readonly problem?: string;
  /** Said, and no reason to stop. */
  readonly warning?: string;
}

/**
 * Looks at the namespace that an `up` would use.
 * @param recorded Whether the stack has a state: then the namespace is its own.
 * @param stackId Id of the stack. @default - it has none yet
 */
export async function namespaceFinding(
  kube: Pick<Kube, "get">,
  { namespace, existingNamespace }: Pick<Stack["config"]["cluster"], "namespace" | "existingNamespace">,
  recorded: boolean,
  stackId?: string,
): Promise<NamespaceFinding> {
  const found = await orNothing(kube.get<NamespaceObject>(`/api/v1/namespaces/${namespace}`));
  if (found?.metadata.deletionTimestamp !== undefined) {
    const problem =
      (await heldWords(kube, namespace, found)) ?? (existingNamespace ? goingWords(namespace) : undefined);
    return problem === undefined ? {} : { problem };
  }
  if (!existingNamespace) {
    if (found === undefined || recorded) return {};
    const whose =
      found.metadata.labels?.[PART_OF_LABEL] === "millrace"
        ? "belongs to another stack or to a state that is gone"
        : "belongs to someone else";
    return {
      problem:
        `namespace ${namespace} is on the cluster already and ${whose}; it was left alone. Set millrace:cluster.namespace to another, or ` +
        "cluster.existingNamespace to true to use one that is yours as it is",
    };
  }
  if (found === undefined) {
    return {
      problem:
        `namespace ${namespace} is not on the cluster, and millrace:cluster.existingNamespace says that it is; ` +
        `kubectl create namespace ${namespace} makes it, or take the setting out`,
    };
  }
  const maker = found.metadata.labels?.[STACK_ID_LABEL];
  if (maker !== undefined && maker !== stackId) {
    return {
      problem:
        `namespace ${namespace} was made by another Millrace stack, with the id ${maker}, and goes when that one is taken down, with all ` +
        "data in it; set millrace:cluster.namespace to one that stays, or to none that is there yet and take existingNamespace out",
    };
  }
  const [[label, wanted] = ["", ""]] = Object.entries(podSecurityLabels);
  const level = found.metadata.labels?.[label];
  if (level === wanted) return {};
  return {
    warning:
      `namespace ${namespace} does not enforce Pod Security "${wanted}" (${label} is ${level ?? "not set"}): the platform's pods comply, ` +
      "others' may not",
  };
}

/** Says of each namespace of people's programs that it is somebody else's, or can't be made now. */
export async function peopleNamespaceProblems(
  kube: Pick<Kube, "get">,
  cluster: Stack["config"]["cluster"],
  stackId: string | undefined,
): Promise<string[]> {
  const problems = await Promise.all(
    peopleNamespaces(cluster).map(async (namespace) => {
      const found = await orNothing(kube.get<NamespaceObject>(`/api/v1/namespaces/${namespace}`));
      const isOwn = stackId !== undefined && found?.metadata.labels?.[STACK_ID_LABEL] === stackId;
      return (await namespaceFinding(kube, { namespace, existingNamespace: false }, isOwn, stackId)).problem ?? [];
    }),
  );
  return problems.flat();
}

/** Answers of an admission that takes no such pod, or of a user who may make none. */
const REFUSED: readonly number[] = [400, 403, 422];

/**
 * Says that a namespace of somebody's takes no pod like the platform's: its rules are stricter than these are. Nothing is
 * made; `undefined`: it takes them, or can't be asked so.
 */
export async function podRefusal(
  kube: Pick<Kube, "ask">,
  namespace: string,
  image = "registry.k8s.io/pause:3.10",
): Promise<string | undefined> {
  const resources = { requests: { cpu: "1m", memory: "8Mi" }, limits: { cpu: "100m", memory: "32Mi" } };
  const body = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "millrace-try", labels: labels("doctor", "pod-try") },
    spec: {
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      securityContext: podSecurityContext(),
      containers: [{ name: "try", image, resources, securityContext: containerSecurityContext() }],
    },
  };
  try {
    await kube.ask("POST", `/api/v1/namespaces/${namespace}/pods?dryRun=All`, { body });
    return undefined;
  } catch (error) {
    if (!(error instanceof KubeError) || !REFUSED.includes(error.status)) return undefined;
    if (/dry.?run/i.test(error.message)) return undefined;
    return (
      `namespace ${namespace} takes no pod like the platform's: ${error.message}. Have whoever rules over it let such pods in, or set ` +
      "millrace:cluster.namespace to another"
    );
  }
}

async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  return await asked.catch((error: unknown) => {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  });
}

const goingWords = (namespace: string): string =>
  `namespace ${namespace} is being deleted, and millrace:cluster.existingNamespace wants one that stays; wait until it is gone, ` +
  `make it anew: kubectl create namespace ${namespace}, or name another`;

/** What Kubernetes' own controllers set and take away; they may need a moment. */
const ownFinalizer = /^(foregroundDeletion|orphan)$|^([a-z0-9-]+\.)*kubernetes\.io\//;
const ownPatienceMs = 60_000;

/** What holds a namespace that is being deleted; `undefined`: nothing that would not end by itself, and the deploy waits for that. */
async function heldWords(
  kube: Pick<Kube, "get">,
  namespace: string,
  found: NamespaceObject,
): Promise<string | undefined> {
  const since = found.metadata.deletionTimestamp ?? "";
  const isLong = Date.now() - Date.parse(since) > ownPatienceMs;
  const ask = (path: string) => orNothing(kube.get<Record<string, unknown>>(path));
  // An account that may not read all that is in it learns less.
  const all = await holdersOf(ask, { ...found }).catch((): Holder[] => []);
  const holders = all.filter(({ finalizers }) => isLong || finalizers.some((name) => !ownFinalizer.test(name)));
  const [first] = holders;
  if (first === undefined) return undefined;
  return (
    `namespace ${namespace} is being deleted since ${since}, and ${holdersText(holders)} ${holders.length === 1 ? "holds" : "hold"} it; ` +
    "nothing was changed. Let the program that set the finalizer end its work. If that program is gone for sure, take the finalizer away: " +
    `kubectl -n ${namespace} patch ${first.resource} ${first.name} --type=merge -p '{"metadata":{"finalizers":null}}'`
  );
}

/** The same for a cluster of the stack's own, where the namespace is nobody else's; nothing where it does not answer. */
export async function heldNamespace(kube: Pick<Kube, "get">, namespace: string): Promise<string | undefined> {
  try {
    const found = await kube.get<NamespaceObject>(`/api/v1/namespaces/${namespace}`);
    return found.metadata.deletionTimestamp === undefined ? undefined : await heldWords(kube, namespace, found);
  } catch {
    return undefined;
  }
}

/** Removes claims from a namespace that stays; call it with what `claimsByOwner` called the stack's own. */
export async function removeClaims(
  kube: Pick<Kube, "delete">,
  namespace: string,
  claims: readonly DataClaim[],
): Promise<void> {
  for (const { name } of claims) {
    await kube.delete(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`).catch((error: unknown) => {
      if (!(error instanceof KubeError && error.status === 404)) throw error;
    });
  }
}

/** Says which Secrets that people have made are missing in the namespaces of people's programs. */
export async function handMadeWarnings(kube: Pick<Kube, "get">, config: Stack["config"]): Promise<string[]> {
  const { namespace } = config.cluster;
  const missing = await Promise.all(
    wantedQuarters(config).flatMap((where) =>
      handMadeSecrets(config).map(async (name) => {
        const found = await orNothing(kube.get(`/api/v1/namespaces/${where}/secrets/${name}`)).catch(() => "not known");
        if (found !== undefined) return [];
        return [
          `Secret "${name}" is not in namespace ${where}, whose pods wait until it is. When the namespace is there, this copies it: ` +
            `kubectl -n ${namespace} get secret ${name} -o json | jq 'del(.metadata)+{metadata:{name:"${name}"}}' | kubectl -n ${where} apply -f -`,
        ];
      }),
    ),
  );
  return missing.flat();
}

/**
 * Says that the Secret with which pods are to get their images is not there, or none of its kind; `undefined`: it is fine, or this
 * user may not look.
 */
export async function pullSecretWarning(
  kube: Pick<Kube, "get">,
  namespace: string,
  name: string,
): Promise<string | undefined> {
  const wanted = "kubernetes.io/dockerconfigjson";
  const setting = `millrace:images.pullSecret: Secret "${name}"`;
  const make = `kubectl -n ${namespace} create secret docker-registry ${name} --docker-server=... makes it`;
  try {
    const { type } = await kube.get<{ readonly type?: string }>(`/api/v1/namespaces/${namespace}/secrets/${name}`);
    if (type === wanted || type === "kubernetes.io/dockercfg") return undefined;
    return `${setting} in namespace ${namespace} is of type ${type ?? "Opaque"}, not ${wanted}; ${make}`;
  } catch (error) {
    if (!(error instanceof KubeError && error.status === 404)) return undefined;
    return `${setting} is not in namespace ${namespace}; pods wait for their images until it is. ${make}; or set images.pullLogin`;
  }
}
