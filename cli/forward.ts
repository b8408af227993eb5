import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";

import { projectDir } from "./paths.ts";

/** A warning of Node that says nothing to a user. */
const QUIET = ["--disable-warning=ExperimentalWarning"];

/** Runs another program of the project with this terminal, and answers its exit code. */
export async function forward(script: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [...QUIET, join(projectDir, script), ...args], { stdio: "inherit" });
  // Ctrl-C reaches the child as well; it decides how to end.
  const ignore = (): void => undefined;
  process.on("SIGINT", ignore);
  // A process that asks this one to end does not know of the child.
  const handOn = (): void => void child.kill("SIGTERM");
  process.on("SIGTERM", handOn);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    return code ?? 1;
  } finally {
    process.off("SIGINT", ignore);
    process.off("SIGTERM", handOn);
  }
}
