/** Waits until an object is ready, says what it waits for, and ends early when the cause is known and permanent. */

import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { quantityOf } from "../../platform/quantity.ts";
import type { StepContext } from "../provider.ts";
import { objectOf, type Props, textOf } from "../values.ts";
import { failureCause, podCause, type PodView } from "./kubernetes-causes.ts";
import { type KubernetesApi, unlessAway } from "./kubernetes-api.ts";

/** What a wait needs of the API. */
export type ObjectView = PodView & Pick<KubernetesApi, "get"> & Partial<Pick<KubernetesApi, "watch">>;

/** What one look at an object says. */
export type Readiness =
  | { readonly kind: "ready" }
  | { readonly kind: "failed"; readonly message: string }
  | { readonly kind: "waiting"; readonly message: string };

const ready: Readiness = { kind: "ready" };
const longestPauseMs = 1_000;
/** Whoever waits longer than for a moment is told of changes. */
const watchedPauseMs = 300;
/** The pods are looked at this often. */
const causeEveryMs = 2_500;

type WaitContext = Pick<StepContext, "progress" | "signal">;

/** Resolves with the live object once it is ready; rejects with the cause, after `seconds` at the latest. */
export async function awaitReady(
  api: ObjectView,
  path: string,
  first: Props,
  seconds: number,
  context: WaitContext,
): Promise<Props> {
  const pauses = new Pauses(api, path);
  try {
    return await lookUntilReady({ api, path, first, seconds, pauses }, context);
  } finally {
    pauses.end();
  }
}

/** Pauses between looks at an object, cut short when it changes. Where the server does not tell, they last their time. */
class Pauses {
  readonly #api: ObjectView;
  readonly #path: string;
  readonly #end = new AbortController();
  #isWatching = false;
  #hasChanged = false;
  #wake: () => void = () => undefined;

  constructor(api: ObjectView, path: string) {
    this.#api = api;
    this.#path = path;
  }

  /** @throws when the signal is aborted */
  async next(ms: number, signal: AbortSignal): Promise<void> {
    if (ms >= watchedPauseMs && !this.#isWatching) {
      this.#isWatching = true;
      this.#api
        .watch?.(
          this.#path,
          () => {
            this.#hasChanged = true;
            this.#wake();
          },
          this.#end.signal,
        )
        .catch(() => undefined);
    }
    if (!this.#hasChanged) {
      const awake = new AbortController();
      this.#wake = () => {
        awake.abort();
      };
      await sleep(ms, undefined, { signal: AbortSignal.any([signal, awake.signal]) }).catch(() => undefined);
    }
    this.#hasChanged = false;
    signal.throwIfAborted();
  }

  end(): void {
    this.#end.abort();
  }
}

interface Wait {
  readonly api: ObjectView;
  readonly path: string;
  readonly first: Props;
  readonly seconds: number;
  readonly pauses: Pauses;
}

async function lookUntilReady({ api, path, first, seconds, pauses }: Wait, context: WaitContext): Promise<Props> {
  const started = Date.now();
  const kind = String(first["kind"]);
  let live = first;
  let said = "";
  let pause = 100;
  let nextCause = started + 1_000;
  let cause: string | undefined;
  let isAway = false;
  for (;;) {
    const state = readiness(kind, live, first);
    const isUnbound = kind === "PersistentVolumeClaim" && objectOf(live["status"])["phase"] !== "Bound";
    if (state.kind === "ready" || (isUnbound && (await unlessAway(() => waitsForConsumer(api, live), false)))) {
      return live;
    }
    if (state.kind === "failed") {
      const why = (await unlessAway(() => failureCause(api, live), "")) || cause; // a Job may delete its failed pods
      throw new Error(why === undefined ? state.message : `${state.message}: ${why}`);
    }
    if (Date.now() >= nextCause) {
      nextCause = Date.now() + causeEveryMs;
      const found = await unlessAway(() => podCause(api, live, Date.now() - started), undefined);
      cause = found?.message;
      if (found?.permanent === true) {
        throw new Error(found.message);
      }
    }
    if (Date.now() - started > seconds * 1000) {
      throw new Error(
        `not ready after ${seconds} s: ${isAway ? "the API server does not answer" : (cause ?? state.message)}`,
      );
    }
    const why = isAway ? "the API server does not answer" : cause;
    const message = why === undefined ? state.message : `${state.message} (${why})`;
    if (message !== said) {
      context.progress(message);
      said = message;
    }
    try {
      await pauses.next(pause, context.signal);
    } catch {
      throw new Error(`interrupted while waiting: ${message}`);
    }
    pause = Math.min(pause * 1.5, longestPauseMs);
    const next = await unlessAway<Props | "away" | undefined>(() => api.get(path), "away");
    if (next === undefined) {
      throw new Error("it was deleted while it was waited for");
    }
    isAway = next === "away";
    live = next === "away" ? live : next;
  }
}

/** Whether an object is ready, by its own status; a failure that `before` showed already says nothing of what came since. */
export function readiness(kind: string, live: Props, before?: Props): Readiness {
  const spec = objectOf(live["spec"]);
  const status = objectOf(live["status"]);
  const generation = Number(objectOf(live["metadata"])["generation"] ?? 0);
  const seen = Number(status["observedGeneration"] ?? 0) >= generation;
  switch (kind) {
    case "Deployment": {
      const wanted = count(spec["replicas"], 1);
      const updated = count(status["updatedReplicas"], 0);
      const available = count(status["availableReplicas"], 0);
      const all = count(status["replicas"], 0);
      if (seen && updated >= wanted && available >= wanted && all === updated) {
        return ready;
      }
      const progress = condition(status, "Progressing");
      const isStale = isDeepStrictEqual(progress, condition(objectOf(before?.["status"]), "Progressing"));
      return seen && progress?.["reason"] === "ProgressDeadlineExceeded" && !isStale
        ? { kind: "failed", message: `the roll-out made no progress: ${String(progress["message"])}` }
        : { kind: "waiting", message: `${Math.min(available, updated)} of ${wanted} pods ready` };
    }
    case "StatefulSet": {
      const wanted = count(spec["replicas"], 1);
      const readyPods = count(status["readyReplicas"], 0);
      const updated = count(status["updatedReplicas"], 0);
      const onDelete = objectOf(spec["updateStrategy"])["type"] === "OnDelete";
      const rolled =
        onDelete || (updated >= wanted && status["currentRevision"] === status["updateRevision"]) || wanted === 0;
      return seen && readyPods >= wanted && rolled
        ? ready
        : { kind: "waiting", message: `${readyPods} of ${wanted} pods ready` };
    }
    case "DaemonSet": {
      const wanted = count(status["desiredNumberScheduled"], 0);
      const available = count(status["numberAvailable"], 0);
      return seen && available >= wanted && count(status["updatedNumberScheduled"], 0) >= wanted
        ? ready
        : { kind: "waiting", message: `${available} of ${wanted} nodes ready` };
    }
    case "Job": {
      if (spec["suspend"] === true || condition(status, "Complete") !== undefined) {
        return ready;
      }
      const failed = condition(status, "Failed");
      return failed === undefined
        ? { kind: "waiting", message: count(status["active"], 0) > 0 ? "the job runs" : "the job starts" }
        : { kind: "failed", message: `the job failed (${String(failed["reason"] ?? failed["message"])})` };
    }
    case "Pod":
      if (status["phase"] === "Succeeded" || condition(status, "Ready") !== undefined) {
        return ready;
      }
      return status["phase"] === "Failed"
        ? { kind: "failed", message: "the pod failed" }
        : { kind: "waiting", message: `the pod is ${textOf(status["phase"], "Pending")}` };
    case "PersistentVolumeClaim":
      return claimReadiness(spec, status);
    case "Service": {
      const balanced = objectOf(status["loadBalancer"])["ingress"];
      return spec["type"] !== "LoadBalancer" || (Array.isArray(balanced) && balanced.length > 0)
        ? ready
        : { kind: "waiting", message: "the cloud makes the load balancer" };
    }
    case "CustomResourceDefinition":
      return condition(status, "Established") === undefined
        ? { kind: "waiting", message: "the API server takes up the kind" }
        : ready;
    default:
      return ready;
  }
}

/** A claim is ready when it is bound, and has grown to what it asks for. */
function claimReadiness(spec: Props, status: Props): Readiness {
  if (status["phase"] === "Lost") {
    return { kind: "failed", message: "the claim lost its volume" };
  }
  if (status["phase"] !== "Bound") {
    return { kind: "waiting", message: "the claim waits for a volume" };
  }
  const wanted = textOf(objectOf(objectOf(spec["resources"])["requests"])["storage"]);
  const given = textOf(objectOf(status["capacity"])["storage"]);
  if ((quantityOf(given) ?? Infinity) >= (quantityOf(wanted) ?? 0)) {
    return ready;
  }
  const said = ["ControllerResizeError", "NodeResizeError", "FileSystemResizePending", "Resizing"]
    .map((type) => condition(status, type))
    .find((entry) => entry !== undefined);
  const why = said === undefined ? "" : `: ${textOf(said["message"]) || textOf(said["type"])}`;
  return { kind: "waiting", message: `the claim grows from ${given} to ${wanted}${why}` };
}

/** A claim of a class that binds on first use is ready as soon as it exists. */
async function waitsForConsumer(api: Pick<KubernetesApi, "get" | "list">, claim: Props): Promise<boolean> {
  const name = objectOf(claim["spec"])["storageClassName"];
  if (typeof name !== "string" || name === "") {
    return false;
  }
  const path = "/apis/storage.k8s.io/v1/storageclasses";
  const found = await api.get(`${path}/${name}`);
  if (found === undefined) {
    const names = (await api.list(path)).map((item) => String(objectOf(item["metadata"])["name"]));
    throw new Error(`the StorageClass "${name}" does not exist; the cluster has: ${names.join(", ") || "none"}`);
  }
  return found["volumeBindingMode"] === "WaitForFirstConsumer";
}

function count(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

/** The condition of this type when it is true, or, for Progressing, whatever it says. */
function condition(status: Props, type: string): Props | undefined {
  const all = Array.isArray(status["conditions"]) ? (status["conditions"] as Props[]) : [];
  return all.find((entry) => entry["type"] === type && (entry["status"] === "True" || type === "Progressing"));
}
