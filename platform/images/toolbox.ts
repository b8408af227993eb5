/**
 * Tool chains that fill build contexts. Each is a Debian image of ours in which the ordinary clients (go, mvn, pip, cargo)
 * run with this machine's proxies, certificates, mirrors and logins. `MILLRACE_TOOLS=host` takes this machine's own instead.
 */
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "../exec.ts";
import { cacheDir, temporaryDir, toolsVolume } from "./cache.ts";
import { CACHE_LABEL, inContainer } from "./container.ts";
import { seedReference } from "./debian/seed-reference.ts";
import { type Output, run } from "./run.ts";
import { carriedVariables, placeSettings } from "./tool-settings.ts";
import { limiter, type Work } from "./work.ts";

export type ToolName = keyof typeof toolChains;

interface ToolChain {
  readonly packages: readonly string[];
  /** Suites of Debian besides those of the release. */
  readonly suites?: readonly string[];
  /** Programs that a host must have to do the same. */
  readonly programs: readonly string[];
  readonly onHost: string;
}

/** Packages of Debian for each, and what a machine needs that is to use its own. */
export const toolChains = {
  go: {
    packages: ["golang-1.26-go", "ca-certificates"],
    suites: ["trixie-backports"],
    programs: ["go"],
    onHost: "Go 1.26 or newer (https://go.dev/dl/)",
  },
  rust: {
    packages: ["cargo-web", "rustc-web", "gcc", "libc6-dev", "make", "pkg-config", "ca-certificates"],
    programs: ["cargo", "gcc", "make", "pkg-config"],
    onHost: "cargo 1.91 or newer, gcc, make and pkg-config",
  },
  maven: {
    packages: ["maven", "openjdk-17-jre-headless", "ca-certificates", "ca-certificates-java"],
    programs: ["mvn"],
    onHost: "Maven 3.6 or newer (on Debian: apt-get install maven)",
  },
  python: {
    packages: ["python3-pip", "ca-certificates"],
    programs: ["python3"],
    onHost: "Python 3.9 or newer with pip (on Debian: apt-get install python3-pip)",
  },
} as const satisfies Record<string, ToolChain>;

/** Whether this machine's own programs are asked for. @throws Error when the variable has another value than those it can have */
export function usesHostTools(env: Readonly<Record<string, string | undefined>> = process.env): boolean {
  const value = env["MILLRACE_TOOLS"] ?? "";
  if (!["", "docker", "host"].includes(value)) {
    throw new Error(
      `$MILLRACE_TOOLS is "${value}"; it can be docker (tool chains in containers, the default) or host (those of this machine)`,
    );
  }
  return value === "host";
}

/** Repository of a tool chain's image in the Docker engine. */
const repositoryOf = (tool: ToolName): string => `toolbox-${tool}`;

/** Names of the images of tool chains, and their tags. */
export function toolboxTags(): Map<string, string> {
  return new Map((Object.keys(toolChains) as ToolName[]).map((tool) => [repositoryOf(tool), toolboxTag(tool)]));
}

function toolboxTag(tool: ToolName): string {
  const { packages, suites = [] }: ToolChain = toolChains[tool];
  const inputs = [seedReference(), ...packages, ...suites].join("\n");
  return createHash("sha256").update(inputs).digest("hex").slice(0, 16);
}

export interface ToolRun {
  readonly tool: ToolName;
  /**
   * Shell script with {@link args} as its arguments. Its folder has `files`; what it leaves in `out/` is the result, and
   * what is in `$CACHE` is there the next time, too.
   */
  readonly script: string;
  readonly args?: readonly string[];
  /** Files and folders of this machine, by the names that the script knows. @default - none */
  readonly files?: Readonly<Record<string, string>>;
  /** Texts that become files, by name; nobody else can read them. @default - none */
  readonly texts?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** Folder of this machine that gets what the script left in `out/`. @default - nothing is wanted */
  readonly out?: string;
  readonly onLine?: (line: string) => void;
}

/**
 * Runs a tool chain's script.
 * @returns what it printed
 * @throws Error with the last lines of the script when it fails.
 */
export async function runTool(wanted: ToolRun, work: Work): Promise<Output> {
  const folder = await temporaryDir(wanted.tool);
  try {
    return usesHostTools() ? await onHost(wanted, folder, work) : await inToolbox(wanted, folder, work);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Puts what a script starts from into a folder. */
function place({ files = {}, texts = {} }: ToolRun, folder: string): void {
  mkdirSync(join(folder, "out"), { recursive: true });
  for (const [name, from] of Object.entries(files)) cpSync(from, join(folder, name), { recursive: true });
  for (const [name, text] of Object.entries(texts)) writeFileSync(join(folder, name), text, { mode: 0o600 });
}

async function onHost(wanted: ToolRun, folder: string, { signal, report }: Work): Promise<Output> {
  const { tool, script, args = [], env = {}, out, onLine } = wanted;
  const { programs, onHost: needed }: ToolChain = toolChains[tool];
  const missing = programs.filter((program) => which(program) === undefined);
  if (missing.length > 0) {
    throw new Error(
      `MILLRACE_TOOLS=host, and ${missing.join(", ")} ${missing.length === 1 ? "is" : "are"} not on the PATH: install ${needed}, ` +
        "or unset MILLRACE_TOOLS, and a container has it",
    );
  }
  report(`with this machine's ${programs[0] ?? tool}`);
  place(wanted, folder);
  const cache = cacheDir("tool-chains");
  mkdirSync(cache, { recursive: true });
  const options = { cwd: folder, env: { ...env, CACHE: cache }, signal, ...(onLine === undefined ? {} : { onLine }) };
  const printed = await run("sh", ["-euc", script, "sh", ...args], options);
  if (out !== undefined) take(join(folder, "out"), out);
  return printed;
}

async function inToolbox(wanted: ToolRun, folder: string, work: Work): Promise<Output> {
  const { tool, script, args = [], env = {}, out, onLine } = wanted;
  const image = await ensureToolbox(tool, work);
  const files = join(folder, "files");
  place(wanted, join(files, "work"));
  placeSettings(files);
  copyFileSync(join(import.meta.dirname, "toolbox.sh"), join(files, "host", "toolbox.sh"));
  let printed = "";
  await inContainer(
    {
      image,
      command: ["sh", "-euc", `. /host/toolbox.sh\n${script}`, "sh", ...args],
      files,
      env: { ...carriedVariables(), ...downloads, ...env },
      flags: toolFlags(),
      onLine: (line) => {
        printed += `${line}\n`;
        onLine?.(line);
      },
    },
    work,
    async (container) => {
      if (out === undefined) return;
      await run("docker", ["cp", `${container}:/work/out`, join(folder, "out")], { signal: work.signal });
      take(join(folder, "out"), out);
    },
  );
  return printed;
}

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";

/** Where the clients keep what they have downloaded and built, and what they trust. */
const downloads = {
  CACHE: "/cache",
  GOPATH: "/cache/go",
  GOMODCACHE: "/cache/go/pkg/mod",
  GOCACHE: "/cache/go-build",
  PIP_CACHE_DIR: "/cache/pip",
  PIP_ROOT_USER_ACTION: "ignore",
  PIP_CERT: BUNDLE,
  SSL_CERT_FILE: BUNDLE,
} as const;

/** What a compiler needs, and nothing that could reach the machine. Files keep their owner from there, so root must be let read them. */
function toolFlags(): string[] {
  const rights = ["CHOWN", "DAC_OVERRIDE", "FOWNER"].flatMap((right) => ["--cap-add", right]);
  const volume = `type=volume,source=${toolsVolume()},target=/cache,volume-label=${CACHE_LABEL}=tool-chains`;
  const limits = ["--cap-drop", "ALL", ...rights, "--security-opt", "no-new-privileges"];
  return [...limits, "--mount", volume, "--workdir", "/work"];
}

/** Moves a folder's content. */
function take(from: string, to: string): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from)) {
    try {
      renameSync(join(from, name), join(to, name));
    } catch {
      // On another file system, or over a folder that is there.
      cpSync(join(from, name), join(to, name), { recursive: true, verbatimSymlinks: true });
    }
  }
}

const oneOf = new Map<ToolName, <T>(job: () => Promise<T>) => Promise<T>>();

/** Makes a tool chain's image, unless it is there. @returns its name and tag */
async function ensureToolbox(tool: ToolName, work: Work): Promise<string> {
  const reference = `millrace/${repositoryOf(tool)}:${toolboxTag(tool)}`;
  const { hasImage, makeDebianImage } = await import("./debian/debian-image.ts");
  const slot = oneOf.get(tool) ?? limiter(1);
  oneOf.set(tool, slot);
  await slot(async () => {
    if (await hasImage(reference, work)) return;
    const { packages, suites = [] }: ToolChain = toolChains[tool];
    const report = (detail: string): void => {
      work.report(`tool chain ${tool}: ${detail}`);
    };
    await makeDebianImage({ reference, packages, suites }, { ...work, report });
  });
  return reference;
}
