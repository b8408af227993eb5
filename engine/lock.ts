/** One run per stack: the file backend's lock files, with the locks of dead processes taken over. */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { hostname, userInfo } from "node:os";
import { join } from "node:path";

interface LockContent {
  readonly pid: number;
  readonly username: string;
  readonly hostname: string;
  readonly timestamp: string;
}

/** Takes the stack's lock; throws when a live process holds it. Returns the function that gives it back. */
export async function takeLock(folder: string, note: (message: string) => void): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const mine = join(folder, `${randomUUID()}.json`);
  const content: LockContent = {
    pid: process.pid,
    username: userInfo().username,
    hostname: hostname(),
    timestamp: new Date().toISOString(),
  };
  await writeFile(mine, JSON.stringify(content));
  const release = () => rm(mine, { force: true });
  try {
    for (const name of await readdir(folder)) {
      const file = join(folder, name);
      if (file === mine || !name.endsWith(".json")) {
        continue;
      }
      const held = await readLock(file);
      if (held === undefined) {
        continue;
      }
      if (await isDead(held)) {
        note(`took over the lock of a run that ended without releasing it (pid ${held.pid}, since ${held.timestamp})`);
        await rm(file, { force: true });
        continue;
      }
      throw new Error(
        `the stack is locked by ${held.username}@${held.hostname} (pid ${held.pid}, since ${held.timestamp}); ` +
          `wait for that run to end, or, if it is gone for sure, remove ${file}`,
      );
    }
  } catch (error) {
    await release();
    throw error;
  }
  return release;
}

async function readLock(file: string): Promise<LockContent | undefined> {
  try {
    return JSON.parse(await readFile(file, "utf8")) as LockContent;
  } catch {
    return undefined; // released, or being written, between the listing and the reading
  }
}

async function isDead(lock: LockContent): Promise<boolean> {
  if (lock.hostname !== hostname()) {
    return false;
  }
  try {
    process.kill(lock.pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
  try {
    // A process that started after the lock was taken only has the holder's number.
    const started = (await stat(`/proc/${lock.pid}`)).ctimeMs;
    return started > Date.parse(lock.timestamp) + 5_000;
  } catch {
    return false;
  }
}
