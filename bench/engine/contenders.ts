/** What is measured: both engines with one program, and kubectl with the same objects. */
import { spawn } from "node:child_process";
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { text as textOf } from "node:stream/consumers";
import { projectDir } from "../../cli/paths.ts";
import type { EngineResult } from "../../engine/types.ts";
import type { ChildTask } from "./child.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Contender, Operation } from "./figures.ts";
import { objectLabel, objectsOf, type WantedObjects } from "./objects.ts";
import { watchPeak } from "./processes.ts";

/** What a process cost, and what it said. */
export interface Measured {
  readonly ms: number;
  /** Of the process and all that it has started, in milliseconds of a processor. */
  readonly cpuMs: number;
  readonly peakBytes: number;
  readonly stdout: string;
}

export interface Competing {
  readonly name: Contender;
  /**
   * Does the operation with so many objects.
   * @throws Error when it fails, or does something else than it should
   */
  run(operation: Operation, size: number): Promise<Measured>;
}

interface Site {
  /** To write to; removed by whoever made it. */
  readonly folder: string;
  readonly plane: Pick<ControlPlane, "kubeconfig" | "kubeconfigFile" | "kubectl">;
  readonly signal: AbortSignal;
}

/** What each operation shall have changed: so many objects. */
const changed: Readonly<Record<Operation, (size: number) => Partial<EngineResult["changes"]>>> = {
  create: (size) => ({ create: size, update: 0, replace: 0, delete: 0 }),
  preview: () => ({ create: 0, update: 0, replace: 0, delete: 0 }),
  unchanged: () => ({ create: 0, update: 0, replace: 0, delete: 0 }),
  change: () => ({ create: 0, update: 1, replace: 0, delete: 0 }),
  destroy: (size) => ({ create: 0, update: 0, replace: 0, delete: size }),
};
/** The provider and the stack are resources too, and each engine counts them as it likes. */
const beside = 3;

/** The revision of the first object: `change` is the only operation that has another one. */
const revisionOf = (operation: Operation): number => (operation === "change" ? 2 : 1);

/** An engine, with its state in a folder of its own for each number of objects. */
export function engineContender(name: "local" | "pulumi", site: Site): Competing {
  const done = new Set<number>();
  return {
    name,
    async run(operation, size) {
      const own = join(site.folder, `${name}-${size}`);
      if (!done.has(size)) makeProject(own);
      done.add(size);
      const wanted: WantedObjects = { count: size, revision: revisionOf(operation) };
      const task: ChildTask = {
        engine: name,
        operation: operation === "preview" || operation === "destroy" ? operation : "up",
        options: {
          projectDir: own,
          stack: "bench",
          passphrase: "bench",
          policyPacks: [join(projectDir, "policies")],
          configOverrides: { "bench:wanted": JSON.stringify(wanted), "bench:kubeconfig": site.plane.kubeconfig },
        },
      };
      const args = [
        "--disable-warning=ExperimentalWarning",
        join(import.meta.dirname, "child.ts"),
        JSON.stringify(task),
      ];
      const measured = await measure(process.execPath, args, site.signal, [0, 1]);
      check(name, operation, size, JSON.parse(measured.stdout) as EngineResult);
      return measured;
    },
  };
}

export function makeProject(folder: string): void {
  mkdirSync(folder);
  const runtime = "{ name: nodejs, options: { typescript: false } }";
  writeFileSync(
    join(folder, "Pulumi.yaml"),
    `name: bench\nruntime: ${runtime}\nmain: index.ts\nbackend: { url: "file://." }\n`,
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "bench", private: true, type: "module" }));
  cpSync(join(import.meta.dirname, "program.ts"), join(folder, "index.ts"));
  cpSync(join(import.meta.dirname, "objects.ts"), join(folder, "objects.ts"));
  symlinkSync(join(projectDir, "node_modules"), join(folder, "node_modules"));
}

/** @throws Error when an engine has failed, or has changed something else than it should. */
export function check(name: string, operation: Operation, size: number, result: EngineResult): void {
  const where = `${name}, ${operation} of ${size} objects`;
  if (!result.ok) throw new Error(`${where} failed: ${result.errors.join("; ")}`);
  for (const [op, wanted] of Object.entries(changed[operation](size))) {
    const found = result.changes[op as keyof EngineResult["changes"]];
    const most = wanted === size ? wanted + beside : wanted;
    if (found < wanted || found > most) throw new Error(`${where}: ${found} × ${op}, expected ${wanted}`);
  }
}

/** `kubectl apply --server-side`, and `delete`. */
export function kubectlContender(site: Site): Competing {
  return {
    name: "kubectl",
    async run(operation, size) {
      const file = join(site.folder, `objects-${size}.json`);
      const items = objectsOf({ count: size, revision: revisionOf(operation) });
      writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items }));
      const apply = ["apply", "--server-side", ...(operation === "preview" ? ["--dry-run=server"] : [])];
      const args = [
        ...["--kubeconfig", site.plane.kubeconfigFile],
        // Deletion is at once here; to wait for it, kubectl asks five times a second at most, whatever the number of objects.
        ...(operation === "destroy" ? ["delete", "--wait=false"] : apply),
        ...["--filename", file, "--output", "name"],
      ];
      const measured = await measure(site.plane.kubectl, args, site.signal, [0]);
      const lines = measured.stdout.split("\n").filter((line) => line !== "").length;
      if (lines !== size) throw new Error(`kubectl, ${operation} of ${size} objects: it names ${lines}`);
      return measured;
    },
  };
}

/** Runs a command and adds what `times` knows of it and of all that it has waited for. */
const timed = '"$@"; code=$?; times >&3; exit $code';

/** @param codes - exit codes that say enough by themselves */
async function measure(
  command: string,
  args: readonly string[],
  signal: AbortSignal,
  codes: readonly number[],
): Promise<Measured> {
  signal.throwIfAborted();
  const started = performance.now();
  // A process group of its own, so that an end is heard by the command and not by the shell alone.
  const child = spawn("bash", ["-c", timed, "bash", command, ...args], {
    stdio: ["ignore", "pipe", "pipe", "pipe"],
    detached: true,
  });
  const watch = watchPeak(child.pid ?? 0);
  const end = (): void => {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGTERM");
  };
  signal.addEventListener("abort", end);
  const said = child.stdio.slice(1).map((stream) => textOf(stream as Readable));
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject).on("close", resolve);
    });
    const ms = performance.now() - started;
    const [stdout = "", stderr = "", times = ""] = await Promise.all(said);
    signal.throwIfAborted();
    if (code === null || !codes.includes(code)) {
      throw new Error(`${command} ended with code ${String(code)}: ${stderr.trim().split("\n").slice(-3).join(" | ")}`);
    }
    return { ms, cpuMs: cpuMsOf(times), peakBytes: watch.stop(), stdout };
  } finally {
    signal.removeEventListener("abort", end);
    watch.stop();
  }
}

/** What bash's `times` says of children: `0m1.234s 0m0.567s` in its second line. */
export function cpuMsOf(times: string): number {
  const [, children = ""] = times.split("\n");
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + Number(minutes) * 60_000 + Number(seconds) * 1000,
    0,
  );
}

/** Selects the objects of the measurement. */
export const ownObjects = `${objectLabel}=engine`;
