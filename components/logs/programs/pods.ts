/** The pods of a namespace as they come, change and go. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { describeError } from "../../../platform/describe-error.ts";
import { type KubeApi, KubeRefusal } from "../../../platform/kube-api.ts";
import { LineSplitter } from "./lines.ts";

const stateSchema = z.looseObject({
  running: z.looseObject({ startedAt: z.string().optional() }).optional(),
  terminated: z.looseObject({ startedAt: z.string().nullish() }).optional(),
});
const statusesSchema = z
  .array(
    z.looseObject({
      name: z.string(),
      restartCount: z.int().default(0),
      state: stateSchema.default({}),
    }),
  )
  .default([]);
const podSchema = z.looseObject({
  metadata: z.looseObject({
    name: z.string(),
    namespace: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).default({}),
    // A label can't have every sign: who needs the word itself writes it here, too.
    annotations: z.record(z.string(), z.string()).default({}),
    resourceVersion: z.string().default(""),
  }),
  spec: z.looseObject({ nodeName: z.string().optional() }).default({}),
  status: z.looseObject({ containerStatuses: statusesSchema, initContainerStatuses: statusesSchema }).default({
    containerStatuses: [],
    initContainerStatuses: [],
  }),
});
const listSchema = z.looseObject({
  metadata: z.looseObject({ resourceVersion: z.string() }),
  items: z.array(z.unknown()),
});
const eventSchema = z.looseObject({ type: z.string(), object: z.looseObject({}) });

/** One container of a pod. */
export interface ContainerState {
  readonly namespace: string;
  readonly pod: string;
  readonly uid: string;
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly node: string | undefined;
  /** How often it was started anew. */
  readonly restarts: number;
  readonly state: "waiting" | "running" | "terminated";
  /** When this run of it began, in ISO 8601. */
  readonly startedAt: string | undefined;
}

export interface PodsListener {
  /** A container is there, or has changed. */
  changed(container: ContainerState): void;
  /** A pod is gone. */
  gone(uid: string): void;
}

/** Lines of a watch are whole pods. */
const LONGEST_EVENT = 4 * 1024 * 1024;
const PAUSE_MS = 2000;
const WATCH_SECONDS = 600;

export interface WatchOptions {
  readonly api: KubeApi;
  readonly namespace: string;
  readonly listener: PodsListener;
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Is told why the pods are not known now; `undefined`: they are. */
  readonly trouble?: (words: string | undefined) => void;
}

/** Tells of the pods of a namespace until the signal ends it. It throws nothing: it asks again. */
export async function watchPods(options: WatchOptions): Promise<void> {
  const { namespace, signal, log, trouble } = options;
  const known = new Set<string>();
  let problem = "";
  const isOver = (): boolean => signal.aborted;
  while (!isOver()) {
    try {
      let version = await listPods(options, known);
      problem = "";
      trouble?.(undefined);
      for (;;) version = await followPods(options, version, known);
    } catch (error) {
      if (isOver()) return;
      const isOld = error instanceof KubeRefusal && error.status === 410;
      const words = `pods of ${namespace}: ${describeError(error)}`;
      if (!isOld && words !== problem) log(words);
      problem = words;
      if (!isOld) trouble?.(words);
      await sleep(PAUSE_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

const pathOf = (namespace: string): string => `/api/v1/namespaces/${namespace}/pods`;

async function listPods({ api, namespace, listener, signal }: WatchOptions, known: Set<string>): Promise<string> {
  const { metadata, items } = listSchema.parse(await api.json(pathOf(namespace), signal));
  const there = new Set<string>();
  for (const item of items) there.add(tell(item, listener));
  for (const uid of known) if (!there.has(uid)) listener.gone(uid);
  known.clear();
  for (const uid of there) known.add(uid);
  return metadata.resourceVersion;
}

/** @returns the version up to which all is known @throws KubeRefusal with status 410 when the list must be read anew */
async function followPods(
  { api, namespace, listener, signal }: WatchOptions,
  from: string,
  known: Set<string>,
): Promise<string> {
  let version = from;
  const query = `watch=true&allowWatchBookmarks=true&timeoutSeconds=${WATCH_SECONDS}&resourceVersion=${version}`;
  const splitter = new LineSplitter(LONGEST_EVENT);
  for await (const chunk of await api.stream(`${pathOf(namespace)}?${query}`, signal)) {
    for (const line of splitter.push(chunk as Buffer)) {
      const { type, object } = eventSchema.parse(JSON.parse(line));
      if (type === "ERROR") throw new KubeRefusal(Number(object["code"] ?? 0), JSON.stringify(object["message"]));
      const { metadata } = z.looseObject({ metadata: z.looseObject({ resourceVersion: z.string() }) }).parse(object);
      version = metadata.resourceVersion;
      if (type === "BOOKMARK") continue;
      const uid = tell(object, listener);
      known.add(uid);
      if (type !== "DELETED") continue;
      known.delete(uid);
      listener.gone(uid);
    }
  }
  return version;
}

/** @returns the pod's uid */
function tell(item: unknown, listener: PodsListener): string {
  const { metadata, spec, status } = podSchema.parse(item);
  for (const { name, restartCount, state } of [...status.initContainerStatuses, ...status.containerStatuses]) {
    listener.changed({
      namespace: metadata.namespace,
      pod: metadata.name,
      uid: metadata.uid,
      container: name,
      labels: metadata.labels,
      annotations: metadata.annotations,
      node: spec.nodeName,
      restarts: restartCount,
      state: state.running !== undefined ? "running" : state.terminated !== undefined ? "terminated" : "waiting",
      startedAt: state.running?.startedAt ?? state.terminated?.startedAt ?? undefined,
    });
  }
  return metadata.uid;
}
