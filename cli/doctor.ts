/** `npm run doctor`: what this machine, the target or the running platform lacks, in plain words, with the next command. */
import { existsSync, readFileSync } from "node:fs";
import { cpus, freemem, totalmem } from "node:os";
import { join } from "node:path";

import { NODE_RESERVE } from "../clusters/embedded/container-spec.ts";
import { hiddenNetworks } from "../clusters/embedded/networks.ts";
import { remedies } from "../clusters/targets.ts";
import { fit } from "../config/fit.ts";
import { wantedImages } from "../config/images.ts";
import { loadConfig, type PlatformConfig } from "../config/index.ts";
import { imageFolder } from "../images/tags.ts";
import { imagesToBuild } from "../images/wanted.ts";
import { repositoryDir } from "../platform/images/files.ts";
import type { Command } from "./command.ts";
import { chooseEngine } from "./choose-engine.ts";
import { shortageOf } from "./claim-room.ts";
import { clusterState, enforcesPolicies, foreignCluster } from "./cluster.ts";
import { anotherCluster } from "./cluster-identity.ts";
import { clusterFindings } from "./cluster-probes.ts";
import { cacheDir } from "../platform/images/cache.ts";
import { makesPolicies } from "../config/network.ts";
import { policyNote } from "./edges.ts";
import { messageOf } from "./errors.ts";
import { atLeast, type Finding, ok } from "./finding.ts";
import { run, which } from "../platform/exec.ts";
import { usesHostTools } from "../platform/images/toolbox.ts";
import { connect } from "./kube.ts";
import { type StackArgs, stackArgs, stackOptions } from "./options.ts";
import { readPlatform } from "./platform.ts";
import { pushFindings } from "./push-probe.ts";
import { diskNeeded, diskProblems, dockerFolders, nodeRefusals } from "./preflight.ts";
import type { ServiceStatus } from "./services.ts";
import { readStackAsItRuns, type Stack } from "./stack.ts";
import { bytes, table } from "./table.ts";
import { namespacesOf } from "../config/namespaces.ts";

export const doctor: Command = {
  summary: "shows what this machine, the target or the running platform lacks, with the command to run next",
  options: stackOptions,
  async run(values) {
    const args = stackArgs(values);
    const { ok: healthy, findings } = await findingsOf(args);
    const report = { ok: healthy, findings };
    process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderFindings(findings)}\n`);
    return healthy ? 0 : 1;
  },
};

/** All that `doctor` finds. */
export async function findingsOf(
  args: StackArgs,
): Promise<{ readonly ok: boolean; readonly findings: readonly Finding[] }> {
  const findings: Finding[] = [];
  let stack: Stack | undefined;
  try {
    ({ stack } = await readStackAsItRuns(args, await chooseEngine(undefined)));
    findings.push(ok("config", `Pulumi.${args.stack}.yaml is valid`));
  } catch (error) {
    findings.push({
      subject: "config",
      level: "problem",
      detail: messageOf(error),
      next: `correct Pulumi.${args.stack}.yaml`,
    });
  }
  findings.push(...(await hostFindings(stack?.config ?? loadConfig({}))));
  if (stack !== undefined) findings.push(...(await targetFindings(stack)));
  return { ok: findings.every((finding) => finding.level !== "problem"), findings };
}

/** A program that this machine must have. */
interface HostProgram {
  readonly name: string;
  readonly args: readonly string[];
  /** Finds the version in what it prints. */
  readonly version: RegExp;
  readonly atLeast: string;
  readonly neededFor: string;
  /** The file in an image's folder that says that the image needs it. @default - every image does */
  readonly file?: string;
  /** Whether the embedded cluster is built with it, too. */
  readonly buildsCluster: boolean;
  readonly install: string;
}

/** What is asked for always comes first; the others are what MILLRACE_TOOLS=host takes from this machine. */
const hostPrograms: readonly HostProgram[] = [
  {
    name: "docker",
    args: ["version", "--format", "{{.Server.Version}}"],
    version: /(\d+\.\d+(\.\d+)?)/,
    atLeast: "20.10",
    neededFor: "the embedded cluster and the images",
    buildsCluster: true,
    install: "install Docker (on Debian: apt-get install docker.io), start it, and add this user to the group docker",
  },
  {
    name: "go",
    args: ["version"],
    version: /go(\d+\.\d+(\.\d+)?)/,
    atLeast: "1.26",
    neededFor: "building the embedded cluster and the engines written in Go",
    file: "go.mod",
    buildsCluster: true,
    install: "install Go 1.26 or later",
  },
  {
    name: "cargo",
    args: ["--version"],
    version: /cargo (\d+\.\d+\.\d+)/,
    atLeast: "1.91",
    neededFor: "building the engines written in Rust",
    file: "cargo.lock",
    buildsCluster: false,
    install: "install Rust 1.91 or later",
  },
  {
    name: "mvn",
    args: ["-version"],
    version: /Maven (\d+\.\d+\.\d+)/,
    atLeast: "3.6",
    neededFor: "fetching the engines written in Java",
    file: "maven.lock",
    buildsCluster: false,
    install: "apt-get install maven",
  },
  {
    name: "python3",
    args: ["--version"],
    version: /(\d+\.\d+(\.\d+)?)/,
    atLeast: "3.9",
    neededFor: "fetching packages from PyPI",
    file: "pypi.lock.txt",
    buildsCluster: false,
    install: "apt-get install python3",
  },
  {
    name: "pip3",
    args: ["--version"],
    version: /pip (\d+\.\d+(\.\d+)?)/,
    atLeast: "20",
    neededFor: "fetching packages from PyPI",
    file: "pypi.lock.txt",
    buildsCluster: false,
    install: "apt-get install python3-pip",
  },
  {
    name: "gcc",
    args: ["--version"],
    version: /(\d+\.\d+(\.\d+)?)/,
    atLeast: "8",
    neededFor: "building the engines written in Rust",
    file: "cargo.lock",
    buildsCluster: false,
    install: "apt-get install gcc make pkg-config",
  },
];

/** Names of the programs that this machine needs for what a config has built. */
export function programsFor(config: PlatformConfig, takesHostTools = usesHostTools()): string[] {
  const images = imagesToBuild(wantedImages(config)).map((name) => join(repositoryDir, imageFolder(name)));
  const isEmbedded = config.cluster.target === "embedded";
  return hostPrograms
    .filter(({ name }) => name === "docker" || takesHostTools)
    .filter(
      ({ file, buildsCluster }) =>
        (buildsCluster && isEmbedded) || images.some((folder) => file === undefined || existsSync(join(folder, file))),
    )
    .map(({ name }) => name);
}

async function programFinding(program: HostProgram): Promise<Finding> {
  const lacking = (detail: string): Finding => ({
    subject: program.name,
    level: "problem",
    detail: `${detail}; needed for ${program.neededFor}`,
    next: program.install,
  });
  if (which(program.name) === undefined) return lacking("not on the PATH");
  const ran = await run(program.name, program.args, { timeoutMs: 15_000 });
  const version = program.version.exec(ran.stdout.replaceAll(/\x1b\[[0-9;]*m/g, ""))?.[1];
  if (ran.code !== 0 || version === undefined) {
    return lacking(`does not answer: ${ran.stderr.trim().split("\n").at(-1) ?? `code ${ran.code}`}`);
  }
  return atLeast(version, program.atLeast)
    ? ok(program.name, version)
    : lacking(`${version} is older than ${program.atLeast}`);
}

/** Memory for what the pods use beyond their requests, and for whatever else the machine does. */
const MEMORY_MARGIN = 3.5 * 2 ** 30;

/** Bytes of memory that a machine should have for the embedded cluster with this config on it. */
export function memoryWanted(config: PlatformConfig): number {
  const { need } = fit(config, { cpuMillis: 0, memoryMi: 0 });
  return (need.memoryMi + NODE_RESERVE.memoryMi) * 2 ** 20 + MEMORY_MARGIN;
}

async function hostFindings(config: PlatformConfig): Promise<Finding[]> {
  const { warm } = diskNeeded(config);
  const folders = await dockerFolders();
  const disk = diskProblems(warm, folders);
  const memory = totalmem();
  const needed = memoryWanted(config);
  const programs = programsFor(config);
  return [
    ok("node", process.version),
    ok("cpu", `${cpus().length} cores`),
    memory >= needed
      ? ok("memory", `${bytes(memory)}, ${bytes(availableMemory())} available`)
      : {
          subject: "memory",
          level: "warning",
          detail: `${bytes(memory)}; the whole platform needs ${bytes(needed)}`,
          next: "turn services off in the stack (docs/configuration.md)",
        },
    disk[0] === undefined
      ? ok("disk", `at least ${bytes(warm)} free at ${folders[0] ?? cacheDir()}`)
      : { subject: "disk", level: "problem", detail: disk[0], next: "npm run down -- --cache" },
    ok("cache", cacheDir()),
    ...(await Promise.all(hostPrograms.filter(({ name }) => programs.includes(name)).map(programFinding))),
  ];
}

/** Free memory and what the kernel would give back. */
function availableMemory(): number {
  try {
    const match = /^MemAvailable:\s+(\d+) kB/m.exec(readFileSync("/proc/meminfo", "utf8"));
    return match === null ? freemem() : Number(match[1]) * 1024;
  } catch {
    return freemem();
  }
}

async function targetFindings(stack: Stack): Promise<Finding[]> {
  const { target } = stack.profile;
  const networks = target === "embedded" ? [...(await engineFindings()), ...networkFindings()] : [];
  const foreign = await foreignCluster(stack);
  if (foreign !== undefined) {
    const next = "npm run up -- --name <another name>";
    return [...networks, { subject: target, level: "problem", detail: foreign, next }];
  }
  const state = await clusterState(stack);
  const shortage = await shortageOf(stack, state.running);
  const claims: Finding[] = shortage === undefined ? [] : [{ subject: "claims", level: "problem", ...shortage }];
  if (!state.running) {
    const level = target === "embedded" ? "warning" : "problem";
    const { start, context } = remedies(stack.profile);
    const next = state.detail.includes("has no context") ? context : start;
    // The embedded cluster brings its registry along.
    const pushes = target === "embedded" ? [] : await pushFindings(stack);
    return [...networks, { subject: target, level, detail: state.detail, next }, ...claims, ...pushes];
  }
  const kube = connect(stack.profile);
  const another = target === "embedded" ? undefined : await anotherCluster(kube, stack);
  if (another !== undefined) {
    const next = `correct cluster.context of Pulumi.${stack.name}.yaml, or npm run up -- --anew`;
    return [...networks, { subject: target, level: "problem", detail: another, next }];
  }
  const [asked, pushes] = await Promise.all([clusterFindings(kube, stack), pushFindings(stack)]);
  const findings: Finding[] = [...networks, ok(target, state.detail), ...asked, ...claims, ...pushes];
  const { services } = await readPlatform(kube, namespacesOf(stack.config.cluster));
  if (services.length === 0) {
    findings.push({ subject: "platform", level: "warning", detail: "nothing is deployed", next: "npm run up" });
  }
  for (const service of services) findings.push(serviceFinding(service));
  if (makesPolicies(stack.config)) findings.push(policyFinding(await enforcesPolicies(stack)));
  return findings;
}

/** What speaks against a node in the Docker engine; an engine that does not answer is a finding of its own. */
async function engineFindings(): Promise<Finding[]> {
  const refusals = await nodeRefusals().catch(() => []);
  const next = "docker context use <an engine of this machine that runs as root>, or another cluster.target";
  return refusals.map((detail) => ({ subject: "engine", level: "problem", detail, next }));
}

/** Whether the policies that the stack asks for have an effect. */
export function policyFinding(enforced: boolean | "unknown"): Finding {
  const open = policyNote(true, enforced);
  if (open === undefined) return ok("policies", "enforced");
  return {
    subject: "policies",
    level: "warning",
    detail: open,
    next: "docs/network.md says which networks enforce them",
  };
}

/** Networks that pods of the embedded cluster can't reach. */
function networkFindings(): Finding[] {
  return hiddenNetworks().map((detail) => ({
    subject: "networks",
    level: "warning",
    detail,
    next: "leave that network, or another cluster.target",
  }));
}

/** A service's fault with what to do about its kind of cause. */
export function serviceFinding(service: ServiceStatus): Finding {
  if (service.reason === null) return ok(service.name, `${service.pods} pod(s) ready`);
  const next = nextSteps.find(([cause]) => cause.test(service.reason ?? ""))?.[1] ?? "npm run status -- --logs {name}";
  return {
    subject: service.name,
    level: "problem",
    detail: service.reason,
    next: next.replace("{name}", service.name),
  };
}

const nextSteps: readonly (readonly [RegExp, string])[] = [
  [
    /^image:/,
    "npm run up (builds and pushes what is missing); with an image of your own, correct services.{name}.image",
  ],
  [/^memory: no node/, "lower services.{name} memory in the stack, or turn another service off, then npm run up"],
  [/^memory:/, "raise services.{name} memory in the stack, then npm run up"],
  [/^cpu:/, "turn another service off in the stack, then npm run up"],
  [/^volume:.*no room/, "free room on that disk: the provisioner tries again by itself"],
  [/^volume:/, "npm run doctor shows the StorageClass; then npm run up"],
  [/^crash:/, "npm run status -- --logs {name}"],
  [/^(scaled to zero|\d+ of \d+ pods exist)/, "npm run up"],
];

export function renderFindings(findings: readonly Finding[]): string {
  const marks = { ok: "ok", warning: "WARN", problem: "PROBLEM" } as const;
  const all = table(
    ["what", "", "detail"],
    findings.map((finding) => [finding.subject, marks[finding.level], finding.detail.split("\n")[0] ?? ""]),
  );
  const open = findings.filter((finding) => finding.level !== "ok");
  if (open.length === 0) return `${all}\n\nnothing is wrong`;
  const steps = open.map((finding) => `${finding.subject}: ${finding.detail}\n  next: ${finding.next}`);
  return `${all}\n\n${steps.join("\n")}`;
}
