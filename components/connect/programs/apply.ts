/** From the connectors that Connect has to those that the platform wants. Others' connectors stay as they are. */
import { setTimeout as sleep } from "node:timers/promises";
import { ApiRefusal } from "../../../platform/api-refusal.ts";
import { type ConnectApi, type ConnectorList, failureIn } from "./connect-api.ts";
import type { Wanted } from "./wanted.ts";

/** In the settings of each connector of the platform's: others have none such. */
export const OWNER = "millrace.owner";
export const OURS = "platform";

export interface Applied {
  /** What was changed, a line each. */
  readonly changes: readonly string[];
  /** What Connect does not take, by the connector's name, in Connect's words. */
  readonly refused: Readonly<Record<string, string>>;
}

const isOurs = (config: Readonly<Record<string, string>>): boolean => config[OWNER] === OURS;

/** Settings of a connector as the platform gives them. */
function configOf(name: string, wanted: Readonly<Record<string, string>>): Record<string, string> {
  return { ...wanted, name, [OWNER]: OURS };
}

function isSame(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...keys].every((key) => one[key] === other[key]);
}

/**
 * Changes what differs. One that is refused is told, and the others go on.
 * @throws {Error} when Connect does not answer
 */
export async function applyConnectors(api: ConnectApi, wanted: Wanted): Promise<Applied> {
  const there: ConnectorList = await api.list();
  const changes: string[] = [];
  const refused: Record<string, string> = {};
  const attempt = async (name: string, action: () => Promise<void>, done: string): Promise<void> => {
    try {
      await action();
      changes.push(`connector ${name}: ${done}`);
    } catch (error) {
      if (!(error instanceof ApiRefusal)) throw error;
      refused[name] = error.message;
    }
  };
  for (const [name, found] of Object.entries(there)) {
    if (!isOurs(found.info.config) || name in wanted) continue;
    await attempt(name, () => api.remove(name), "removed");
  }
  for (const [name, settings] of Object.entries(wanted)) {
    const found = there[name]?.info.config;
    const config = configOf(name, settings);
    if (found !== undefined && !isOurs(found)) {
      refused[name] =
        "there is one of that name that is not the platform's; give it another name, or remove the other one";
    } else if (found === undefined) {
      await attempt(name, () => api.put(name, config), "created");
    } else if (!isSame(found, config)) {
      await attempt(name, () => api.put(name, config), "changed");
    }
  }
  return { changes, refused };
}

/** Time in which connectors must run or have failed; what takes longer is watched by the supervisor. */
const START_MS = 60_000;
/** Time for which one must have failed: the supervisor starts it anew after some seconds, and then it may run. */
const FAILED_MS = 20_000;
const LOOK_MS = 1000;

/**
 * Waits until connectors run or have failed for good.
 * @returns the failures in Connect's words, by connector
 */
export async function failedStarts(
  api: Pick<ConnectApi, "list">,
  names: readonly string[],
  {
    now = Date.now,
    pause = sleep,
  }: { readonly now?: () => number; readonly pause?: (ms: number) => Promise<void> } = {},
): Promise<Record<string, string>> {
  const deadline = now() + START_MS;
  const since = new Map<string, number>();
  for (;;) {
    const there = await api.list();
    const failed = new Map<string, string>();
    let isWaiting = false;
    for (const name of names) {
      const words = failureIn(there[name]);
      const tasks = there[name]?.status.tasks ?? [];
      if (words === undefined) {
        since.delete(name);
        isWaiting ||= tasks.length === 0 || tasks.some(({ state }) => state !== "RUNNING");
        continue;
      }
      failed.set(name, words);
      const first = since.get(name) ?? now();
      since.set(name, first);
      isWaiting ||= now() - first < FAILED_MS;
    }
    if (!isWaiting || now() > deadline) return Object.fromEntries(failed);
    await pause(LOOK_MS);
  }
}
