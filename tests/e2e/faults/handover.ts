/**
 * Both engines on one stack: over and back changes nothing, and each repairs by an ordinary `up` what a kill of the other
 * has left. The kills are tried on an API server of their own, so that the platform loses nothing.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";

import type { ChildTask } from "../../../bench/engine/child.ts";
import { makeProject, ownObjects } from "../../../bench/engine/contenders.ts";
import { type ControlPlane, startControlPlane } from "../../../bench/engine/control-plane.ts";
import { objectNamespace, type WantedObjects } from "../../../bench/engine/objects.ts";
import { processTree } from "../../../bench/engine/processes.ts";
import type { UpReport } from "../../../cli/up.ts";
import { imageNames } from "../../../images/index.ts";
import type { EngineResult } from "../../../engine/types.ts";
import { which } from "../../../platform/exec.ts";
import { document, millrace, must, type Runner, until } from "../runner.ts";

type EngineName = ChildTask["engine"];

const MINUTE = 60_000;
const engines = ["pulumi", "local"] as const;
/** Enough for a kill in the middle. */
const OBJECTS = 400;
const MADE_BEFORE_THE_KILL = 60;
/** Of these the program goes on to name this many. */
const KEPT = 20;

export async function handover(runner: Runner): Promise<void> {
  if (which("pulumi") === undefined) {
    console.log("- handover: pulumi is not on the PATH, so one engine can't hand over to the other; skipped");
    return;
  }
  await overAndBack(runner);
  await afterKills(runner);
}

/** Each engine after a kill of each. */
export async function afterKills(runner: Runner): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-handover-"));
  try {
    const plane = await startControlPlane(new Docker(), folder, new AbortController().signal);
    try {
      for (const killed of engines) for (const next of engines) await repairs(runner, { folder, plane, killed, next });
    } finally {
      await plane.remove();
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An unchanged `up` by each engine in turn. */
async function overAndBack(runner: Runner): Promise<void> {
  const changed = async (engine: EngineName): Promise<number> => {
    const ran = await millrace(["up", "--json", "--yes", "--engine", engine], 15 * MINUTE);
    const { ok, changes, errors } = document(ran) as UpReport;
    must(ok && changes !== null, errors.join("; ") || `exit code ${ran.code}`);
    const { create, replace, delete: deleted, update } = changes;
    must(create + replace + deleted === 0, `by ${engine}: ${JSON.stringify(changes)}`);
    return update;
  };
  await runner.step("from the local engine to the official one, and back twice: no change", 60 * MINUTE, async () => {
    await changed("local");
    // The official CLI takes a digest of each context that the local engine had no need of.
    const images = await changed("pulumi");
    must(images <= imageNames.length, `${images} updates; there are ${imageNames.length} images`);
    for (const engine of ["local", "pulumi", "local"] as const) {
      const updates = await changed(engine);
      must(updates === 0, `${updates} updates by ${engine}`);
    }
    return `${images} images recorded anew once`;
  });
}

interface Case {
  readonly folder: string;
  readonly plane: ControlPlane;
  readonly killed: EngineName;
  readonly next: EngineName;
}

async function repairs(runner: Runner, { folder, plane, killed, next }: Case): Promise<void> {
  const project = join(folder, `${killed}-${next}`);
  const start = (engine: EngineName, operation: ChildTask["operation"], count: number): Running =>
    startEngine({ engine, operation, options: optionsOf(project, plane, count) });
  const there = (): Promise<number> => plane.count(ownObjects, objectNamespace);
  const killedWhileItMakes = async (): Promise<number> => {
    const first = start(killed, "up", OBJECTS);
    await until("objects of the first run", 4 * MINUTE, async () =>
      (await there()) >= MADE_BEFORE_THE_KILL ? true : undefined,
    );
    first.kill();
    await first.result.catch(() => undefined);
    return await there();
  };
  await runner.step(
    `${next} up goes on where ${killed} was killed, and leaves nothing behind`,
    5 * MINUTE,
    async () => {
      makeProject(project);
      const made = await killedWhileItMakes();
      must(made < OBJECTS, `the first run had ended: ${made} objects`);
      const all = await start(next, "up", OBJECTS).result;
      must(all.ok, all.errors.join("; "));
      must((await there()) === OBJECTS, `${await there()} of ${OBJECTS} objects`);
      const again = await start(next, "up", OBJECTS).result;
      const { create, update, replace, delete: deleted } = again.changes;
      must(again.ok && create + update + replace + deleted === 0, `then: ${JSON.stringify(again.changes)}`);
      const fewer = await start(killed, "up", KEPT).result;
      must(fewer.ok && (await there()) === KEPT, `${await there()} of ${KEPT} objects; ${fewer.errors.join("; ")}`);
      const gone = await start(next, "destroy", 0).result;
      must(gone.ok && (await there()) === 0, `${await there()} objects are left; ${gone.errors.join("; ")}`);
      return `${made} of ${OBJECTS} had been made`;
    },
  );
  await runner.step(`${next} down removes what ${killed} had made when it was killed`, 10 * MINUTE, async () => {
    const made = await killedWhileItMakes();
    const gone = await start(next, "destroy", 0).result;
    must(gone.ok && (await there()) === 0, `${await there()} of ${made} objects are left; ${gone.errors.join("; ")}`);
    return undefined;
  });
}

function optionsOf(project: string, plane: ControlPlane, count: number): ChildTask["options"] {
  const wanted: WantedObjects = { count, revision: 1 };
  return {
    projectDir: project,
    stack: "bench",
    passphrase: "bench",
    configOverrides: { "bench:wanted": JSON.stringify(wanted), "bench:kubeconfig": plane.kubeconfig },
  };
}

interface Running {
  readonly result: Promise<EngineResult>;
  /** As `kill -9` of the command and of the CLI does; what the CLI has started is not asked. */
  readonly kill: () => void;
}

function startEngine(task: ChildTask): Running {
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

function killHard(child: ChildProcess): void {
  const all = processTree(child.pid ?? 0);
  const isCli = (pid: number): boolean => readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi";
  for (const pid of [...all.filter((one) => one === child.pid || isCli(one))].reverse()) process.kill(pid, "SIGKILL");
}
