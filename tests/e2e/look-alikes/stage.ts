/** One look-alike on this machine: its cluster, and a clone of the project whose stack is on it. Nothing of it is anybody else's. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

import Docker from "dockerode";
import { stringify } from "yaml";

import { freePorts, portsOfClusters } from "../../../cli/embedded-choice.ts";
import { projectDir, stateDir } from "../../../cli/paths.ts";
import { readKubeconfig } from "../../../clusters/kubeconfig.ts";
import {
  destroy,
  type EmbeddedOptions,
  inventoryLines,
  type Owner,
  start,
} from "../../../clusters/embedded/cluster.ts";
import { isFree } from "../../../clusters/embedded/ports.ts";
import type { Pose } from "../../../clusters/embedded/pose.ts";
import { lineSplitter } from "../../../platform/exec.ts";
import { cloneTo } from "../clone.ts";
import { type LookAlike, lookAlikes, type Values } from "./descriptions.ts";
import { type Edge, openEdge } from "./edge.ts";
import { rememberImages, removeImages } from "./local-images.ts";
import { seedRegistry } from "./seed.ts";

/** Of all runs of this clone. */
const root = join(stateDir, "e2e");
/** The image that every run pushes; the others are in the registry already. */
const PUSHED = "tools";
/** Time that commands have to end in order, in ms. */
const GRACE_MS = 30_000;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** What tells this clone from every other, also from one that has had its folder. */
function cloneId(): string {
  const file = join(root, "id");
  if (!existsSync(file)) {
    mkdirSync(root, { recursive: true });
    writeFileSync(file, randomBytes(8).toString("hex"));
  }
  return readFileSync(file, "utf8");
}

const folderOf = (name: string): string => join(root, name);
const imagesFile = (name: string): string => join(folderOf(name), "images.json");

/** The cluster of a look-alike: its name is no other clone's. */
function clusterOf(name: string): EmbeddedOptions & { readonly name: string; readonly owner: Owner } {
  const id = cloneId();
  return {
    owner: { id, folder: projectDir, stack: name, hasState: false },
    name: `${name}-${id.slice(0, 6)}`,
    stateDir: folderOf(name),
  };
}

/** Removes what a run that was killed has left, of this clone only. @returns what could not be removed */
export async function removeLeftovers(): Promise<string[]> {
  const left: string[] = [];
  for (const name of Object.keys(lookAlikes)) {
    left.push(...inventoryLines(await destroy(clusterOf(name))));
    await removeImages(new Docker(), imagesFile(name));
    rmSync(folderOf(name), { recursive: true, force: true });
  }
  return left;
}

export class Stage {
  /** Folder of the clone. */
  readonly clone: string;
  readonly kubeconfig: string;
  /** Of the node, on its Docker network. */
  readonly address: string;
  readonly pose: Pose;
  /** Of the stack `dev` in the clone. */
  readonly values: Values;
  readonly #name: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #edge: Edge | undefined;
  readonly #signal: AbortSignal;

  private constructor(
    name: string,
    made: {
      readonly kubeconfig: string;
      readonly address: string;
      readonly pose: Pose;
      readonly values: Values;
      readonly env: NodeJS.ProcessEnv;
      readonly edge: Edge | undefined;
      readonly signal: AbortSignal;
    },
  ) {
    this.#name = name;
    this.clone = join(folderOf(name), "clone");
    this.kubeconfig = made.kubeconfig;
    this.address = made.address;
    this.pose = made.pose;
    this.values = made.values;
    this.#env = made.env;
    this.#edge = made.edge;
    this.#signal = made.signal;
  }

  /**
   * Starts the cluster and makes the clone. What an attempt that fails has made, `removeLeftovers` removes.
   * @param signal ends this, and every command.
   */
  static async raise(name: string, of: LookAlike, signal: AbortSignal): Promise<Stage> {
    const folder = folderOf(name);
    const ports = await choosePorts(of);
    const pose = of.pose(ports.registry);
    await rememberImages(new Docker(), imagesFile(name), ports.registry);
    const registryDir = join(folder, "registry");
    seedRegistry(registryDir, of.registryPath ?? "", PUSHED);
    const { apiServer, registry, ...nodePorts } = ports;
    const published = of.isThisMachine ? ports : { apiServer, registry };
    const cluster = { ...clusterOf(name), ports: published, pose, registryDir, signal };
    const { kubeconfig } = await start({
      ...cluster,
      progress: (step, detail) => {
        console.log(`    ${step}: ${detail}`);
      },
    });
    const address = await addressOf(cluster.name);
    const values = of.values({ kubeconfig, address, registryPort: registry, nodePorts });
    const config = readKubeconfig(kubeconfig);
    const edge = of.ingress === undefined ? undefined : await openEdge(config, of.ingress.className);
    const env = {
      ...process.env,
      ...loginEnv(pose, registry, join(folder, "docker")),
      ...(edge && proxyEnv(edge.url)),
    };
    const stage = new Stage(name, { kubeconfig, address, pose, values, env, edge, signal });
    cloneTo(stage.clone);
    stage.writeStack("dev", values);
    return stage;
  }

  /** Writes a stack's file in the clone. */
  writeStack(stack: string, values: Values): void {
    writeFileSync(join(this.clone, `Pulumi.${stack}.yaml`), stringify({ config: values }));
  }

  /** Runs a command of the clone's CLI as a user does. */
  async millrace(args: readonly string[], timeoutMs: number, env: NodeJS.ProcessEnv = {}): Promise<Ran> {
    return await this.#run("sh", ["cli/millrace", ...args], timeoutMs, env);
  }

  /** Runs the clone's own end-to-end test. */
  async endToEnd(args: readonly string[], timeoutMs: number): Promise<Ran> {
    const program = ["--disable-warning=ExperimentalWarning", "tests/e2e/main.ts", ...args];
    return await this.#run(process.execPath, program, timeoutMs, {}, say);
  }

  /** A login of Docker's with another password, as variables for a command. */
  wrongLogin(registryPort: number): NodeJS.ProcessEnv {
    const { login } = this.pose.registry;
    const wrong = login && { ...login, password: "wrong" };
    const pose = { ...this.pose, registry: { ...this.pose.registry, ...(wrong && { login: wrong }) } };
    return loginEnv(pose, registryPort, join(folderOf(this.#name), "wrong-docker"));
  }

  /** Removes all of it. @returns what is left although it should not be */
  async remove(): Promise<string[]> {
    await this.#edge?.close();
    return await removeLeftovers();
  }

  /** In a group of its own: Ctrl-C is this program's, and what a command has started ends with it. */
  async #run(
    program: string,
    args: readonly string[],
    timeoutMs: number,
    env: NodeJS.ProcessEnv,
    onStdout: (line: string) => void = () => undefined,
  ): Promise<Ran> {
    const signal = AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]);
    const started = performance.now();
    const child = spawn(program, args, {
      cwd: this.clone,
      env: { ...this.#env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: true,
    });
    const texts = { stdout: "", stderr: "" };
    for (const name of ["stdout", "stderr"] as const) {
      const lines = lineSplitter(name === "stdout" ? onStdout : say);
      child[name].setEncoding("utf8").on("data", (text: string) => {
        texts[name] += text;
        lines.push(text);
      });
    }
    const toGroup = (kind: NodeJS.Signals): void => {
      try {
        if (child.pid !== undefined) process.kill(-child.pid, kind);
      } catch {
        // It has ended.
      }
    };
    let killer: NodeJS.Timeout | undefined;
    const end = (): void => {
      toGroup("SIGTERM");
      killer = setTimeout(() => {
        toGroup("SIGKILL");
      }, GRACE_MS);
    };
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
    const [code] = (await once(child, "close")) as [number | null];
    signal.removeEventListener("abort", end);
    clearTimeout(killer);
    return { code: code ?? 1, ...texts, ms: performance.now() - started };
  }
}

const say = (line: string): void => {
  console.log(`    ${line}`);
};

async function choosePorts({ registryPort }: LookAlike): ReturnType<typeof freePorts> {
  const taken = await portsOfClusters(new Docker());
  const isTaken = async (port: number): Promise<boolean> => taken.has(port) || !(await isFree(port));
  const ports = await freePorts(isTaken);
  return registryPort === undefined || (await isTaken(registryPort)) ? ports : { ...ports, registry: registryPort };
}

async function addressOf(container: string): Promise<string> {
  const { NetworkSettings } = await new Docker().getContainer(container).inspect();
  const address = Object.values(NetworkSettings.Networks)[0]?.IPAddress ?? "";
  if (address === "") throw new Error(`the Docker engine gives container ${container} no address`);
  return address;
}

/** This machine's settings of Docker with the login of one registry, and no other login. */
function loginEnv({ registry: { login } }: Pose, port: number, folder: string): NodeJS.ProcessEnv {
  if (login === undefined) return {};
  const own = process.env["DOCKER_CONFIG"] ?? join(homedir(), ".docker");
  const file = join(own, "config.json");
  const { currentContext } = (existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {}) as {
    currentContext?: string;
  };
  mkdirSync(folder, { recursive: true });
  if (existsSync(join(own, "contexts"))) cpSync(join(own, "contexts"), join(folder, "contexts"), { recursive: true });
  const auth = Buffer.from(`${login.username}:${login.password}`).toString("base64");
  const config = { ...(currentContext && { currentContext }), auths: { [`localhost:${port}`]: { auth } } };
  writeFileSync(join(folder, "config.json"), JSON.stringify(config), { mode: 0o600 });
  return { DOCKER_CONFIG: folder };
}

/** What leads a program to the ingress controller; this machine's own addresses are reached without it. */
function proxyEnv(url: string): NodeJS.ProcessEnv {
  const direct = [process.env["no_proxy"] ?? process.env["NO_PROXY"] ?? "", "localhost", "127.0.0.1"];
  const without = direct.filter(Boolean).join(",");
  return { NODE_USE_ENV_PROXY: "1", http_proxy: url, HTTP_PROXY: url, no_proxy: without, NO_PROXY: without };
}
