/** How long it takes until the proof is green again after the pod of a service was killed: each pod of the platform in turn. */
import { setTimeout as sleep } from "node:timers/promises";
import { UserError } from "../cli/errors.ts";
import type { Kube } from "../cli/kube.ts";
import type { OptionSpecs, OptionValues } from "../cli/options.ts";
import { text } from "../cli/options.ts";
import { runProof } from "../cli/proof.ts";
import type { Pod } from "../cli/services.ts";
import { table } from "../cli/table.ts";
import { COMPONENT_LABEL, NAME_LABEL, PART_OF_LABEL } from "../platform/names.ts";
import type { Bench } from "./bench.ts";
import { readNumbers } from "./options.ts";
import type { BenchResult } from "./settings.ts";
import { type Site, siteOf, siteOptions } from "./site.ts";

/** Seconds until the proof is green, by profile. */
const bars: Readonly<Record<string, number>> = { core: 90 };
const keepers = ["ReplicaSet", "StatefulSet", "DaemonSet"];

const options = {
  ...siteOptions,
  service: { type: "string", value: "name", help: "kill the pods of this service alone (default: of all)" },
  limit: { type: "string", value: "s", help: "seconds after which a pod counts as not repaired (default: 600)" },
} as const satisfies OptionSpecs;

export const kill: Bench = {
  name: "kill",
  summary: "seconds until the proof is green after each pod of the platform was killed in turn",
  options,
  run: async (values, log) => await benchKill(await siteOf(values), settingsOf(values), log),
  onTrial: async (values, trial, log) => {
    const settings = settingsOf(values);
    await trial.up();
    return await benchKill(trial.site(), settings, log);
  },
};

interface Settings {
  readonly service: string | undefined;
  /** In ms. */
  readonly limitMs: number;
}

const settingsOf = (values: OptionValues): Settings => ({
  service: text(values, "service"),
  limitMs: readNumbers(values, { limit: { byDefault: 600, least: 10 } }).limit * 1000,
});

export type PlatformPod = Pod & { readonly metadata: { readonly namespace: string } };

/** A pod that is killed. */
export interface Victim {
  /** `postgres` or `airflow/scheduler`; of several pods of one kind the name of the pod. */
  readonly name: string;
  readonly pod: string;
  readonly uid: string;
  readonly namespace: string;
}

const workloadOf = ({ metadata }: PlatformPod): string => {
  const [service, component] = [metadata.labels?.[NAME_LABEL] ?? "", metadata.labels?.[COMPONENT_LABEL] ?? ""];
  return component === "" || component === service ? service : `${service}/${component}`;
};

const isKept = ({ metadata }: PlatformPod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (metadata.ownerReferences?.some(({ kind }) => keepers.includes(kind)) ?? false);

const isReady = ({ status }: PlatformPod): boolean =>
  status?.conditions?.some(({ type, status: is }) => type === "Ready" && is === "True") ?? false;

/**
 * The pods that something keeps up, in the order of their names: Jobs, executors and notebook servers end by themselves.
 * @throws UserError when there is none
 */
export function victimsOf(pods: readonly PlatformPod[], service?: string): Victim[] {
  const kept = pods.filter(isKept);
  const all = kept.map((pod) => {
    const name = workloadOf(pod);
    const isAlone = kept.filter((other) => workloadOf(other) === name).length === 1;
    const { name: own, uid = "", namespace } = pod.metadata;
    return { name: isAlone ? name : own, pod: own, uid, namespace, service: name.split("/")[0] };
  });
  const chosen = all.filter((one) => service === undefined || one.service === service);
  if (chosen.length > 0) {
    return chosen
      .map(({ name, pod, uid, namespace }) => ({ name, pod, uid, namespace }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  }
  if (all.length === 0) throw new UserError("bench kill: no pod of the platform runs; npm run up");
  const names = [...new Set(all.map((one) => one.service))].sort().join(", ");
  throw new UserError(`bench kill: --service "${service ?? ""}" has no pod; there are ${names}`);
}

/** What became of one kill. */
export interface Repair {
  readonly name: string;
  /** Until the proof was green; `null`: not within the time. */
  readonly seconds: number | null;
  /** Proofs that were red before. */
  readonly redProofs: number;
}

const podsOf = async (kube: Pick<Kube, "get">): Promise<readonly PlatformPod[]> => {
  const selector = encodeURIComponent(`${PART_OF_LABEL}=millrace`);
  return (await kube.get<{ readonly items: readonly PlatformPod[] }>(`/api/v1/pods?labelSelector=${selector}`)).items;
};

async function benchKill(
  site: Site,
  { service, limitMs }: Settings,
  log: (line: string) => void,
): Promise<BenchResult> {
  const { kube, profile } = site;
  const victims = victimsOf(await podsOf(kube), service);
  const proof = async (): Promise<boolean> => {
    const namespace = victims[0]?.namespace ?? "";
    return (
      (await runProof(kube, { namespace, signal: AbortSignal.timeout(limitMs) }).catch(() => undefined))?.ok === true
    );
  };
  if (!(await proof())) throw new UserError("bench kill: the proof is red before anything was killed; npm run status");
  const repairs: Repair[] = [];
  for (const victim of victims) {
    const repair = await repaired(kube, victim, proof, limitMs);
    log(`kill: ${repair.name}: ${repair.seconds === null ? "not repaired" : `${repair.seconds.toFixed(1)} s`}`);
    repairs.push(repair);
    // What follows would tell of this one.
    if (repair.seconds === null) break;
  }
  return resultOf(repairs, { profile, pods: victims.length });
}

/** Kills a pod as a crash does, and proves until the proof is green and its successor ready. */
async function repaired(
  kube: Pick<Kube, "get" | "delete">,
  { name, pod, uid, namespace }: Victim,
  proof: () => Promise<boolean>,
  limitMs: number,
): Promise<Repair> {
  const ready = async (): Promise<number> => (await podsOf(kube)).filter((one) => isKept(one) && isReady(one)).length;
  const before = await ready();
  const started = Date.now();
  await kube.delete(`/api/v1/namespaces/${namespace}/pods/${pod}`, { gracePeriodSeconds: 0, preconditions: { uid } });
  let redProofs = 0;
  while (Date.now() - started < limitMs) {
    const isGreen = await proof();
    if (isGreen && (await ready()) >= before) return { name, seconds: (Date.now() - started) / 1000, redProofs };
    if (!isGreen) redProofs++;
    await sleep(500);
  }
  return { name, seconds: null, redProofs };
}

export function resultOf(
  repairs: readonly Repair[],
  { profile, pods }: { readonly profile: string; readonly pods: number },
): BenchResult {
  const bar = bars[profile];
  const slowest = repairs.reduce((most, { seconds }) => Math.max(most, seconds ?? Infinity), 0);
  const verdicts = {
    allRepaired: repairs.length === pods && repairs.every(({ seconds }) => seconds !== null),
    ...(bar === undefined ? {} : { slowest: slowest <= bar }),
  };
  const rows = repairs.map(({ name, seconds, redProofs }) => [
    name,
    seconds === null ? "not repaired" : `${seconds.toFixed(1)} s`,
    String(redProofs),
  ]);
  const words = `${repairs.length} of ${pods} pods killed; slowest ${slowest === Infinity ? "none" : `${slowest.toFixed(1)} s`}`;
  return {
    document: {
      bench: Object.values(verdicts).every(Boolean) ? "ok" : "failed",
      profile,
      repairs,
      bar: bar ?? null,
      verdicts,
    },
    text: `${table(["pod killed", "proof green after", "red before"], rows)}\n\n${words}${bar === undefined ? "" : `; wanted <= ${bar} s`}`,
    figures: repairs.map(({ name, seconds }) => ({
      measure: `${name} killed, proof green`,
      value: seconds,
      unit: "s",
    })),
  };
}
