/** Finds a Docker engine that answers, or brings up Debian's own where that is possible. */
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Docker from "dockerode";
import { run } from "../platform/images/run.ts";
import { which } from "../platform/exec.ts";

/** Seconds that a freshly started engine gets until it must answer. */
const START_SECONDS = 60;
const LOG_LINES = 15;

export interface DockerEngineOptions {
  /** Folder for log and process id of an engine that is started here. @default ".millrace" */
  readonly stateDir?: string;
}

/** What decides how an engine can be had on this machine. */
export interface EngineSituation {
  /** `$DOCKER_HOST`, when set: the engine is someone else's to start. */
  readonly dockerHost: string | undefined;
  /** The error code of asking the engine: `EACCES`, `ECONNREFUSED`, `ENOENT` … */
  readonly code: string;
  readonly root: boolean;
  /** Whether apt-get is there. */
  readonly debian: boolean;
}

/**
 * Returns a client of a Docker engine that answers. When none does and this is root on Debian, installs Debian's
 * docker.io where it is missing and starts the engine so that it outlives this process.
 * @param progress is told what takes time.
 * @throws Error that says what to do when no engine can be had.
 */
export async function ensureDocker(
  progress: (detail: string) => void,
  options: DockerEngineOptions = {},
): Promise<Docker> {
  const docker = new Docker();
  const code = await pingProblem(docker);
  if (code === undefined) return docker;
  const refusal = refuseReason({
    dockerHost: process.env["DOCKER_HOST"],
    code,
    root: process.getuid?.() === 0,
    debian: existsSync("/usr/bin/apt-get"),
  });
  if (refusal !== undefined) throw new Error(refusal);
  await installEngine(progress);
  if ((await pingProblem(docker)) === undefined) return docker;
  await startEngine(docker, progress, options.stateDir ?? ".millrace");
  return docker;
}

/**
 * Returns a client of the engine where one is installed, started if need be, and installs nothing: for asking about a
 * cluster, or removing it. `undefined`: this machine has no engine, so it has no cluster either.
 */
export async function findDocker(
  progress: (detail: string) => void,
  options: DockerEngineOptions = {},
): Promise<Docker | undefined> {
  const docker = new Docker();
  const code = await pingProblem(docker);
  if (code === undefined) return docker;
  return code === "ENOENT" && which("dockerd") === undefined ? undefined : await ensureDocker(progress, options);
}

/** Why this process cannot bring an engine up, with the way out; `undefined`: it can. */
export function refuseReason({ dockerHost, code, root, debian }: EngineSituation): string | undefined {
  if (dockerHost !== undefined && dockerHost !== "") {
    return `no Docker engine answers at DOCKER_HOST=${dockerHost} (${code}); start that engine, or unset DOCKER_HOST (or choose another docker context) to use the local one`;
  }
  if (code === "EACCES") {
    return (
      "this user may not use the Docker engine (/var/run/docker.sock: permission denied); " +
      "run `sudo usermod -aG docker $USER`, log in again, and repeat the command"
    );
  }
  if (debian && root) return undefined;
  return debian
    ? `no Docker engine answers (${code}), and only root can install or start one; run \`sudo apt-get install -y docker.io\`, ` +
        "then `sudo usermod -aG docker $USER`, log in again, and repeat the command"
    : `no Docker engine answers (${code}); install Docker (https://docs.docker.com/engine/install/), start it, and repeat the command`;
}

/** What of `docker info` says how the engine runs. */
export interface EngineInfo {
  readonly SecurityOptions?: readonly string[] | null;
}

/** Why an engine can't run a node of the embedded cluster; `undefined`: nothing that it says of itself speaks against it. */
export function nodeRefusal({ SecurityOptions }: EngineInfo): string | undefined {
  const isRootless = (SecurityOptions ?? []).some((option) => /(^|,)name=rootless(,|$)/.test(option));
  return isRootless
    ? "this Docker engine is rootless, and its containers may not set what a Kubernetes node sets in the kernel; " +
        "use an engine that runs as root (docker context ls), or set cluster.target to minikube, microk8s or cloud. Images can be built with it"
    : undefined;
}

async function pingProblem(docker: Docker): Promise<string | undefined> {
  try {
    await docker.ping();
    return undefined;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? (error instanceof Error ? error.message : String(error));
  }
}

async function installEngine(progress: (detail: string) => void): Promise<void> {
  if (which("dockerd") !== undefined && which("docker") !== undefined) return;
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  progress("apt-get update");
  await run("apt-get", ["update"], { env });
  // From Debian 13 on the client is a package of its own.
  const offered = await run("apt-cache", ["search", "--names-only", "^docker-cli$"]);
  const packages = ["docker.io", ...(offered.trim() === "" ? [] : ["docker-cli"])];
  let unpacked = 0;
  await run("apt-get", ["install", "-y", "--no-install-recommends", "-o", "DPkg::Lock::Timeout=300", ...packages], {
    env,
    onLine: (line) => {
      if (line.startsWith("Setting up ")) progress(`installing Debian's docker.io: ${++unpacked} packages set up`);
    },
  });
}

async function startEngine(docker: Docker, progress: (detail: string) => void, stateDir: string): Promise<void> {
  progress("starting the Docker engine");
  const log = join(stateDir, "dockerd.log");
  if (existsSync("/run/systemd/system")) {
    await run("systemctl", ["start", "docker"]);
  } else if (!isProcess(readPid("/var/run/docker.pid"), "dockerd")) {
    removeStalePids();
    mkdirSync(stateDir, { recursive: true });
    const output = openSync(log, "a");
    const child = spawn("dockerd", [], { detached: true, stdio: ["ignore", output, output] });
    child.on("error", () => undefined);
    child.unref();
    writeFileSync(join(stateDir, "dockerd.pid"), String(child.pid ?? ""));
  }
  for (let waited = 0; waited < START_SECONDS * 4; waited++) {
    if ((await pingProblem(docker)) === undefined) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  const tail = existsSync(log) ? readFileSync(log, "utf8").trim().split("\n").slice(-LOG_LINES).join("\n  ") : "no log";
  throw new Error(`the Docker engine did not answer within ${START_SECONDS} s; the end of ${log}:\n  ${tail}`);
}

/** After a crash or reboot the files may name processes that are something else by now; the engine would not start. */
function removeStalePids(): void {
  const files = { "/var/run/docker.pid": "dockerd", "/var/run/docker/containerd/containerd.pid": "containerd" };
  for (const [file, program] of Object.entries(files)) {
    if (!isProcess(readPid(file), program)) rmSync(file, { force: true });
  }
}

function readPid(file: string): number | undefined {
  const pid = existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) : Number.NaN;
  return Number.isNaN(pid) ? undefined : pid;
}

function isProcess(pid: number | undefined, program: string): boolean {
  const comm = `/proc/${pid ?? 0}/comm`;
  return pid !== undefined && existsSync(comm) && readFileSync(comm, "utf8").trim() === program;
}
