/** Runs an image as its pod would: the pod's user, a root that can't be written, and nothing but its own folders and files. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { isIP } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { run } from "../../../platform/exec.ts";
import type { Ask, Contract, Run } from "./contracts.ts";

/** Milliseconds that a start may take on a busy machine, and each answer. */
const START_MS = 240_000;
const ASK_MS = 90_000;
const PAUSE_MS = 1_000;

/** What a command of Docker's said, and how it ended. */
interface Said {
  readonly code: number | undefined;
  readonly stdout: string;
  /** With stderr. */
  readonly text: string;
}

async function docker(args: readonly string[]): Promise<Said> {
  const { code, stdout, stderr } = await run("docker", args, { timeoutMs: START_MS });
  return { code, stdout, text: stdout + stderr };
}

/** What of a contract an image does not keep; empty when it keeps all. */
export async function brokenPromises(image: string, contract: Contract): Promise<string[]> {
  const pod = mkdtempSync(join(tmpdir(), "millrace-contract-"));
  try {
    const broken: string[] = [];
    for (const one of contract.runs) {
      const problem = await runOnce(image, contract, one, podMounts(pod, contract, one));
      if (problem !== undefined) broken.push(`${one.what}: ${problem}`);
    }
    return broken;
  } finally {
    rmSync(pod, { recursive: true, force: true });
  }
}

/** Folders and files of the pod on this machine, as options of Docker. */
function podMounts(pod: string, { folders, files = {} }: Contract, { at = {} }: Run): string[] {
  const own = folders.map((path) => {
    const folder = join(pod, "folders", path);
    mkdirSync(folder, { recursive: true });
    chmodSync(folder, 0o777);
    return `${folder}:${at[path] ?? path}`;
  });
  const given = Object.entries(files).map(([path, text]) => {
    const file = join(pod, "files", path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return `${file}:${path}:ro`;
  });
  return [...own, ...given].flatMap((mount) => ["-v", mount]);
}

async function runOnce(
  image: string,
  { uid, hosts = [] }: Contract,
  { command = [], args = [], env = {}, ready, http, ask = [] }: Run,
  mounts: readonly string[],
): Promise<string | undefined> {
  const [entrypoint, ...rest] = command;
  const options = [
    ...["--user", `${uid}:${uid}`, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"],
    ...hosts.flatMap((host) => ["--add-host", `${host}:127.0.0.1`]),
    ...Object.entries(env).flatMap(([key, value]) => ["-e", `${key}=${value}`]),
    ...mounts,
    ...(entrypoint === undefined ? [] : ["--entrypoint", entrypoint]),
  ];
  const created = await docker(["run", "--detach", ...options, image, ...rest, ...args]);
  const id = created.stdout.trim();
  if (created.code !== 0) return created.text.trim();
  try {
    if (ready === undefined && http === undefined) {
      const { text: code } = await docker(["wait", id]);
      return code.trim() === "0" ? undefined : `it ended with ${code.trim()}: ${await lastWords(id)}`;
    }
    const problem = (ready && (await untilSaid(id, ready))) ?? (http && (await untilServed(id, http)));
    if (problem !== undefined) return problem;
    for (const question of ask) {
      const wrong = await answer(id, question);
      if (wrong !== undefined) return wrong;
    }
    await docker(["stop", "--time", "60", id]);
    return undefined;
  } finally {
    await docker(["rm", "--force", "--volumes", id]);
  }
}

async function lastWords(id: string): Promise<string> {
  return (await docker(["logs", "--tail", "8", id])).text.trim();
}

const isRunning = async (id: string): Promise<boolean> =>
  (await docker(["inspect", "--format", "{{.State.Running}}", id])).text.trim() === "true";

async function until(id: string, what: string, holds: () => Promise<boolean>): Promise<string | undefined> {
  for (const end = Date.now() + START_MS; Date.now() < end;) {
    if (await holds()) return undefined;
    if (!(await isRunning(id))) return `it ended before ${what}: ${await lastWords(id)}`;
    await sleep(PAUSE_MS);
  }
  return `${what} did not come: ${await lastWords(id)}`;
}

const untilSaid = (id: string, ready: RegExp): Promise<string | undefined> =>
  until(id, String(ready), async () => ready.test((await docker(["logs", id])).text));

async function untilServed(id: string, http: string): Promise<string | undefined> {
  const [port = "", ...path] = http.split("/");
  return await until(id, http, async () => {
    const format = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}";
    const host = (await docker(["inspect", "--format", format, id])).text.trim();
    // A container that has ended has "invalid IP".
    return isIP(host) !== 0 && (await status(`http://${host}:${port}/${path.join("/")}`)) === 200;
  });
}

async function status(url: string): Promise<number | undefined> {
  return await new Promise((resolve) => {
    request(url, { timeout: PAUSE_MS }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", () => {
        resolve(undefined);
      })
      .end();
  });
}

/** What is wrong with an answer; a server that has just started is asked again. */
async function answer(id: string, { command, says }: Ask): Promise<string | undefined> {
  let said: Said = { code: undefined, stdout: "", text: "" };
  for (const end = Date.now() + ASK_MS; Date.now() < end;) {
    said = await docker(["exec", id, ...command]);
    if (said.code === 0 && (says?.test(said.text) ?? true)) return undefined;
    await sleep(PAUSE_MS);
  }
  return `${command[0] ?? ""} ${command.at(-1)?.slice(0, 60) ?? ""} ended with ${said.code ?? "nothing"} and said ${said.text.trim().slice(-300)}`;
}
