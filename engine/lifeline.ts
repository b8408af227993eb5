/** Node programs that Pulumi's own hosts run, as child processes that must not outlive the engine, however it ends. */

import { type ChildProcessByStdio, spawn, type SpawnOptions } from "node:child_process";
import type { Readable, Writable } from "node:stream";

/** The engine never writes to the child's input: its end means that the engine is gone, even by SIGKILL. */
const watch = `data:text/javascript,${encodeURIComponent(
  `import { isMainThread } from "node:worker_threads";
   if (isMainThread) {
     process.stdin.on("end", () => process.exit(1)).resume();
     process.stdin.unref?.();
   }`,
)}`;

const lean = import.meta.resolve("./lean.ts");

/** Starts a Node program in a process group of its own: a Ctrl-C at the terminal is the engine's to handle. */
export function spawnNode(
  args: readonly string[],
  options: Pick<SpawnOptions, "cwd" | "env">,
): ChildProcessByStdio<Writable, Readable, Readable> {
  const child = spawn(process.execPath, ["--import", watch, "--import", lean, ...args], {
    ...options,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  const kill = () => child.kill("SIGKILL");
  process.once("exit", kill);
  child.once("close", () => process.removeListener("exit", kill));
  return child;
}
