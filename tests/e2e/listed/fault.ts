/** What a fault of the list is, and the ground on which it is tried. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";
import { stringify } from "yaml";

import { cpuMsOf } from "../../../bench/engine/contenders.ts";
import { type ControlPlane, startControlPlane } from "../../../bench/engine/control-plane.ts";
import { clientOf, type Kube } from "../../../cli/kube.ts";
import { hasState } from "../../../cli/owner.ts";
import { embeddedNames } from "../../../clusters/embedded/container-spec.ts";
import { readKubeconfig } from "../../../clusters/kubeconfig.ts";
import { type Ran, run } from "../../../platform/exec.ts";
import { type Manifest, type Part, TestStack } from "../../engine/test-stack.ts";
import { cloneTo } from "../clone.ts";
import { must } from "../runner.ts";

export interface Fault {
  /** Its number in docs/faults.md. */
  readonly number: number;
  /** What is wrong, or done. */
  readonly done: string;
  readonly expected: string;
  /** An API server with etcd is made for it in a container; a platform must be up already. */
  readonly needs: "nothing" | "an API server" | "a platform";
  /** Seconds after which it has failed, whatever it waits for. */
  readonly limitSeconds: number;
  /**
   * Tries it, and puts back what it has changed.
   * @returns what was seen
   * @throws Error when that is not what is expected
   */
  readonly run: (site: Site) => Promise<string>;
}

/** Name of an embedded cluster that no fault lets come to be. */
export const EMBEDDED = "e2e-faults";
/** Those that let go of what is deleted. */
const CONTROLLERS = ["namespace-controller", "persistentvolumeclaim-protection-controller"];

/** StorageClasses of the API server: one binds at once, one when a pod comes. */
export const CLASSES = { atOnce: "standard", later: "later" } as const;

/** Folders, clones and API servers of a run: made when they are first asked for, removed at its end. */
export class Site {
  readonly folder = mkdtempSync(join(tmpdir(), "millrace-faults-"));
  readonly #planes = new Map<string, Promise<ControlPlane>>();
  readonly #stacks: TestStack[] = [];
  readonly #stop = new AbortController();
  #clone: Clone | undefined;

  /** Another clone of the project, so that this one's stacks and state stay as they are. */
  get clone(): Clone {
    this.#clone ??= new Clone(join(this.folder, "clone"));
    return this.#clone;
  }

  /** An API server with etcd, and with the controllers that let go of what is deleted. */
  async plane(): Promise<ControlPlane> {
    return await this.#planeOf("plane", async (plane) => {
      for (const [name, volumeBindingMode] of [
        [CLASSES.atOnce, "Immediate"],
        [CLASSES.later, "WaitForFirstConsumer"],
      ]) {
        const object = { metadata: { name }, provisioner: "faults.example/none", volumeBindingMode };
        await kubeOf(plane).post("/apis/storage.k8s.io/v1/storageclasses", object);
      }
    });
  }

  /** A second one, which is another cluster. */
  async otherPlane(): Promise<ControlPlane> {
    return await this.#planeOf("other", () => Promise.resolve());
  }

  async #planeOf(name: string, prepare: (plane: ControlPlane) => Promise<void>): Promise<ControlPlane> {
    const make = async (): Promise<ControlPlane> => {
      const folder = join(this.folder, name);
      mkdirSync(folder);
      const plane = await startControlPlane(new Docker(), folder, this.#stop.signal, CONTROLLERS);
      await prepare(plane);
      return plane;
    };
    const made = this.#planes.get(name) ?? make();
    this.#planes.set(name, made);
    return await made;
  }

  /** A stack of the specs' own program, with its state in a folder of its own. */
  stack(kubeconfig: string): TestStack {
    const stack = new TestStack(kubeconfig);
    this.#stacks.push(stack);
    return stack;
  }

  async end(): Promise<void> {
    this.#stop.abort();
    const planes = await Promise.allSettled(this.#planes.values());
    for (const plane of planes) if (plane.status === "fulfilled") await plane.value.remove();
    for (const stack of this.#stacks) stack.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `config` of a stack's file, and what else is in it. */
export type Values = Readonly<Record<string, unknown>>;

export class Clone {
  readonly folder: string;

  constructor(folder: string) {
    this.folder = folder;
    cloneTo(folder);
  }

  writeStack(stack: string, config: Values, more: Values = {}): void {
    writeFileSync(join(this.folder, `Pulumi.${stack}.yaml`), stringify({ ...more, config }));
  }

  /** Runs a command of the CLI as a user does. */
  async millrace(args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Ran & { readonly cpuMs: number }> {
    const times = join(this.folder, "..", "times");
    const timed = `"$@"; code=$?; times >${times}; exit $code`;
    const ran = await run("bash", ["-c", timed, "bash", "sh", "cli/millrace", ...args], {
      cwd: this.folder,
      env: { ...process.env, ...env },
      timeoutMs: 120_000,
    });
    return { ...ran, cpuMs: cpuMsOf(readFileSync(times, "utf8")) };
  }

  /**
   * Brings up a stack, which must be refused in words within its time, and nothing made.
   * @returns the seconds that it took
   */
  async refuses(stack: string, says: readonly string[], { args = [], env = {}, mostCpuMs }: Refusing = {}) {
    const ran = await this.millrace(["up", "--stack", stack, "--yes", "--engine", "local", ...args], env);
    must(ran.code !== 0, "up went on");
    mustSay(ran.stderr, says);
    const soonMs = SOON_MS * (await slowness());
    if (mostCpuMs === undefined) must(ran.ms <= soonMs, `it took ${seconds(ran.ms)}, longer than ${seconds(soonMs)}`);
    else must(ran.cpuMs <= mostCpuMs, `it took ${seconds(ran.cpuMs)} of a processor, more than ${seconds(mostCpuMs)}`);
    must(!hasState(stack, this.folder), "the refused stack has a state");
    must(!(await hasContainer()), `the refused up made the cluster ${EMBEDDED}`);
    return seconds(ran.ms);
  }
}

interface Refusing {
  readonly args?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** Bar for what only reads the config: other work on the machine does not count. @default - 30 s by the clock */
  readonly mostCpuMs?: number;
}

/** Bar for a refusal that asks a cluster, on a machine that has nothing else to do. */
const SOON_MS = 30_000;

/** Of a processor. */
const CALIBRATION_MS = 300;
const SLOWEST = 4;

/** How many times longer than its own processor time a program takes here, since others want the processors too; from 1 to 4. */
async function slowness(): Promise<number> {
  const script = `const began = performance.now();
    while (process.cpuUsage().user < ${CALIBRATION_MS * 1000}) Math.sqrt(performance.now());
    console.log(performance.now() - began);`;
  const { stdout } = await run(process.execPath, ["-e", script]);
  return Math.min(SLOWEST, Math.max(1, Number(stdout) / CALIBRATION_MS || 1));
}

async function hasContainer(): Promise<boolean> {
  const { container } = embeddedNames(EMBEDDED);
  // Where no Docker engine answers, there is no container either.
  const all = await new Docker().listContainers({ all: true }).catch(() => []);
  return all.some(({ Names }) => Names.includes(`/${container}`));
}

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export function mustSay(text: string, says: readonly string[]): void {
  for (const words of says) must(text.includes(words), `it does not say "${words}": ${text.slice(-800)}`);
}

export const kubeOf = ({ kubeconfig }: Pick<ControlPlane, "kubeconfig">): Kube => clientOf(readKubeconfig(kubeconfig));

/** A kubeconfig that is the same but for what `change` writes into it. */
export function changedKubeconfig(kubeconfig: string, change: (config: PlainKubeconfig) => void): string {
  const config = JSON.parse(kubeconfig) as PlainKubeconfig;
  change(config);
  return JSON.stringify(config);
}

export interface PlainKubeconfig {
  readonly clusters: [{ name: string; cluster: Record<string, unknown> }];
  readonly users: [{ name: string; user: Record<string, unknown> }];
  readonly contexts: [{ name: string; context: Record<string, unknown> }];
  "current-context": string;
}

export const object = (name: string, manifest: Manifest, more: Partial<Part> = {}): Part => ({
  kind: "Object",
  name,
  manifest,
  ...more,
});

/** ConfigMaps whose names begin so, which take the API server no time. */
export const many = (prefix: string, count: number): Part[] =>
  Array.from({ length: count }, (_, index) => ({ name: `${prefix}-${index}` }));

/** `name uid version` of each of them that is there: another version tells that somebody has written it. */
export async function versionsOf(kube: Kube, prefix: string): Promise<string[]> {
  interface Named {
    readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
  }
  const { items } = await kube.get<{ items: readonly Named[] }>("/api/v1/namespaces/default/configmaps");
  return items
    .filter(({ metadata }) => metadata.name.startsWith(`${prefix}-`))
    .map(({ metadata: { name, uid, resourceVersion } }) => `${name} ${uid} ${resourceVersion}`);
}

/** How many of them are there. */
export const countOf = async (kube: Kube, prefix: string): Promise<number> => (await versionsOf(kube, prefix)).length;
