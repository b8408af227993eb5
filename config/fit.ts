/** Whether the platform fits a cluster: the sum of what its pods request against what the nodes can give. */
import { cpuMillis, mebibytes } from "../platform/quantity.ts";
import { type Resources, setupResources } from "../platform/resources.ts";
import type { Pods, Service } from "../platform/service.ts";
import { isOwn, rooms, settingsOf, viewOf } from "./rooms.ts";
import type { PlatformConfig } from "./schema.ts";

/** What one part of the platform requests. */
export interface Footprint {
  /** Name of the service; `cluster` is what the cluster itself runs: DNS, volumes, registry, metrics. */
  readonly service: string;
  readonly cpuMillis: number;
  readonly memoryMi: number;
  /** Claims of the service, in GiB. */
  readonly diskGi: number;
}

/** What the nodes can give to pods, all nodes together. */
export interface Allocatable {
  readonly cpuMillis: number;
  readonly memoryMi: number;
}

export interface Fit {
  readonly fits: boolean;
  readonly need: Allocatable;
  readonly have: Allocatable;
  /** What to do when it does not fit, with the sums; empty when it fits. */
  readonly proposal: string;
}

const CLUSTER: Footprint = { service: "cluster", cpuMillis: 200, memoryMi: 320, diskGi: 0 };

/** What each enabled part of the platform requests, in the order of the data path. */
export function footprint(config: PlatformConfig): Footprint[] {
  const own = rooms.filter((room) => isOwn(room, config));
  const rows = own.map((room) => row(room.name, room.pods?.(viewOf(room, config)) ?? []));
  const setup = own.some(({ setsUp }) => setsUp === true) ? [row("setup", [{ resources: setupResources() }])] : [];
  return [CLUSTER, ...rows, ...setup].filter(({ cpuMillis }) => cpuMillis > 0);
}

function row(service: string, pods: readonly Pods[]): Footprint {
  const sum = (of: (requests: Resources["requests"], pod: Pods) => number): number =>
    pods.reduce((all, pod) => all + of(pod.resources.requests, pod) * (pod.count ?? 1), 0);
  return {
    service,
    cpuMillis: sum(({ cpu }) => cpuMillis(cpu)),
    memoryMi: sum(({ memory }) => mebibytes(memory)),
    diskGi: sum((_, { data }) => (data?.kind === "persistent" ? mebibytes(data.size) / 1024 : 0)),
  };
}

/** Compares what the platform requests with what the nodes can give, and proposes a way out when it is too much. */
export function fit(config: PlatformConfig, have: Allocatable): Fit {
  const rows = footprint(config);
  const need = total(rows);
  const fits = enough(need, have);
  return { fits, need, have, proposal: fits ? "" : proposal(config, rows, need, have) };
}

function total(rows: readonly Footprint[]): Allocatable {
  return {
    cpuMillis: rows.reduce((all, { cpuMillis }) => all + cpuMillis, 0),
    memoryMi: rows.reduce((all, { memoryMi }) => all + memoryMi, 0),
  };
}

function enough(need: Allocatable, have: Allocatable): boolean {
  return need.cpuMillis <= have.cpuMillis && need.memoryMi <= have.memoryMi;
}

function proposal(config: PlatformConfig, rows: readonly Footprint[], need: Allocatable, have: Allocatable): string {
  const short = need.memoryMi > have.memoryMi ? "memoryMi" : "cpuMillis";
  const largest = rows
    .filter(({ service }) => service !== "cluster")
    .sort((a, b) => b[short] - a[short])
    .slice(0, 3)
    .map((part) => `${part.service} ${amount(short, part[short])}`);
  return (
    `the platform requests ${amounts(need)}, and the nodes can give ${amounts(have)}; ` +
    `the largest parts are ${largest.join(", ")}; ${wayOut(config, have)}`
  );
}

/**
 * Ways to need less, each with those before it; smaller before fewer, and comfort before the data path. None takes away a
 * broker, a node or a service that keeps data.
 */
function reductions(config: PlatformConfig): { readonly words: string; readonly config: PlatformConfig }[] {
  const on = rooms.filter(({ name }) => settingsOf(name, config).enabled);
  const shrinks = on.flatMap((room) =>
    (room.shrinks ?? [])
      .filter((shrink) => shrink.applies(settingsOf(room.name, config)))
      .map(({ rank, set }) => ({ rank, room, set })),
  );
  const goers = on.filter(({ goes }) => goes !== undefined);
  let now = config;
  const step = (room: Service, set: object, words: string): { words: string; config: PlatformConfig } => {
    const settings = { ...settingsOf(room.name, now), ...set };
    now = { ...now, services: { ...now.services, [room.name]: settings } };
    return { words, config: now };
  };
  return [
    ...shrinks
      .sort((a, b) => a.rank - b.rank)
      .map(({ room, set }) => {
        const values = Object.entries(set).map(([key, value]) => `${key} to ${value}`);
        return step(room, set, `set millrace:services.${room.name}.${values.join(" and ")}`);
      }),
    ...goers
      .sort((a, b) => (a.goes ?? 0) - (b.goes ?? 0))
      .map((room) => {
        // The proof asks the whole path.
        if (room.onPath === true) now = { ...now, proof: { ...now.proof, enabled: false } };
        const proof = room.onPath === true ? " and millrace:proof.enabled" : "";
        return step(room, { enabled: false }, `set millrace:services.${room.name}.enabled${proof} to false`);
      }),
  ];
}

function wayOut(config: PlatformConfig, have: Allocatable): string {
  const taken: string[] = [];
  for (const step of reductions(config)) {
    taken.push(step.words);
    if (enough(total(footprint(step.config)), have)) return `to make it fit, ${taken.join(", ")}`;
  }
  const least = total(footprint(reductions(config).at(-1)?.config ?? config));
  return `no smaller set of services fits either (the smallest needs ${amounts(least)}); give the nodes more`;
}

function amounts({ cpuMillis, memoryMi }: Allocatable): string {
  return `${amount("cpuMillis", cpuMillis)} and ${amount("memoryMi", memoryMi)} of memory`;
}

function amount(what: keyof Allocatable, value: number): string {
  return what === "cpuMillis" ? `${(value / 1000).toFixed(2)} cores` : `${(value / 1024).toFixed(2)} GiB`;
}
