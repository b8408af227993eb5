/** One run per stack: the file backend's lock files, with the locks of dead processes taken over. */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

/** Whose something is that goes with a run. */
export interface Holder {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
  /** What the run is for, such as `npm run up`; the official CLI writes none. */
  readonly command?: string;
  /** Which process had the pid, beyond a reboot and a re-use of the number; the official CLI writes none. */
  readonly process?: string;
}

export interface LockWords {
  /** What is locked. @default "the stack" */
  readonly what?: string;
  /** What the run is for, to be told to those who find the lock. @default - not told */
  readonly command?: string;
}

/** Takes the stack's lock; throws when a live process holds it. Returns the function that gives it back. */
export async function takeLock(
  folder: string,
  note: (message: string) => void,
  { what = "the stack", command }: LockWords = {},
): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const mine = join(folder, `${randomUUID()}.json`);
  await writeFile(mine, JSON.stringify(await thisHolder(command)));
  const release = () => rm(mine, { force: true });
  try {
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      if (file === mine || !name.endsWith(".json")) {
        continue;
      }
      const held = await readHolder(file);
      if (held === undefined) {
        continue;
      }
      if (await isDead(held)) {
        note(`took over the lock of a run that ended without releasing it (pid ${held.pid}, since ${held.timestamp})`);
        await rm(file, { force: true });
        continue;
      }
      throw new Error(
        `${what} is locked by ${held.username}@${held.hostname} (pid ${held.pid}, ` +
          `${held.command === undefined ? "" : `${held.command}, `}since ${held.timestamp}); ` +
          `wait for that run to end, or, if it is gone for sure, remove ${file}`,
      );
    }
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

/** This process. */
export async function thisHolder(command?: string): Promise<Holder> {
  const identity = await processIdentity(process.pid);
  return {
    pid: process.pid,
    username: userInfo().username,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
    ...(command === undefined ? {} : { command }),
    ...(identity === undefined ? {} : { process: identity.text }),
  };
}

/** `undefined`: released, or being written, between the listing and the reading; whoever writes a lock will see ours. */
export async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as Holder;
  } catch {
    return undefined;
  }
}

/** Whether the process is gone for sure; never that of another machine. */
export async function isDead(lock: Holder): Promise<boolean> {
  if (lock.hostname !== hostname()) {
    return false;
  }
  try {
    process.kill(lock.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  // Another process may have got the holder's number since.
  const identity = await processIdentity(lock.pid);
  if (identity === undefined) {
    return false;
  }
  return lock.process === undefined
    ? identity.startedAt > Date.parse(lock.timestamp) + clockSlackMs
    : lock.process !== identity.text;
}

/** The boot time is known to a second, and the clock may have been set since. */
const clockSlackMs = 5_000;
/** Linux's unit of process times towards programs. */
const ticksPerSecond = 100;

/** Boot and start time of a process; `undefined` where there is no /proc. */
async function processIdentity(pid: number): Promise<{ text: string; startedAt: number } | undefined> {
  try {
    const [boot, system, own] = await Promise.all([
      readFile("/proc/sys/kernel/random/boot_id", "utf8"),
      readFile("/proc/stat", "utf8"),
      readFile(`/proc/${pid}/stat`, "utf8"),
    ]);
    // The second field is the command's name in brackets, and may itself contain blanks and brackets.
    const ticks = Number(own.slice(own.lastIndexOf(")") + 2).split(" ")[19]);
    const bootSeconds = Number(/^btime (\d+)$/m.exec(system)?.[1]);
    if (!Number.isFinite(ticks) || !Number.isFinite(bootSeconds)) {
      return undefined;
    }
    return { text: `${boot.trim()}/${ticks}`, startedAt: (bootSeconds + ticks / ticksPerSecond) * 1000 };
  } catch {
    return undefined;
  }
}
