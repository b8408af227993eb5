/** A cluster as far as a Job on demand needs it: one template, one pod that goes through these states, and its logs. */
import type { JobKube } from "../../cli/job.ts";
import { KubeError } from "../../clusters/kubernetes-client.ts";
import type { ContainerStatus, Pod } from "../../cli/services.ts";

export interface FakeJobContent {
  /** @default - there is none */
  readonly template?: object;
  /** Paths beside the Job's own that are there. */
  readonly objects?: Readonly<Record<string, unknown>>;
  /** Events of the namespace. @default - none */
  readonly events?: readonly object[];
  /** What each look at the pod finds; the last stays. `undefined`: no pod. */
  readonly pods: readonly (Pod | undefined)[];
  /** What each look at the Job's status finds; the last stays. */
  readonly ends?: readonly object[];
  /** Log by container; a text is its lines, an error breaks it off. */
  readonly logs?: Readonly<Record<string, string | Error>>;
}

interface PostedJob {
  readonly metadata: { readonly name: string; readonly labels: object };
  readonly spec: Record<string, unknown>;
}

export class FakeJobKube implements JobKube {
  readonly posted: PostedJob[] = [];
  readonly deleted: string[] = [];
  readonly deleteOptions: unknown[] = [];
  readonly followed: string[] = [];
  readonly #content: FakeJobContent;
  readonly #pods: (Pod | undefined)[];
  readonly #ends: object[];

  constructor(content: FakeJobContent) {
    this.#content = content;
    this.#pods = [...content.pods];
    this.#ends = [...(content.ends ?? [{ succeeded: 1 }])];
  }

  get<T>(path: string): Promise<T> {
    if (path.includes("/pods?")) {
      const pod = nextOf(this.#pods);
      return Promise.resolve({ items: pod === undefined ? [] : [pod] } as T);
    }
    if (path.includes("/events?")) return Promise.resolve({ items: this.#content.events ?? [] } as T);
    if (path.includes("/jobs/")) return Promise.resolve({ status: nextOf(this.#ends) ?? {} } as T);
    const found = path.includes("/cronjobs/") ? this.#content.template : this.#content.objects?.[path];
    return found === undefined ? Promise.reject(new KubeError(404, "not found")) : Promise.resolve(found as T);
  }

  post<T>(_path: string, body: unknown): Promise<T> {
    this.posted.push(body as PostedJob);
    return Promise.resolve({} as T);
  }

  delete(path: string, options?: unknown): Promise<void> {
    this.deleted.push(path);
    this.deleteOptions.push(options);
    return Promise.resolve();
  }

  follow(path: string, onLine: (line: string) => void): Promise<void> {
    const container = new URLSearchParams(path.split("?")[1]).get("container") ?? "";
    this.followed.push(container);
    const log = this.#content.logs?.[container] ?? "";
    if (log instanceof Error) return Promise.reject(log);
    for (const line of log.split("\n")) onLine(line);
    return Promise.resolve();
  }
}

function nextOf<T>(states: T[]): T | undefined {
  return states.length > 1 ? states.shift() : states[0];
}

type State = "waiting" | "running" | number | { readonly reason: string; readonly message?: string };

/** A pod with a first and a main container in these states; a number is an exit code. */
export function twoStepPod(phase: string, first: State, main: State): Pod {
  const statusOf = (name: string, state: State): ContainerStatus => ({
    name,
    ready: false,
    restartCount: 0,
    image: "tools:1",
    state:
      state === "running"
        ? { running: {} }
        : state === "waiting"
          ? { waiting: { reason: "PodInitializing" } }
          : typeof state === "number"
            ? { terminated: { exitCode: state } }
            : { waiting: state },
  });
  return {
    metadata: { name: "job-pod", creationTimestamp: "2026-11-21T03:17:00Z" },
    spec: { initContainers: [{ name: "first" }], containers: [{ name: "main" }] },
    status: {
      phase,
      initContainerStatuses: [statusOf("first", first)],
      containerStatuses: [statusOf("main", main)],
    },
  };
}

/** The status of a Job whose pod has failed. */
export const failedJob = {
  conditions: [
    {
      type: "Failed",
      status: "True",
      reason: "BackoffLimitExceeded",
      message: "Job has reached the specified backoff limit",
    },
  ],
};
