/** `npm run diagnose`: what somebody needs who helps, in one file, without secrets. It changes nothing. */
import { existsSync, readFileSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { arch, cpus, release, totalmem, type as system } from "node:os";
import { join, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gzip } from "node:zlib";

import * as tar from "tar-stream";
import { parse, stringify } from "yaml";

import { KubeError } from "../clusters/kubernetes-client.ts";
import { namespacesOf } from "../config/namespaces.ts";
import { rooms } from "../config/rooms.ts";
import { run } from "../platform/exec.ts";
import { chooseEngine } from "./choose-engine.ts";
import { clusterState } from "./cluster.ts";
import type { Command } from "./command.ts";
import { findingsOf } from "./doctor.ts";
import { messageOf, UserError } from "./errors.ts";
import { connect, type Kube } from "./kube.ts";
import { Masking, MASK, secretTexts } from "../platform/masking.ts";
import { engineOption, stackArgs, stackOptions, text } from "./options.ts";
import { projectDir } from "./paths.ts";
import { createProgress, during } from "./progress.ts";
import { readStackAsItRuns, secretValues, type Stack } from "./stack.ts";
import { readStatus, statusDocument } from "./status.ts";
import { bytes } from "./table.ts";

/** What `diagnose --json` prints. */
export interface DiagnoseReport {
  readonly file: string;
  readonly bytes: number;
  /** Names of what is in it. */
  readonly contents: readonly string[];
  /** Places where a secret was taken out. */
  readonly masked: number;
  /** What could not be had, a sentence each. */
  readonly missing: readonly string[];
}

/** Last lines of each log, and most bytes of it. */
const LOG_LINES = 2000;
const LOG_BYTES = 1_000_000;

export const diagnose: Command = {
  summary: "gathers versions, settings, state, events and logs in one file, without secrets, for somebody who helps",
  options: {
    ...stackOptions,
    ...engineOption,
    out: { type: "string", value: "file", help: "the file, a .tgz (default: millrace-<stack>-<time>.tgz here)" },
  },
  async run(values) {
    const args = stackArgs(values);
    const now = new Date();
    const stamp = now.toISOString().slice(0, 19).replaceAll(/[-:]/g, "").replace("T", "-");
    const file = resolve(text(values, "out") ?? `millrace-${args.stack}-${stamp}.tgz`);
    if (existsSync(file)) throw new UserError(`diagnose --out ${file}: it is there; give another name`);
    const progress = createProgress({ sink: process.stderr });
    try {
      const report = await during(progress, "diagnosis", async ({ detail }) => {
        const { stack } = await readStackAsItRuns(args, await chooseEngine(args.engine));
        const gathered = await gather(sourcesOf(stack, args), detail);
        const packed = await pack(gathered.files, now);
        await save(file, packed);
        const contents = [...gathered.files.keys()].sort();
        return { file, bytes: packed.length, contents, masked: gathered.masked, missing: gathered.missing };
      });
      progress.stop();
      process.stdout.write(`${args.json ? JSON.stringify(report, null, 2) : renderDiagnosis(report)}\n`);
      return 0;
    } finally {
      progress.stop();
    }
  },
};

/** Where things come from. What throws is told as missing. */
export interface Sources {
  /** Texts by the names of their files. */
  readonly texts: Readonly<Record<string, () => Promise<string>>>;
  /** Secrets that the cluster does not have. @throws Error where they can't be opened: then nothing is handed on */
  readonly ownSecrets: () => readonly string[];
  /** @default - there is no cluster that answers */
  readonly kube?: Pick<Kube, "get" | "text">;
  readonly namespaces: readonly string[];
}

function sourcesOf(stack: Stack, args: ReturnType<typeof stackArgs>): Sources {
  const json = async (value: unknown): Promise<string> => JSON.stringify(await value, null, 2);
  let kube: Kube | undefined;
  try {
    kube = connect(stack.profile);
  } catch {
    // What is told of the cluster's state says why.
  }
  return {
    texts: {
      "versions.json": () => json(versions()),
      "stack.yaml": () => Promise.resolve(withoutSealed(readFileSync(stackFile(stack.name), "utf8"))),
      "cluster.json": () => json(clusterState(stack)),
      "status.json": async () => json(statusDocument(await readStatus(stack, args.engine))),
      "doctor.json": async () => json((await findingsOf(args)).findings),
    },
    ownSecrets: () => secretValues(args),
    ...(kube !== undefined && { kube }),
    namespaces: namespacesOf(stack.config.cluster),
  };
}

function stackFile(name: string): string {
  return join(projectDir, `Pulumi.${name}.yaml`);
}

/** Settings that are secrets by their names, whether they are sealed or not. */
const SECRET_NAME = /(passw(or)?d|secret|token|secretKey|accessKey)$/i;

/** A stack's file without its sealed values and their salt, which could be opened by who guesses the passphrase. */
export function withoutSealed(content: string): string {
  const open = (key: string, value: unknown): unknown => {
    if (key === "encryptionsalt") return MASK;
    if (typeof value === "string" && SECRET_NAME.test(key)) return MASK;
    const isSealed = typeof value === "object" && value !== null && "secure" in value;
    return isSealed ? MASK : value;
  };
  return stringify(JSON.parse(JSON.stringify(parse(content) ?? {}, open)));
}

async function versions(): Promise<object> {
  const { version } = JSON.parse(readFileSync(join(projectDir, "package.json"), "utf8")) as { version: string };
  const ask = async (command: string, ...args: string[]): Promise<string> => {
    try {
      return (await run(command, args, { cwd: projectDir })).stdout.trim();
    } catch (error) {
      return `unknown: ${messageOf(error)}`;
    }
  };
  return {
    millrace: version,
    commit: await ask("git", "describe", "--always", "--dirty", "--abbrev=12"),
    node: process.version,
    docker: await ask("docker", "version", "--format", "{{.Server.Version}}"),
    system: `${system()} ${release()} ${arch()}`,
    cores: cpus().length,
    memory: totalmem(),
  };
}

export interface Gathered {
  /** Masked texts by the names of their files. */
  readonly files: ReadonlyMap<string, string>;
  readonly masked: number;
  readonly missing: readonly string[];
}

/** What has lines of logs in it. */
const withLogs = ["status.json", "doctor.json"];

/** Gathers everything, and takes the secrets out. */
export async function gather(sources: Sources, detail: (words: string) => void): Promise<Gathered> {
  const raw = new Map<string, string>();
  const missing: string[] = [];
  const attempt = async (name: string, read: () => Promise<string>): Promise<void> => {
    try {
      raw.set(name, await read());
    } catch (error) {
      missing.push(`${name}: ${messageOf(error)}`);
    }
  };
  for (const [name, read] of Object.entries(sources.texts)) {
    detail(name);
    await attempt(name, read);
  }
  const secrets = secretTexts(Object.fromEntries(sources.ownSecrets().entries()));
  let knowsAll = true;
  const { kube } = sources;
  if (kube !== undefined) {
    await attempt("nodes.json", async () => listText(await kube.get<List>("/api/v1/nodes")));
    for (const namespace of sources.namespaces) {
      try {
        if (!(await isThere(kube, namespace))) continue;
        detail(`secrets of ${namespace}, to leave them out`);
        secrets.push(...(await secretsIn(kube, namespace)));
      } catch (error) {
        missing.push(`${namespace}: its Secrets can't be read, so nothing of it is handed on: ${messageOf(error)}`);
        knowsAll = false;
        continue;
      }
      for (const [kind, path] of Object.entries(kinds)) {
        const name = `${namespace}/${kind}.json`;
        await attempt(name, async () => listText(await kube.get<List>(path(namespace))));
      }
      await gatherLogs(kube, namespace, attempt, detail);
    }
  }
  if (!knowsAll) {
    for (const name of withLogs) {
      if (raw.delete(name)) missing.push(`${name}: it has the last lines of services whose secrets are not known`);
    }
  }
  const masking = new Masking(secrets);
  detail("taking the secrets out");
  const files = new Map([...raw].map(([name, content]) => [name, masking.mask(content)]));
  const told = missing.map((sentence) => masking.mask(sentence));
  files.set("README.txt", about(told));
  return { files, masked: masking.count, missing: told };
}

interface List {
  readonly items: readonly { readonly metadata?: object }[];
}

const core = (kind: string) => (namespace: string) => `/api/v1/namespaces/${namespace}/${kind}`;
const of = (group: string, kind: string) => (namespace: string) => `/apis/${group}/namespaces/${namespace}/${kind}`;
/** What is listed of a namespace. */
const kinds: Readonly<Record<string, (namespace: string) => string>> = {
  pods: core("pods"),
  events: core("events"),
  services: core("services"),
  configmaps: core("configmaps"),
  claims: core("persistentvolumeclaims"),
  quotas: core("resourcequotas"),
  statefulsets: of("apps/v1", "statefulsets"),
  deployments: of("apps/v1", "deployments"),
  jobs: of("batch/v1", "jobs"),
  cronjobs: of("batch/v1", "cronjobs"),
  policies: of("networking.k8s.io/v1", "networkpolicies"),
};

/** A list without what only the API server needs. */
function listText({ items }: List): string {
  const own = items.map(({ metadata, ...rest }) => {
    const { managedFields: _, ...shown } = (metadata ?? {}) as { readonly managedFields?: unknown };
    return { metadata: shown, ...rest };
  });
  return JSON.stringify(own, null, 1);
}

async function isThere(kube: Pick<Kube, "get">, namespace: string): Promise<boolean> {
  try {
    await kube.get(`/api/v1/namespaces/${namespace}`);
    return true;
  } catch (error) {
    if (error instanceof KubeError && error.status === 404) return false;
    throw error;
  }
}

interface SecretList {
  readonly items: readonly {
    readonly metadata?: { readonly name?: string };
    readonly data?: Readonly<Record<string, string>>;
  }[];
}

/** Names of Secrets with passwords by people's names. */
const accountSecrets = new Set(
  rooms.flatMap(({ accounts }) =>
    accounts?.kind === "passwords" ? [accounts.secret, ...(accounts.others ?? [])] : [],
  ),
);

async function secretsIn(kube: Pick<Kube, "get">, namespace: string): Promise<string[]> {
  const { items } = await kube.get<SecretList>(core("secrets")(namespace));
  return items.flatMap(({ metadata, data = {} }) => {
    const decoded = Object.entries(data).map(([key, value]) => [key, Buffer.from(value, "base64").toString()] as const);
    return secretTexts(Object.fromEntries(decoded), accountSecrets.has(metadata?.name ?? ""));
  });
}

interface PodList {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly status?: Readonly<
      Partial<
        Record<
          "containerStatuses" | "initContainerStatuses",
          readonly { readonly name: string; readonly restartCount?: number; readonly containerID?: string }[]
        >
      >
    >;
  }[];
}

async function gatherLogs(
  kube: Pick<Kube, "get" | "text">,
  namespace: string,
  attempt: (name: string, read: () => Promise<string>) => Promise<void>,
  detail: (words: string) => void,
): Promise<void> {
  let items: PodList["items"] = [];
  await attempt(`${namespace}/logs/pods.txt`, async () => {
    ({ items } = await kube.get<PodList>(core("pods")(namespace)));
    return items.map(({ metadata }) => `${metadata.name}\n`).join("");
  });
  for (const [index, { metadata, status }] of items.entries()) {
    const { name } = metadata;
    detail(`logs of ${namespace}: ${index + 1} of ${items.length} pods, ${name}`);
    const containers = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
    for (const { name: container, restartCount = 0, containerID = "" } of containers) {
      if (containerID === "" && restartCount === 0) continue;
      const path = `${core("pods")(namespace)}/${name}/log?container=${container}&tailLines=${LOG_LINES}&limitBytes=${LOG_BYTES}&timestamps=true`;
      const file = `${namespace}/logs/${name}/${container}`;
      await attempt(`${file}.log`, () => kube.text(path));
      if (restartCount > 0) await attempt(`${file}.before.log`, () => kube.text(`${path}&previous=true`));
    }
  }
}

function about(missing: readonly string[]): string {
  return [
    "What Millrace's npm run diagnose has gathered. Passwords, keys and tokens of the stack and of the platform's Secrets are",
    `replaced by ${MASK}, in the spellings of JSON, addresses, base64 and digits; those of fewer than 6 characters, those that were changed since,`,
    "and what your own programs print in other ways, may be left in it.",
    "Look through it before you hand it on.",
    "",
    ...(missing.length === 0 ? [] : ["What could not be had:", ...missing.map((one) => `- ${one}`), ""]),
  ].join("\n");
}

/** The files as a gzipped tar archive, below one folder. */
export async function pack(files: ReadonlyMap<string, string>, now: Date): Promise<Buffer> {
  const archive = tar.pack();
  const packed = buffer(archive);
  for (const [name, content] of [...files].sort(([a], [b]) => a.localeCompare(b, "en"))) {
    archive.entry({ name: `millrace/${name}`, mtime: now }, content);
  }
  archive.finalize();
  return await promisify(gzip)(await packed);
}

/** For nobody else to read, and whole or not at all. */
async function save(file: string, content: Buffer): Promise<void> {
  const half = `${file}.half`;
  try {
    await writeFile(half, content, { mode: 0o600 });
    await rename(half, file);
  } catch (error) {
    await rm(half, { force: true });
    throw new UserError(`diagnose --out ${file}: it can't be written: ${messageOf(error)}`);
  }
}

export function renderDiagnosis({ file, bytes: size, contents, masked, missing }: DiagnoseReport): string {
  return [
    `${file}: ${bytes(size)}, ${contents.length} files; secrets were taken out at ${masked} places`,
    ...missing.map((one) => `not in it: ${one}`),
    "Look through it before you hand it on: tar xzf, then README.txt.",
  ].join("\n");
}
