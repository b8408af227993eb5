/** Watches over connectors: keeps them as they are wanted, starts what has failed anew, and knows how all are. */
import { applyConnectors, OURS, OWNER } from "./apply.ts";
import { type ConnectApi, type ConnectorList, failureIn } from "./connect-api.ts";
import type { Wanted } from "./wanted.ts";

const SECOND = 1000;
/** Time after a failure until the next start, in ms; each further failure doubles it up to the longest. */
const SHORTEST_PAUSE = 5 * SECOND;
const LONGEST_PAUSE = 5 * 60 * SECOND;
/** Time without a failure after which the next one is a first one again, in ms. */
const CALM = 10 * 60 * SECOND;

/** How a connector is. `done`: a replay that has sent everything. */
export type Condition = "running" | "failed" | "refused" | "missing" | "paused" | "starting" | "done";

export interface ConnectorReport {
  readonly name: string;
  /** Whether the platform has made it. */
  readonly isOurs: boolean;
  readonly condition: Condition;
  readonly tasks: { readonly running: number; readonly all: number };
  /** Records that it has not read yet. @default - it reads no topic, or nobody knows */
  readonly lag?: number;
  /** Starts anew of what had failed, since the supervisor runs. */
  readonly restarts: number;
  /** What is wrong now, in words. */
  readonly problem?: string;
  /** What the last failure was, in words, also when it runs again. */
  readonly lastFailure?: { readonly at: string; readonly words: string };
  /** When the next start is due, in ISO 8601. */
  readonly nextStart?: string;
}

export interface SupervisorReport {
  /** When Connect last answered, in ISO 8601; `null`: not yet. */
  readonly seen: string | null;
  /** Why Connect does not answer. */
  readonly problem?: string;
  readonly connectors: readonly ConnectorReport[];
}

/** What is kept of a connector between two looks. */
interface Memory {
  restarts: number;
  /** Failures in a row. */
  failures: number;
  lastFailure?: { at: number; words: string };
  nextStart?: number;
}

export interface WatchOptions {
  readonly api: ConnectApi;
  readonly wanted: Wanted;
  /** Records that a consumer group has not read yet. */
  readonly lagOf: (group: string) => Promise<number | undefined>;
  readonly log: (line: string) => void;
  readonly now?: () => number;
}

type Listed = ConnectorList[string];

export class Watch {
  readonly #options: WatchOptions;
  readonly #memories = new Map<string, Memory>();
  #report: SupervisorReport = { seen: null, connectors: [] };

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  get report(): SupervisorReport {
    return this.#report;
  }

  /** One look. It throws nothing: what is wrong is in the report. */
  async look(): Promise<void> {
    const { api, wanted, log, now = Date.now } = this.#options;
    try {
      const { changes, refused } = await applyConnectors(api, wanted);
      changes.forEach(log);
      const there = await api.list();
      const names = [...new Set([...Object.keys(wanted), ...Object.keys(there)])].sort();
      const connectors: ConnectorReport[] = [];
      for (const name of names) connectors.push(await this.#lookAt(name, there[name], refused[name]));
      this.#report = { seen: new Date(now()).toISOString(), connectors };
    } catch (error) {
      const words = error instanceof Error ? error.message : String(error);
      log(`Connect does not answer: ${words}`);
      this.#report = { ...this.#report, problem: `Connect does not answer: ${words}` };
    }
  }

  async #lookAt(name: string, found: Listed | undefined, refused: string | undefined): Promise<ConnectorReport> {
    const { lagOf, now = Date.now } = this.#options;
    const memory = this.#memories.get(name) ?? { restarts: 0, failures: 0 };
    this.#memories.set(name, memory);
    const isOurs = found === undefined || found.info.config[OWNER] === OURS;
    const { connector, tasks = [], type = "unknown" } = found?.status ?? {};
    const failed = failureIn(found);
    if (failed !== undefined && isOurs) await this.#startAnew(name, failed, memory);
    if (failed === undefined && now() - (memory.lastFailure?.at ?? 0) > CALM) memory.failures = 0;
    if (failed === undefined) delete memory.nextStart;
    const lag = type === "sink" ? await lagOf(`connect-${name}`) : undefined;
    const problem = refused ?? failed;
    return {
      name,
      isOurs,
      condition: await this.#conditionOf(name, connector?.state, tasks, { failed, refused, type }),
      tasks: { running: tasks.filter(({ state }) => state === "RUNNING").length, all: tasks.length },
      ...(lag !== undefined && { lag }),
      restarts: memory.restarts,
      ...(problem !== undefined && { problem }),
      ...(memory.lastFailure && {
        lastFailure: { at: new Date(memory.lastFailure.at).toISOString(), words: memory.lastFailure.words },
      }),
      ...(memory.nextStart !== undefined && { nextStart: new Date(memory.nextStart).toISOString() }),
    };
  }

  async #conditionOf(
    name: string,
    state: string | undefined,
    tasks: Listed["status"]["tasks"],
    {
      failed,
      refused,
      type,
    }: { readonly failed: string | undefined; readonly refused: string | undefined; readonly type: string },
  ): Promise<Condition> {
    if (refused !== undefined) return "refused";
    if (failed !== undefined) return "failed";
    if (state === undefined) return "missing";
    if (state === "PAUSED" || state === "STOPPED") return "paused";
    if (tasks.length === 0 || tasks.some((task) => task.state !== "RUNNING")) return "starting";
    if (type !== "source") return "running";
    const places = await this.#options.api.offsets(name);
    return places.length > 0 && places.every(({ done }) => done === true) ? "done" : "running";
  }

  /** The first start is soon, and each further one later: what is broken for long is not tried all the time. */
  async #startAnew(name: string, words: string, memory: Memory): Promise<void> {
    const { api, log, now = Date.now } = this.#options;
    if (memory.nextStart === undefined) {
      const pause = Math.min(LONGEST_PAUSE, SHORTEST_PAUSE * 2 ** memory.failures);
      memory.failures++;
      memory.lastFailure = { at: now(), words };
      memory.nextStart = now() + pause;
      log(`connector ${name} has failed: ${words}; it is started anew in ${pause / SECOND} s`);
    }
    if (now() < memory.nextStart) return;
    delete memory.nextStart;
    memory.restarts++;
    await api.restart(name);
  }
}
