/** Faults 16 to 19: runs that are stopped, killed or doubled, and a state that is damaged or gone. */
import type { ChildProcess } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { processTree } from "../../../bench/engine/processes.ts";
import type { ControlPlane } from "../../../bench/engine/control-plane.ts";
import type { EngineResult } from "../../../engine/types.ts";
import { run } from "../../../platform/exec.ts";
import type { Part, TestStack } from "../../engine/test-stack.ts";
import { must } from "../runner.ts";
import { good, unchanged } from "./cluster.ts";
import { countOf, type Fault, kubeOf, many, mustSay, seconds, type Site } from "./fault.ts";
import { type SlowServer, slowServer } from "./slow-server.ts";

const OBJECTS = 150;
/** Of these, so many are made before something happens. */
const FEW = 20;
/** Slow enough for a run to be caught in the middle. */
const DELAY_MS = 150;
const MINUTE = 60_000;

interface Middle {
  readonly stack: TestStack;
  readonly parts: readonly Part[];
  readonly plane: ControlPlane;
  readonly child: ChildProcess;
  readonly result: Promise<EngineResult>;
  /** Objects that were there when the run was caught. */
  readonly made: number;
}

/** Runs `body` while a run of a stack is in the middle of its objects; then the next one must make all of it well. */
async function inTheMiddle(site: Site, prefix: string, body: (middle: Middle) => Promise<string>): Promise<string> {
  const plane = await site.plane();
  const slow: SlowServer = await slowServer(plane.kubeconfig, DELAY_MS);
  try {
    const stack = site.stack(slow.kubeconfig);
    const parts = many(prefix, OBJECTS);
    const { child, result } = stack.spawnUp(...parts);
    const there = (): Promise<number> => countOf(kubeOf(plane), prefix);
    let seen: string;
    try {
      const end = Date.now() + MINUTE;
      while ((await there()) < FEW) {
        must(Date.now() < end, `after ${seconds(MINUTE)} there are ${await there()} objects`);
        await sleep(100);
      }
      seen = await body({ stack, parts, plane, child, result, made: await there() });
    } finally {
      // Where `body` has failed, it may still run.
      child.kill("SIGKILL");
    }
    // From here on there is no reason to wait.
    stack.kubeconfig = plane.kubeconfig;
    await good(stack.up(...parts));
    must((await there()) === OBJECTS, `the next up leaves ${await there()} of ${OBJECTS} objects`);
    must((stack.checkpoint.pending_operations ?? []).length === 0, "operations are still pending");
    await unchanged(stack, parts);
    await good(stack.destroy());
    must((await there()) === 0, "objects are left");
    return seen;
  } finally {
    await slow.stop();
  }
}

async function endOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return child.exitCode;
  return await new Promise((resolve) => child.once("close", resolve));
}

function locksOf(stack: TestStack): string[] {
  const folder = join(stack.projectDir, ".pulumi/locks/organization/parts/dev");
  return existsSync(folder) ? readdirSync(folder) : [];
}

async function stopped(site: Site): Promise<string> {
  return await inTheMiddle(site, "stopped", async ({ stack, child, result, made, plane }) => {
    const started = Date.now();
    child.kill("SIGINT");
    const { ok, errors } = await result;
    await endOf(child);
    const took = Date.now() - started;
    must(!ok, "it went on to its end");
    mustSay(errors.join("\n"), ["interrupted"]);
    must(took < 30_000, `it took ${seconds(took)} to end`);
    must(locksOf(stack).length === 0, "the state is still locked");
    const recorded = stack.recorded.filter((urn) => urn.includes("stopped-")).length;
    const there = await countOf(kubeOf(plane), "stopped");
    must(recorded === there, `${there} objects are there, and ${recorded} are recorded`);
    return `ended in ${seconds(took)} with ${there} of ${OBJECTS} objects, all recorded (${made} at Ctrl-C); the next up makes the rest`;
  });
}

async function killed(site: Site): Promise<string> {
  const engine = await inTheMiddle(site, "killed", async ({ child, result, made }) => {
    child.kill("SIGKILL");
    await result.catch(() => undefined);
    await endOf(child);
    return `engine killed at ${made} of ${OBJECTS}`;
  });
  const program = await inTheMiddle(site, "program", async ({ child, result, made, stack }) => {
    const node = processTree(child.pid ?? 0).find(
      (pid) => pid !== child.pid && readFileSync(`/proc/${pid}/cmdline`, "utf8").includes("/cmd/run/"),
    );
    must(node !== undefined, "the program has no process of its own");
    process.kill(node, "SIGKILL");
    const { ok, errors } = await result;
    await endOf(child);
    must(!ok && errors.length > 0, "a run without its program ends well");
    must(locksOf(stack).length === 0, "the state is still locked");
    return `program killed at ${made}`;
  });
  return `${engine}, ${program}; the next up alone makes the rest, each object once`;
}

async function atOnce(site: Site): Promise<string> {
  return await inTheMiddle(site, "twice", async ({ stack, parts, child, result }) => {
    const second = await stack.up(...parts);
    must(!second.ok, "a second run went on");
    mustSay(second.errors.join("\n"), [`@${hostname()} (pid ${String(child.pid)}, since `]);
    await good(result);
    return `the second is refused with user, machine and pid ${String(child.pid)} of the first, which ends well`;
  });
}

async function damaged(site: Site): Promise<string> {
  const plane = await site.plane();
  const stack = site.stack(plane.kubeconfig);
  const parts = many("state", 40);
  await good(stack.up(...parts.slice(0, 39)));
  await good(stack.up(...parts));
  const drill = async (what: string): Promise<void> => {
    const refused = await stack.up(...parts);
    must(!refused.ok, `a state that is ${what} was taken for an empty one`);
    const command = /(cp "[^"]+" "[^"]+")/.exec(refused.errors.join("\n"))?.[1];
    must(command !== undefined, `it names no command: ${refused.errors.join("; ")}`);
    must((await countOf(kubeOf(plane), "state")) === parts.length, "objects were touched");
    const restored = await run("sh", ["-c", command]);
    must(restored.code === 0, `${command}: ${restored.stderr}`);
    // The last run made one object more than the backup knows; it is taken up, and nothing is made twice.
    const { changes } = await good(stack.preview(...parts));
    must(changes.create <= 1 && changes.delete + changes.replace === 0, `a preview shows ${JSON.stringify(changes)}`);
    await good(stack.up(...parts));
    const after = await good(stack.preview(...parts));
    must(after.changes.create + after.changes.update + after.changes.delete === 0, JSON.stringify(after.changes));
  };
  truncateSync(stack.stateFile, Math.floor(stack.stateText.length / 2));
  await drill("truncated");
  rmSync(stack.stateFile);
  await drill("gone");
  await good(stack.destroy());
  return "refused twice, nothing touched; by the command that it names the state is back, and a preview shows no change";
}

export const interrupted: readonly Fault[] = [
  {
    number: 16,
    done: "Ctrl-C in the middle of an up",
    expected: "ends in order; no lock and nothing unrecorded is left; the next up makes the rest",
    needs: "an API server",
    limitSeconds: 240,
    run: stopped,
  },
  {
    number: 17,
    done: "SIGKILL of the engine, and of the program, in the middle of an up",
    expected: "the next up alone repairs it; every object once",
    needs: "an API server",
    limitSeconds: 420,
    run: killed,
  },
  {
    number: 18,
    done: "two runs on one stack at once",
    expected: "the second is refused with who holds it; the first ends well",
    needs: "an API server",
    limitSeconds: 240,
    run: atOnce,
  },
  {
    number: 19,
    done: "a state file that is truncated, or gone",
    expected: "refused with the command that restores it; after that a preview shows no change",
    needs: "an API server",
    limitSeconds: 240,
    run: damaged,
  },
];
