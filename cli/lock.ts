/**
 * One run per stack and per embedded cluster, from the first step of a command to its last. The engines lock the state
 * only while they work on it; a `down` that begins under a running `up` would take the cluster away below it.
 */
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";

import { takeLock } from "../engine/lock.ts";
import { statePaths } from "../engine/state.ts";
import { messageOf, UserError } from "./errors.ts";
import { projectName } from "./owner.ts";
import { projectDir } from "./paths.ts";
import type { Stack } from "./stack.ts";

export interface CommandLock {
  /** Gives the state's own lock back, which the engine that runs next takes by itself; the command stays locked. */
  readonly toEngine: () => Promise<void>;
  readonly release: () => Promise<void>;
}

export interface LockOptions {
  /** Is told of a lock that a dead run has left. */
  readonly note: (message: string) => void;
  readonly folder?: string;
  /** Where the locks of this machine's clusters are. */
  readonly machineFolder?: string;
}

/**
 * Locks a stack for a command, against this CLI and against the official one, and its embedded cluster against other
 * clones.
 * @throws UserError that names the holder: user, machine, process, command, since when.
 */
export async function lockStack(
  stack: Pick<Stack, "name" | "config">,
  command: string,
  { note, folder = projectDir, machineFolder = join(tmpdir(), `millrace-locks-${userInfo().username}`) }: LockOptions,
): Promise<CommandLock> {
  const project = projectName(folder);
  const what = `stack ${stack.name}`;
  const { target, embedded } = stack.config.cluster;
  const wanted: [folder: string, what: string][] = [
    [join(folder, ".pulumi", "millrace", project, `${stack.name}.lock`), what],
    [statePaths(folder, project, stack.name).locks, what],
  ];
  if (target === "embedded")
    wanted.push([join(machineFolder, embedded.name), `the embedded cluster "${embedded.name}"`]);
  const held: (() => Promise<void>)[] = [];
  const release = async (): Promise<void> => {
    for (const give of held.toReversed()) await give();
  };
  for (const [place, name] of wanted) {
    try {
      held.push(await takeLock(place, note, { what: name, command: `npm run ${command}` }));
    } catch (error) {
      await release();
      throw new UserError(`${messageOf(error)}; nothing was changed`);
    }
  }
  return { toEngine: async () => await held[1]?.(), release };
}

/** Runs `body` with the stack locked. */
export async function withLock<T>(
  stack: Pick<Stack, "name" | "config">,
  command: string,
  note: (message: string) => void,
  body: (lock: CommandLock) => Promise<T>,
): Promise<T> {
  const lock = await lockStack(stack, command, { note });
  try {
    return await body(lock);
  } finally {
    await lock.release();
  }
}
