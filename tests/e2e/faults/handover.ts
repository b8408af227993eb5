/**
 * Both engines on one stack: over and back changes nothing, and each repairs by an ordinary `up` what a kill of the other
 * has left. The kills are tried on an API server of their own, so that the platform loses nothing.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";

import type { ChildTask } from "../../../bench/engine/child.ts";
import { makeProject, ownObjects } from "../../../bench/engine/contenders.ts";
import { startControlPlane } from "../../../bench/engine/control-plane.ts";
import { objectNamespace, type WantedObjects } from "../../../bench/engine/objects.ts";
import type { UpReport } from "../../../cli/up.ts";
import { imageNames } from "../../../images/index.ts";
import { which } from "../../../platform/exec.ts";
import { document, millrace, must, type Runner, until } from "../runner.ts";
import { type EngineName, mustChangeNothing, optionsOf, type Running, type Site, startEngine } from "./engine-run.ts";
import { handedFields } from "./handed-fields.ts";

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
  await withoutPlatform(runner);
}

/** What needs no platform: fields that the program drops, and each engine after a kill of each. */
export async function withoutPlatform(runner: Runner): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-handover-"));
  try {
    const plane = await startControlPlane(new Docker(), folder, new AbortController().signal);
    try {
      await handedFields(runner, { folder, plane });
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

interface Case extends Site {
  readonly killed: EngineName;
  readonly next: EngineName;
}

async function repairs(runner: Runner, { folder, plane, killed, next }: Case): Promise<void> {
  const project = join(folder, `${killed}-${next}`);
  const start = (engine: EngineName, operation: ChildTask["operation"], count: number): Running =>
    startEngine({ engine, operation, options: optionsOf(project, plane, wanted(count)) });
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
    15 * MINUTE,
    async () => {
      makeProject(project);
      const made = await killedWhileItMakes();
      must(made < OBJECTS, `the first run had ended: ${made} objects`);
      const all = await start(next, "up", OBJECTS).result;
      must(all.ok, all.errors.join("; "));
      must((await there()) === OBJECTS, `${await there()} of ${OBJECTS} objects`);
      const again = await start(next, "up", OBJECTS).result;
      mustChangeNothing(again, `then ${next} up`);
      mustChangeNothing(await start(killed, "preview", OBJECTS).result, `then ${killed} preview`);
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

function wanted(count: number): Readonly<Record<string, string>> {
  return { "bench:wanted": JSON.stringify({ count, revision: 1 } satisfies WantedObjects) };
}
