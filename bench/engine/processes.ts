/** Memory of a process with all that it starts, from `/proc`. */
import { readdirSync, readFileSync } from "node:fs";

const pageBytes = 4096;
const everyMs = 100;

/** The process and all below it that run now; none where it has ended, or where there is no `/proc`. */
export function processTree(pid: number, root = "/proc"): number[] {
  try {
    const threads = readdirSync(`${root}/${pid}/task`);
    const children = threads.flatMap((thread) =>
      readFileSync(`${root}/${pid}/task/${thread}/children`, "utf8").split(" ").filter(Boolean),
    );
    return [pid, ...children.flatMap((child) => processTree(Number(child), root))];
  } catch {
    return [];
  }
}

function residentBytes(pid: number, root: string): number {
  try {
    return Number(readFileSync(`${root}/${pid}/statm`, "utf8").split(" ")[1]) * pageBytes;
  } catch {
    return 0; // it has just ended
  }
}

/** Bytes that are resident in the process and all below it together; what they share is counted for each. */
export function treeBytes(pid: number, root = "/proc"): number {
  return processTree(pid, root).reduce((sum, one) => sum + residentBytes(one, root), 0);
}

/** Looks at a process until `stop`, which answers the most bytes seen. */
export function watchPeak(pid: number): { stop(): number } {
  let peak = treeBytes(pid);
  const timer = setInterval(() => {
    peak = Math.max(peak, treeBytes(pid));
  }, everyMs);
  return {
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}
