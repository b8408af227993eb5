/** Members of a set that go: they hand their data over while they run, and are taken away when they have. */
import { Writable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { Exec, type V1Status } from "@kubernetes/client-node";
import { HANDED_OVER_ANNOTATION, livePlatform } from "../clusters/claims.ts";
import { KubeError } from "../clusters/kubernetes-client.ts";
import { shrinking } from "../config/other-members.ts";
import type { LivePlatform } from "../config/live-platform.ts";
import { readKubeconfig } from "../clusters/kubeconfig.ts";
import type { Leaving } from "../platform/service.ts";
import { claimName } from "../platform/names.ts";
import { UserError, messageOf } from "./errors.ts";
import { connect, type Kube } from "./kube.ts";
import { ownerOf } from "./owner.ts";
import { during, type Progress } from "./progress.ts";
import type { Stack } from "./stack.ts";

/** Lines of a log in which a program says why it ended. */
const LAST_LINES = 30;
const POLL_MS = 1000;

interface PodObject {
  readonly spec: { readonly containers: readonly { readonly name: string }[] };
  readonly status?: { readonly podIP?: string };
}
interface SetObject {
  readonly spec: { readonly volumeClaimTemplates?: readonly { readonly metadata: { readonly name: string } }[] };
}

/** Runs a program in a pod. @returns what it printed @throws Error with its words when it failed, or can't be run */
export type RunInPod = (pod: string, container: string, command: readonly string[]) => Promise<string>;

/** What the members of a set need of the cluster. */
export interface SetPlace {
  readonly kube: Pick<Kube, "get" | "patch" | "delete" | "text">;
  readonly run: RunInPod;
  readonly namespace: string;
  /** Name of the set. */
  readonly set: string;
}

/**
 * Has the members that the config no longer has hand their data over, where a service can, and removes claims of those that have.
 * @throws UserError when one can't: it is there with its data, and so are those before it.
 */
export async function takeMembersAway(stack: Stack, progress: Progress, signal: AbortSignal): Promise<void> {
  const { namespace } = stack.config.cluster;
  const { id } = ownerOf(stack.name);
  const live = await livePlatform(stack.profile, {
    namespaces: [namespace],
    ...(id === undefined ? {} : { stackId: id }),
  });
  if (live === undefined) return;
  const kube = connect(stack.profile);
  await removeEmptyClaims(kube, live);
  for (const { claims, there, wanted } of shrinking(live, stack.config)) {
    await during(progress, claims.set, async ({ detail }) => {
      const place = { kube, run: runInPod(stack, signal), namespace, set: claims.set };
      const leaving = membersOf(place, { there, wanted, signal, log: detail });
      await claims.handOver(leaving).catch((error: unknown) => {
        if (signal.aborted) {
          throw new UserError(
            `stopped: a ${claims.set} member that is handing over its data continues, and the next up continues from there`,
          );
        }
        throw new UserError(
          `${claims.set}: ${there - wanted} of ${there} were to hand over their data and be removed. This was interrupted; no data is lost: ` +
            messageOf(error),
        );
      });
    });
  }
}

/** What an earlier run did not come to: their members are gone, and what was on them is elsewhere. */
export async function removeEmptyClaims(kube: Pick<Kube, "delete">, live: LivePlatform): Promise<void> {
  for (const { namespace, service, ordinal, name } of live.emptyClaims ?? []) {
    const set = live.sets.find((one) => one.namespace === namespace && one.service === service);
    if (set === undefined || ordinal < set.replicas) continue;
    await kube.delete(`/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}`);
  }
}

/** The members of a set, as they are in the cluster. */
export function membersOf(
  { kube, run, namespace, set }: SetPlace,
  change: Pick<Leaving, "there" | "wanted" | "signal" | "log" | "pauseMs">,
): Leaving {
  const name = (ordinal: number): string => `${set}-${ordinal}`;
  const podPath = (ordinal: number): string => `/api/v1/namespaces/${namespace}/pods/${name(ordinal)}`;
  const setPath = `/apis/apps/v1/namespaces/${namespace}/statefulsets/${set}`;
  const pod = (ordinal: number): Promise<PodObject | undefined> => unlessGone(kube.get<PodObject>(podPath(ordinal)));

  return {
    ...change,
    name,
    address: async (ordinal) => (await pod(ordinal))?.status?.podIP,
    async run(ordinal, command) {
      const container = (await pod(ordinal))?.spec.containers[0]?.name;
      if (container === undefined) throw new Error(`there is no pod ${name(ordinal)}`);
      return await run(name(ordinal), container, command);
    },
    async lastWords(ordinal) {
      const words = ["false", "true"].map((previous) =>
        kube.text(`${podPath(ordinal)}/log?tailLines=${LAST_LINES}&previous=${previous}`).catch(() => ""),
      );
      return (await Promise.all(words)).join("\n");
    },
    async remove(ordinal) {
      const { spec } = await kube.get<SetObject>(setPath);
      const claims = (spec.volumeClaimTemplates ?? []).map(
        ({ metadata }) =>
          `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${claimName(metadata.name, set, ordinal)}`,
      );
      // From here on the next run knows that nothing is lost with them, wherever this one is broken off.
      const annotations = { [HANDED_OVER_ANNOTATION]: new Date().toISOString() };
      for (const claim of claims) await kube.patch(claim, { metadata: { annotations } });
      await kube.patch(`${setPath}/scale`, { spec: { replicas: ordinal } });
      while ((await pod(ordinal)) !== undefined) {
        change.log(`${name(ordinal)}: waiting until it is gone`);
        await sleep(change.pauseMs ?? POLL_MS, undefined, { signal: change.signal });
      }
      for (const claim of claims) await kube.delete(claim);
    },
  };
}

async function unlessGone<T>(asked: Promise<T>): Promise<T | undefined> {
  return await asked.catch((error: unknown) => {
    if (error instanceof KubeError && error.status === 404) return undefined;
    throw error;
  });
}

function runInPod({ profile, config }: Stack, signal: AbortSignal): RunInPod {
  return async (pod, container, command) => {
    signal.throwIfAborted();
    const kubeconfig = readKubeconfig(profile.kubeconfig);
    kubeconfig.setCurrentContext(profile.context);
    let printed = "";
    const collect = (): Writable =>
      new Writable({
        write(chunk: Buffer, _encoding, done) {
          printed += chunk.toString("utf8");
          done();
        },
      });
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const failed = (why: string): void => {
      reject(new Error(`${command.join(" ")} in ${pod}: ${[why, printed.trim()].filter(Boolean).join(": ")}`));
    };
    const onStatus = (status: V1Status): void => {
      if (status.status === "Success") resolve(printed);
      else failed(status.message ?? "failed");
    };
    const { namespace } = config.cluster;
    const socket = (await new Exec(kubeconfig).exec(
      namespace,
      pod,
      container,
      [...command],
      collect(),
      collect(),
      null,
      false,
      onStatus,
    )) as unknown as { on(event: "close", listener: () => void): void; close(): void };
    socket.on("close", () => {
      failed("the connection was closed before its end");
    });
    const stop = (): void => {
      failed("stopped");
      socket.close();
    };
    signal.addEventListener("abort", stop, { once: true });
    return await promise.finally(() => {
      signal.removeEventListener("abort", stop);
      socket.close();
    });
  };
}
