/** One run of an engine as a command of its own, on an API server of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import type { ChildTask } from "../../../bench/engine/child.ts";
import type { ControlPlane } from "../../../bench/engine/control-plane.ts";
import { processTree } from "../../../bench/engine/processes.ts";
import type { EngineResult } from "../../../engine/types.ts";
import { must } from "../runner.ts";

export type EngineName = ChildTask["engine"];

/** Where projects lie, and the API server that they are for. */
export interface Site {
  readonly folder: string;
  readonly plane: ControlPlane;
}

export interface Running {
  readonly result: Promise<EngineResult>;
  /** As `kill -9` of the command and of the CLI does; what the CLI has started is not asked. */
  readonly kill: () => void;
}

/** The options of a run in a project that `makeProject` has made. */
export function optionsOf(
  projectDir: string,
  plane: ControlPlane,
  config: Readonly<Record<string, string>>,
): ChildTask["options"] {
  const configOverrides = { ...config, "bench:kubeconfig": plane.kubeconfigFile };
  return { projectDir, stack: "bench", passphrase: "bench", configOverrides };
}

export function startEngine(task: ChildTask): Running {
  const script = join(import.meta.dirname, "../../../bench/engine/child.ts");
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ["ignore", "pipe", "inherit"] });
  let text = "";
  child.stdout.on("data", (data: Buffer) => (text += data.toString()));
  const result = new Promise<EngineResult>((resolve, reject) => {
    child.on("error", reject).on("close", () => {
      try {
        resolve(JSON.parse(text) as EngineResult);
      } catch {
        reject(new Error(`${task.engine} ${task.operation} said: ${text.slice(-300)}`));
      }
    });
  });
  result.catch(() => undefined);
  return {
    result,
    kill: () => {
      killHard(child);
    },
  };
}

/** @throws Error when the run failed, or would change something. */
export function mustChangeNothing({ ok, errors, changes }: EngineResult, who: string): void {
  const { create, update, replace, delete: deleted } = changes;
  must(ok, `${who}: ${errors.join("; ")}`);
  must(create + update + replace + deleted === 0, `${who}: ${JSON.stringify(changes)}`);
}

function killHard(child: ChildProcess): void {
  const all = processTree(child.pid ?? 0);
  for (const pid of [...all.filter((one) => one === child.pid || isCli(one))].reverse()) {
    try {
      process.kill(pid, "SIGKILL");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

function isCli(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi";
  } catch {
    return false; // it has just ended
  }
}
