/** Rules between settings: sets that cannot work (problems), and sets that work and are risky (warnings). */
import { quarterNames, quarterNamespace } from "../platform/names.ts";
import { imagesOf } from "../platform/service.ts";
import { consumersWithoutSecret, objectStoreContents } from "./buckets.ts";
import { enabledRooms, givenTo, isOwn, rooms, sectionOf, settingsOf } from "./rooms.ts";
import { networkProblems } from "./network.ts";
import type { PlatformConfig } from "./schema.ts";
import { authorityProblems } from "../platform/authority.ts";
import { schedulingProblems } from "../platform/scheduling.ts";
import { sizeProblems } from "../platform/sizes.ts";

/** Sets of settings that cannot work; empty when there is none. */
export function configProblems(config: PlatformConfig): string[] {
  const store = {
    withoutSecret: consumersWithoutSecret(config),
    hasHomes: Object.keys(objectStoreContents(config).homes).length > 0,
  };
  return [
    ...clusterProblems(config.cluster),
    ...networkProblems(config.cluster.target, config.network),
    ...neededServices(config),
    ...enabledRooms(config).flatMap(({ room, view }) => room.problems?.(view, store) ?? []),
    ...schedulingProblems("millrace:scheduling", config.scheduling),
    ...enabledRooms(config).flatMap(({ room }) =>
      schedulingProblems(`${sectionOf(room)}.scheduling`, givenTo(room.name, config).scheduling ?? {}),
    ),
    ...resourceProblems(config),
    ...imageProblems(config),
    ...pullProblems(config),
  ];
}

const isTooLong = (name: string): boolean => name.length > 63;

function clusterProblems(cluster: PlatformConfig["cluster"]): string[] {
  const problems: string[] = [];
  const { target } = cluster;
  const at = "millrace:cluster";
  if (target === "cloud" && cluster.context === undefined) {
    problems.push(`${at}.context: missing; target cloud needs a context (kubectl config get-contexts lists them)`);
  }
  if (target === "embedded") {
    for (const key of ["context", "kubeconfig", "registry"] as const) {
      if (cluster[key] === undefined) continue;
      problems.push(`${at}.${key}: target embedded creates its own; remove the setting, or choose another target`);
    }
  }
  if (target === "embedded" && cluster.existingNamespace) {
    problems.push(
      `${at}.existingNamespace: target embedded has no namespace before the platform is created; remove the setting`,
    );
  }
  if (cluster.existingNamespace && cluster.quotas !== undefined) {
    problems.push(
      `${at}.quotas: with existingNamespace everything is in the one namespace, whose quota is not the platform's; remove the setting`,
    );
  }
  const longest = quarterNames.map((quarter) => quarterNamespace(cluster.namespace, quarter)).find(isTooLong);
  if (!cluster.existingNamespace && longest !== undefined) {
    problems.push(
      `${at}.namespace: received "${cluster.namespace}", and namespace "${longest}" beside it is longer than the 63 characters that ` +
        "Kubernetes takes; give a shorter name",
    );
  }
  if (target === "embedded" && cluster.exposure === "ingress") {
    problems.push(`${at}.exposure: target embedded has no ingress controller; give nodePort or none`);
  }
  if (target === "embedded" && cluster.exposure === "loadBalancer") {
    problems.push(`${at}.exposure: target embedded has no load balancers; give nodePort or none`);
  }
  if (target === "cloud" && cluster.exposure === "nodePort") {
    problems.push(`${at}.exposure: target cloud does not publish node ports; give loadBalancer, ingress or none`);
  }
  if (cluster.exposure === "ingress" && cluster.ingress === undefined) {
    problems.push(
      `${at}.ingress: missing; exposure ingress needs at least the domain of the pages: { host: data.example.com }`,
    );
  }
  const { secretName, issuer } = cluster.ingress?.tls ?? {};
  if (secretName !== undefined && issuer !== undefined) {
    problems.push(
      `${at}.ingress.tls: received secretName "${secretName}" and issuer "${issuer}"; give one of them: a Secret that is there, or ` +
        "the ClusterIssuer that makes one",
    );
  }
  if (cluster.ingress?.tls !== undefined && secretName === undefined && issuer === undefined) {
    problems.push(`${at}.ingress.tls: names no certificate; give secretName or issuer, or remove tls`);
  }
  const { ca } = cluster.ingress?.tls ?? {};
  if (ca !== undefined) problems.push(...authorityProblems(`${at}.ingress.tls.ca`, ca));
  const { publishWithoutLogin = [], keepInside = [] } = cluster;
  for (const page of publishWithoutLogin.filter((one) => keepInside.includes(one))) {
    problems.push(`${at}.publishWithoutLogin: "${page}" is in keepInside too; take it out of one of them`);
  }
  const owners = new Map<number, string>();
  const ports: [string, number][] = Object.entries(cluster.nodePorts).map(([key, port]) => [`nodePorts.${key}`, port]);
  if (target === "embedded") {
    ports.push(
      ["embedded.apiPort", cluster.embedded.apiPort],
      ["embedded.registryPort", cluster.embedded.registryPort],
    );
  }
  for (const [key, port] of ports) {
    const owner = owners.get(port);
    if (owner !== undefined) problems.push(`${at}.${key}: port ${port} is already used by ${owner}; give another`);
    owners.set(port, key);
  }
  return problems;
}

function neededServices(config: PlatformConfig): string[] {
  const isOff = ({ name }: { readonly name: string }): boolean => !settingsOf(name, config).enabled;
  const problems = enabledRooms(config).flatMap(({ room: { name, needs } }) => {
    const off = needs?.of.filter(isOff).map((other) => other.name) ?? [];
    if (needs === undefined || off.length === 0) return [];
    return [
      `millrace:services.${name}: is enabled and needs ${off.join(", ")} (${needs.why}), which ${off.length === 1 ? "is" : "are"} ` +
        `not; enable ${off.join(", ")}, or set millrace:services.${name}.enabled to false`,
    ];
  });
  const off = rooms.filter((room) => room.onPath === true && isOff(room)).map(({ name }) => name);
  if (config.proof.enabled && off.length > 0) {
    problems.push(
      `millrace:proof: is enabled and needs the whole data path, but ${off.join(", ")} ${off.length === 1 ? "is" : "are"} ` +
        "not enabled; enable the rest of the path, or set millrace:proof.enabled to false",
    );
  }
  return problems;
}

function imageProblems(config: PlatformConfig): string[] {
  const { cluster } = config;
  if (cluster.target !== "cloud" || cluster.registry !== undefined) return [];
  const usesTools = enabledRooms(config).some(({ room }) => room.usesTools === true);
  const missing = rooms.filter((room) => {
    const own: { readonly enabled: boolean; readonly image?: string } = settingsOf(room.name, config);
    return imagesOf(room).some((image) => {
      const runs = image.isTools === true ? usesTools : isOwn(room, config);
      return runs && (image.wanted?.(own) ?? true) && own.image === undefined;
    });
  });
  if (missing.length === 0) return [];
  return [
    `millrace:cluster.registry: missing, and target cloud has no default; give a registry, or an image in ` +
      missing.map(({ name }) => `millrace:services.${name}.image`).join(", "),
  ];
}

function pullProblems({ cluster, images }: PlatformConfig): string[] {
  if (cluster.target !== "embedded" || !images.pullLogin) return [];
  return ["millrace:images.pullLogin: the registry of target embedded asks for no login; remove the setting"];
}

/** Pods that ask for more than they may use. */
function resourceProblems(config: PlatformConfig): string[] {
  return enabledRooms(config).flatMap(({ room, view }) =>
    Object.entries(room.sized?.(view.own) ?? {}).flatMap(([setting, resources]) =>
      sizeProblems(`${sectionOf(room)}.${setting}`, resources),
    ),
  );
}

/** Sets of settings that work and are risky; empty when there is none. */
export function riskWarnings(config: PlatformConfig): string[] {
  const warnings = [
    ...exposureWarnings(config),
    ...enabledRooms(config).flatMap(({ room, view }) => room.warnings?.(view) ?? []),
  ];
  if (!config.proof.enabled)
    warnings.push("millrace:proof.enabled: false, so a deploy does not show whether data flows");
  return warnings;
}

function exposureWarnings(config: PlatformConfig): string[] {
  const { exposure, ingress } = config.cluster;
  const at = "millrace:cluster";
  const warnings: string[] = [];
  if (ingress !== undefined && exposure !== "ingress") {
    warnings.push(`${at}.ingress: has no effect, for exposure is not ingress; set ${at}.exposure to ingress`);
  }
  if (exposure === "ingress" && ingress?.tls === undefined) {
    warnings.push(`${at}.ingress.tls: missing, so passwords, keys and data cross the network in clear`);
  }
  return warnings;
}
