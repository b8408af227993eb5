/** Another clone on the same machine, and a second command under a running one: neither takes anything away. */
import { randomUUID } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";

import { run, type Ran } from "../../../platform/exec.ts";
import { lockStack } from "../../../cli/lock.ts";
import { projectDir } from "../../../cli/paths.ts";
import { readStack } from "../../../cli/stack.ts";
import { embeddedNames } from "../../../clusters/embedded/container-spec.ts";
import { cloneTo } from "../clone.ts";
import { hasOwnNode } from "../node.ts";
import { measured, MONITORING, send } from "../pipeline.ts";
import { addressOf, fingerprints, sql, stack } from "../platform.ts";
import { millrace, must, type Runner, until } from "../runner.ts";

const MINUTE = 60_000;

/** Runs `body` with another clone. */
async function withClone<T>(body: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), "millrace-clone-"));
  try {
    cloneTo(folder);
    return await body(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function inClone(folder: string, args: readonly string[], timeoutMs: number): Promise<Ran> {
  return await run("sh", ["cli/millrace", ...args], { cwd: folder, timeoutMs });
}

/** Records that are in the lake before another tries, and must be there after it. */
const KEPT = 200;

async function rowsOf(marked: string): Promise<number> {
  const [row] = await sql(`SELECT count(*) AS n FROM lake.telemetry.samples WHERE run = '${marked}'`);
  return Number(row?.["n"]);
}

/** What must be the same after another has tried: container, volume, pods, rows. */
async function account(marked: string): Promise<string> {
  const docker = new Docker();
  const names = embeddedNames(stack.config.cluster.embedded.name);
  const [container, volume] = await Promise.all([
    docker.getContainer(names.container).inspect(),
    docker.getVolume(names.volume).inspect(),
  ]);
  const { Id, State } = container;
  const { CreatedAt } = volume as { CreatedAt?: string };
  return JSON.stringify({
    Id,
    started: State.StartedAt,
    CreatedAt,
    pods: await fingerprints(),
    rows: await rowsOf(marked),
  });
}

export async function owners(runner: Runner): Promise<void> {
  if (!hasOwnNode()) return;
  const folderWords = `stack ${stack.name} of ${projectDir}`;
  await runner.step("another clone's down and up are refused, and change nothing", 3 * MINUTE, async () => {
    const marked = `e2e-${randomUUID()}`;
    const values = Array.from({ length: KEPT }, (_, index) => index);
    await send(MONITORING, measured(marked, "e2e.owners", values));
    const arrived = async (): Promise<true | undefined> => ((await rowsOf(marked)) === KEPT ? true : undefined);
    await until(`${KEPT} records in the lake`, MINUTE, arrived);
    const before = await account(marked);
    await withClone(async (folder) => {
      for (const args of [
        ["down", "--yes", "--json"],
        ["up", "--json"],
      ]) {
        const ran = await inClone(folder, args, MINUTE);
        const said = `${ran.stdout}${ran.stderr}`;
        must(ran.code !== 0, `${args[0]} of another clone ended well`);
        must(said.includes(folderWords), `${args[0]} does not say whose the cluster is: ${said.slice(-500)}`);
        must(
          said.includes("--take-over") && said.includes("--name"),
          `${args[0]} names no way out: ${said.slice(-500)}`,
        );
      }
    });
    const after = await account(marked);
    await sql(`DELETE FROM lake.telemetry.samples WHERE run = '${marked}'`);
    must(after === before, `before ${before}; after ${after}`);
    return `${KEPT} of ${KEPT} rows, every pod as it was`;
  });
  await runner.step("a down under another command of the stack is refused, and names its holder", MINUTE, async () => {
    const before = await fingerprints();
    const lock = await lockStack(stack, "up", { note: () => undefined });
    try {
      const ran = await millrace(["down", "--yes"], 30_000);
      must(ran.code !== 0, "down went on under another command");
      must(ran.stderr.includes(`pid ${process.pid}, npm run up`), `the holder is not named: ${ran.stderr.slice(-300)}`);
    } finally {
      await lock.release();
    }
    must(JSON.stringify(await fingerprints()) === JSON.stringify(before), "pods differ");
    return undefined;
  });
}

/** A whole second platform beside the first: it takes a machine with room for both, so it runs only when it is named. */
export async function twoClones(runner: Runner): Promise<void> {
  if (!hasOwnNode()) return;
  await runner.step("a second clone's platform comes up beside the first, and goes alone", 60 * MINUTE, async () => {
    const before = await fingerprints();
    await withClone(async (folder) => {
      try {
        const up = await inClone(folder, ["up", "--name", "second", "--profile", "core", "--json"], 50 * MINUTE);
        must(up.code === 0, `up of the second: ${up.stderr.slice(-500)}`);
        const { profile } = readStack({ stack: stack.name, target: undefined }, folder);
        must(profile.context === "second", `it is on ${profile.context}`);
        const { exposure } = profile;
        const port = exposure.kind === "nodePort" ? (exposure.ports["presto"] ?? 0) : 0;
        must(port !== 0 && addressOf("presto") !== `127.0.0.1:${port}`, `both have Presto on ${port}`);
        const check = await inClone(folder, ["check", "--json"], 6 * MINUTE);
        must(check.code === 0, `check of the second: ${check.stderr.slice(-500)}`);
      } finally {
        const down = await inClone(folder, ["down", "--yes", "--json"], 4 * MINUTE);
        must(down.code === 0, `down of the second: ${down.stderr.slice(-500)}`);
      }
    });
    must(JSON.stringify(await fingerprints()) === JSON.stringify(before), "pods of the first differ");
    return undefined;
  });
}
