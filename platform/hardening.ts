/**
 * What a hardened pod is: the security contexts that the components' pods carry, and pure checks over a pod spec. The
 * policy pack reports with the same checks, so what components obey and what policies demand cannot drift apart.
 */

import {
  hostProblems,
  readOnlyProblems,
  scratchProblems,
  secretFileProblems,
  serviceLinkProblems,
  USER,
  userProblems,
  volumeProblems,
} from "./confinement.ts";
import { eachContainer, type PodSpec, received, titleOf } from "./pod-spec.ts";

export type { PodSpec } from "./pod-spec.ts";

const LEVEL = "restricted";

/** Pod Security labels: what is refused, and what is written to the audit log and shown as a warning. */
export const podSecurityLabels = {
  "pod-security.kubernetes.io/enforce": LEVEL,
  "pod-security.kubernetes.io/enforce-version": "latest",
  "pod-security.kubernetes.io/audit": LEVEL,
  "pod-security.kubernetes.io/audit-version": "latest",
  "pod-security.kubernetes.io/warn": LEVEL,
  "pod-security.kubernetes.io/warn-version": "latest",
} as const;

/**
 * Security context of a pod that the Pod Security level `restricted` accepts.
 * @param uid User id of the processes. @default 10001
 * @param fsGroup Group that owns the volumes. @default - the same as the user id
 */
export function podSecurityContext(uid = USER, fsGroup = uid) {
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: uid,
    fsGroup,
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** Security context of a container that `restricted` accepts. @param options.readOnlyRootFilesystem @default true */
export function containerSecurityContext(options: { readonly readOnlyRootFilesystem?: boolean } = {}) {
  return {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ["ALL"] },
    readOnlyRootFilesystem: options.readOnlyRootFilesystem ?? true,
    runAsNonRoot: true,
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** A namespace refuses pods that are less than restricted. @param given Labels of the namespace. */
export function namespaceLabelProblems(given: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(podSecurityLabels)
    .filter(([label, value]) => given[label] !== value)
    .map(([label, value]) => `has label ${label} ${received(given[label])}; set it to ${value}`);
}

/** Images need a tag other than `latest`, or a digest: otherwise a restart can bring other software. */
export function imageProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) => {
    const image = container.image ?? "";
    if (image === "") return [`${title} has no image; pin a tag or a digest`];
    if (/@sha256:[0-9a-f]{64}$/.test(image)) return [];
    const tag = /:([^:/@]+)$/.exec(image)?.[1];
    return tag === undefined || tag === "latest" ? [`${title} uses image "${image}"; pin a tag or a digest`] : [];
  });
}

/** CPU and memory need a request and a limit: without them one pod can starve its node. */
export function resourceProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) => {
    const missing = (["requests", "limits"] as const).flatMap((kind) =>
      ["cpu", "memory"]
        .filter((what) => container.resources?.[kind]?.[what] === undefined)
        .map((what) => `resources.${kind}.${what}`),
    );
    return missing.length === 0 ? [] : [`${title} does not set ${missing.join(", ")}; set each of them`];
  });
}

/**
 * What runs on needs a readiness probe, so that traffic waits for it, and a liveness or startup probe, so that a hung
 * start ends. Not for Jobs and init containers: they end by themselves. A sidecar (an init container with restartPolicy
 * Always) runs on, too.
 */
export function probeProblems(pod: PodSpec): string[] {
  const sidecars = (pod.initContainers ?? []).filter((container) => container.restartPolicy === "Always");
  return [...(pod.containers ?? []), ...sidecars].flatMap((container) => {
    const title = titleOf(container);
    const problems: string[] = [];
    if (container.readinessProbe === undefined) problems.push(`${title} has no readinessProbe; add one`);
    if (container.livenessProbe === undefined && container.startupProbe === undefined) {
      problems.push(`${title} has neither livenessProbe nor startupProbe; add one of them`);
    }
    return problems;
  });
}

/** Processes must not be root. */
export function nonRootProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) => {
    const own = container.securityContext;
    const user = own?.runAsUser ?? pod.securityContext?.runAsUser;
    if (user === 0) return [`${title} runs as user 0 (root); set runAsUser to another id`];
    const nonRoot = own?.runAsNonRoot ?? pod.securityContext?.runAsNonRoot;
    return nonRoot === true ? [] : [`${title} has runAsNonRoot ${String(nonRoot ?? "unset")}; set it to true`];
  });
}

/** No process may gain rights: no privilege escalation, no privileged mode, no capabilities. */
export function privilegeProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) => {
    const own = container.securityContext ?? {};
    const problems: string[] = [];
    if (own.privileged === true) problems.push(`${title} is privileged; remove it`);
    if (own.allowPrivilegeEscalation !== false) {
      const value = String(own.allowPrivilegeEscalation ?? "unset");
      problems.push(`${title} has allowPrivilegeEscalation ${value}; set it to false`);
    }
    const drop = own.capabilities?.drop ?? [];
    if (!drop.includes("ALL")) {
      problems.push(`${title} drops capabilities [${drop.join(", ")}]; set capabilities.drop to ["ALL"]`);
    }
    const added = (own.capabilities?.add ?? []).filter((capability) => capability !== "NET_BIND_SERVICE");
    if (added.length > 0) problems.push(`${title} adds capabilities [${added.join(", ")}]; remove them`);
    return problems;
  });
}

/** System calls must be filtered. */
export function seccompProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) => {
    const type = container.securityContext?.seccompProfile?.type ?? pod.securityContext?.seccompProfile?.type;
    if (type === "RuntimeDefault" || type === "Localhost") return [];
    return [`${title} has seccompProfile ${type ?? "unset"}; set its type to RuntimeDefault or Localhost`];
  });
}

const SECRET_NAME = /(PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|ACCESS_?KEY|PRIVATE_?KEY|CREDENTIAL)/i;
/** Names that speak of a secret and hold none: where it lies (Spark's `secretKeyRef.<variable>` too), how long it is or lives. */
const SECRET_REFERENCE =
  /(FILE|PATH|DIR|NAME|FIELD|REF|PROVIDER|LENGTH|TTL|EXPIRATION|EXPIRY|LOCATION|TYPE|CLASS|URL)$|secretKeyRef[._]/i;

/** Whether a name is one that secrets have. */
export function namesSecret(name: string): boolean {
  return SECRET_NAME.test(name) && !SECRET_REFERENCE.test(name);
}

/** Secrets come to a pod by reference, never as text in its environment. Messages never repeat the value. */
export function envSecretProblems(pod: PodSpec): string[] {
  return eachContainer(pod).flatMap(({ title, container }) =>
    (container.env ?? [])
      .filter(({ name = "", value = "" }) => !/^(true|false)?$/.test(value) && namesSecret(name))
      .map(({ name = "" }) => `${title} has the value of ${name} in its env; take it from a Secret by secretKeyRef`),
  );
}

/** A ConfigMap's data holds no secret. `${ENV:…}` and `$VARIABLE` values are references. Values are never repeated. */
export function configMapProblems(data: Readonly<Record<string, unknown>>): string[] {
  return Object.entries(data).flatMap(([key, value]) => {
    if (typeof value !== "string" || value === "") return [];
    if (namesSecret(key)) return [`key "${key}" holds a secret's value; move it to a Secret`];
    return secretLines(value).map(
      ({ line, setting }) => `key "${key}" sets ${setting} in line ${line}; move it to a Secret`,
    );
  });
}

/** Lines of a settings file that set something with a secret's name to a literal: properties, YAML, XML. */
function secretLines(text: string): { line: number; setting: string }[] {
  return text.split("\n").flatMap((content, index) => {
    const match =
      /^\s*"?([A-Za-z0-9_.-]+)"?\s*[=:]\s*"?([^\s"#,]+)/.exec(content) ??
      /<name>\s*([A-Za-z0-9_.-]+)\s*<\/name>\s*<value>\s*([^<\s]+)/.exec(content);
    const setting = match?.[1] ?? "";
    const value = match?.[2] ?? "";
    // Program text (Python jobs) reads secrets from somewhere: a call or a variable is no literal.
    const literal =
      value !== "" && !value.startsWith("$") && !/[([{]/.test(value) && !/^(true|false|null)$/i.test(value);
    const named = namesSecret(setting.replaceAll(/[.-]/g, "_"));
    return literal && named ? [{ line: index + 1, setting }] : [];
  });
}

/** A pod gets a token of Kubernetes only with an account of its own; the default account's token is not mounted. */
export function tokenProblems(pod: PodSpec): string[] {
  if (pod.automountServiceAccountToken === false) return [];
  const account = pod.serviceAccountName ?? "";
  if (account !== "" && account !== "default") return [];
  return [
    'the pod mounts the token of the service account "default"; set automountServiceAccountToken to false, ' +
      "or name an account made for it in serviceAccountName",
  ];
}

/** Everything that is wrong with a pod. @param longRunning `false` for Jobs, which need no probes. */
export function podProblems(pod: PodSpec, longRunning: boolean): string[] {
  return [
    ...imageProblems(pod),
    ...resourceProblems(pod),
    ...(longRunning ? probeProblems(pod) : []),
    ...nonRootProblems(pod),
    ...privilegeProblems(pod),
    ...seccompProblems(pod),
    ...envSecretProblems(pod),
    ...tokenProblems(pod),
    ...readOnlyProblems(pod),
    ...scratchProblems(pod),
    ...volumeProblems(pod),
    ...hostProblems(pod),
    ...userProblems(pod),
    ...serviceLinkProblems(pod),
    ...secretFileProblems(pod),
  ];
}
