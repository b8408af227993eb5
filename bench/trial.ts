/** A platform that is made to be measured, from a copy of the project, on a cluster of its own. */
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import Docker from "dockerode";
import type { DownReport } from "../cli/down.ts";
import { rememberedChoice } from "../cli/embedded-choice.ts";
import { UserError } from "../cli/errors.ts";
import { connect } from "../cli/kube.ts";
import type { UpReport } from "../cli/up.ts";
import { LABEL } from "../clusters/embedded/container-spec.ts";
import { containerUsage } from "../clusters/embedded/node.ts";
import { ownerWords, type Piece } from "../clusters/embedded/owner.ts";
import { embeddedFolder } from "../clusters/targets.ts";
import { type Ran, run } from "../platform/exec.ts";
import type { Copy } from "./copy.ts";
import { type Site, stateFileOf } from "./site.ts";
import { machineNs } from "./usage.ts";

/** The embedded cluster that measurements get. */
export const CLUSTER = "millrace-bench";
const STACK = "dev";
const SAMPLE_MS = 2000;
const UP_MS = 90 * 60_000;
const DOWN_MS = 15 * 60_000;

/** What an `up` took. */
export interface UpFigures {
  readonly seconds: number;
  /** Of the whole machine; `null`: not known. */
  readonly cpuSeconds: number | null;
  /** Of the cluster with everything in it, at its highest. */
  readonly peakMemoryBytes: number;
  /** Objects that it created, changed or deleted. */
  readonly changes: number;
  /** Images that it built: with any, it was no start from warm caches. */
  readonly builtImages: number;
}

export interface Trial {
  readonly copy: Copy;
  /** Brings the platform up until the proof is green. @throws Error with its causes */
  up(): Promise<UpFigures>;
  /** Takes it away, with its data. @throws Error with what is left */
  down(): Promise<void>;
  /** The platform, once it is up. */
  site(): Site;
  /** Where it is published, as values of `--kafka` and `--presto`. */
  addresses(): { readonly kafka: string; readonly presto: string };
}

interface TrialOptions {
  readonly copy: Copy;
  /** Set of services. */
  readonly profile: string;
  readonly log: (line: string) => void;
  /** Stops an `up` in an orderly way. */
  readonly signal: AbortSignal;
  /** @default - the engine of this machine */
  readonly docker?: Engine;
}

type Engine = Pick<Docker, "listImages" | "getContainer">;

export function trialOf({ copy, profile, log, signal, docker = new Docker() }: TrialOptions): Trial {
  const { folder, label } = copy;
  const millrace = (args: readonly string[], timeoutMs: number, stop?: AbortSignal): Promise<Ran> =>
    run("sh", ["cli/millrace", ...args, "--yes", "--json", "--target", "embedded", "--name", CLUSTER], {
      cwd: folder,
      timeoutMs,
      ownGroup: true,
      signal: stop,
    });
  /** An `up` that is interrupted ends in its own time, and holds the lock until then. */
  let comingUp: Promise<unknown> = Promise.resolve();
  return {
    copy,
    async up() {
      signal.throwIfAborted();
      log(`${label}: up, profile ${profile}`);
      const began = { at: Date.now(), cpuNs: machineNs() };
      const memory = watchMemory(docker);
      const running = millrace(["up", "--profile", profile], UP_MS, signal);
      comingUp = running;
      const ran = await running;
      memory.stop();
      const ended = machineNs();
      signal.throwIfAborted();
      const { ok, errors, changes } = reportOf(ran);
      if (ran.code !== 0 || ok !== true) throw new Error(`up failed: ${causeOf(ran, errors)}`);
      const { create = 0, update = 0, replace = 0, delete: removed = 0 } = changes ?? {};
      const figures = {
        seconds: ran.ms / 1000,
        cpuSeconds: began.cpuNs === undefined || ended === undefined ? null : (ended - began.cpuNs) / 1e9,
        peakMemoryBytes: memory.peak(),
        changes: create + update + replace + removed,
        builtImages: await imagesSince(docker, began.at),
      };
      log(`${label}: up after ${figures.seconds.toFixed(0)} s`);
      return figures;
    },
    async down() {
      await comingUp;
      log(`${label}: down`);
      const ran = await millrace(["down"], DOWN_MS);
      const { ok, errors = [], left = [] } = reportOf(ran);
      if (ran.code === 0 && ok === true) return;
      const leftWords = left.map(({ kind, name }) => `${kind} ${name} is left`);
      throw new Error(`down failed: ${causeOf(ran, [...errors, ...leftWords])}`);
    },
    site: () => {
      const kubeconfig = join(folder, embeddedFolder(CLUSTER), "kubeconfig");
      return {
        kube: connect({ target: "embedded", kubeconfig, context: CLUSTER }),
        container: CLUSTER,
        profile,
        stateFile: stateFileOf(STACK, folder),
      };
    },
    addresses: () => {
      const ports = rememberedChoice(STACK, folder)?.ports;
      if (ports === undefined) throw new Error(`${label}: nothing is known of the ports of cluster ${CLUSTER}`);
      return { kafka: `127.0.0.1:${ports["kafka"]}`, presto: `http://127.0.0.1:${ports["presto"]}` };
    },
  };
}

/** How to remove by hand what a measurement leaves when it is stopped at once. */
export const removalOf = ({ folder }: Copy): string =>
  `(cd ${folder} && npm run down -- --yes --name ${CLUSTER}), then rm -r ${folder}`;

/** What a command of the CLI has printed; nothing is known without a report. */
function reportOf({ stdout }: Pick<Ran, "stdout">): Partial<UpReport & DownReport> {
  try {
    return JSON.parse(stdout) as Partial<UpReport & DownReport>;
  } catch {
    return {};
  }
}

/** Why a command failed: its own causes, else the end of what it said. */
export function causeOf({ code, stderr }: Pick<Ran, "code" | "stderr">, errors: readonly string[] = []): string {
  if (errors.length > 0) return [...new Set(errors)].join("; ");
  const said = stderr.trim().split("\n").slice(-5).join("\n");
  return said === "" ? `exit code ${code}` : said;
}

/** The memory of the cluster's container, looked at until it is stopped. */
function watchMemory(docker: Engine): { stop(): void; peak(): number } {
  const end = new AbortController();
  let peak = 0;
  void (async () => {
    while (!end.signal.aborted) {
      // Before the cluster is there, there is nothing to see.
      const seen = await containerUsage(docker, CLUSTER).catch(() => undefined);
      peak = Math.max(peak, seen?.memoryBytes ?? 0);
      await sleep(SAMPLE_MS, undefined, { signal: end.signal }).catch(() => undefined);
    }
  })();
  return {
    stop: () => {
      end.abort();
    },
    peak: () => peak,
  };
}

/** Images of the platform that were built since a time, in ms since the epoch. */
async function imagesSince(docker: Engine, time: number): Promise<number> {
  const images = await docker.listImages();
  const isOurs = ({ RepoTags }: Docker.ImageInfo): boolean =>
    ((RepoTags as string[] | null | undefined) ?? []).some((tag) => /(^|\/)millrace[/-]/.test(tag));
  return images.filter((image) => isOurs(image) && image.Created * 1000 >= time).length;
}

/**
 * Refuses to measure beside a platform that runs: both would be slower, and it may be somebody's.
 * @throws UserError that says whose each is
 */
export async function refuseBesideOthers(docker: Pick<Docker, "listContainers"> = new Docker()): Promise<void> {
  const listed = await docker
    .listContainers({ filters: { label: [`${LABEL}=embedded`] } })
    .catch((error: unknown) => (isNoEngine(error) ? [] : Promise.reject(error as Error)));
  const message = besideWords(
    listed.map(({ Names, Labels, Created }) => ({
      kind: "container",
      name: Names[0]?.replace(/^\//, "") ?? "?",
      labels: Labels,
      created: new Date(Created * 1000).toISOString(),
    })),
  );
  if (message !== undefined) throw new UserError(message);
}

/** No engine runs, so no cluster does; the first `up` starts one. */
const isNoEngine = (error: unknown): boolean =>
  ["ENOENT", "ECONNREFUSED"].includes((error as NodeJS.ErrnoException).code ?? "");

/** Why nothing is measured, in words; `undefined`: no cluster runs. */
export function besideWords(running: readonly Piece[]): string | undefined {
  if (running.length === 0) return undefined;
  const which = running.map((piece) => `"${piece.name}" of ${ownerWords(piece)}`).join(", and ");
  const names = running.map(({ name }) => name).join(" ");
  return (
    `an embedded cluster runs on this machine: ${which}. It was not touched, and nothing is measured beside it. ` +
    `Stop it for the time of the measurement (docker stop ${names}; docker start ${names} continues with its data), ` +
    "or take it down in its folder: npm run down"
  );
}
