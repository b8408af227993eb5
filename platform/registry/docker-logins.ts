/** The logins that `docker login` has left on this machine: in its `config.json`, or in the credential helper that it names. */
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { run } from "../exec.ts";

/** Who this machine is for a registry. */
export type RegistryLogin =
  | { readonly username: string; readonly password: string }
  /** What some registries give in exchange for a password. */
  | { readonly username: string; readonly identityToken: string };

interface Entry {
  readonly auth?: string;
  readonly username?: string;
  readonly password?: string;
  readonly identitytoken?: string;
}

interface DockerConfig {
  readonly auths?: Readonly<Record<string, Entry>>;
  readonly credsStore?: string;
  readonly credHelpers?: Readonly<Record<string, string>>;
}

/** Milliseconds that a credential helper has: it may ask a cloud. */
const HELPER_MS = 20_000;
/** The name under which Docker keeps the login of its own registry. */
const DOCKER_HUB = "https://index.docker.io/v1/";
const hubNames = ["docker.io", "index.docker.io", "registry-1.docker.io"];

/**
 * The login for a registry; `undefined` when this machine has none.
 * @param server Host of the registry, with its port.
 * @throws Error when Docker's file of logins can't be read, or the helper that has them fails.
 */
export async function dockerLogin(
  server: string,
  env: NodeJS.ProcessEnv = process.env,
): Promise<RegistryLogin | undefined> {
  const folder = env["DOCKER_CONFIG"] ?? "";
  const file = join(folder === "" ? join(homedir(), ".docker") : folder, "config.json");
  const config = readConfig(file);
  const keys = hubNames.includes(server) ? [DOCKER_HUB] : [server, `https://${server}`, `https://${server}/v2/`];
  const helper = keys.map((key) => config.credHelpers?.[key]).find((name) => name !== undefined) ?? config.credsStore;
  if (helper !== undefined && helper !== "") {
    for (const key of keys) {
      const login = await fromHelper(helper, key, env);
      if (login !== undefined) return login;
    }
  }
  for (const key of keys) {
    const login = fromEntry(config.auths?.[key], server, file);
    if (login !== undefined) return login;
  }
  return undefined;
}

/** This machine's login for a registry, as a Docker engine takes it with a pull or a push; without one it names the registry only. */
export async function engineLogin(server: string): Promise<Readonly<Record<string, string>>> {
  const login = await dockerLogin(server);
  if (login === undefined) return { username: "", password: "", serveraddress: server };
  return "password" in login
    ? { ...login, serveraddress: server }
    : { identitytoken: login.identityToken, serveraddress: server };
}

function readConfig(file: string): DockerConfig {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return {};
    throw new Error(`Docker's logins can't be read from ${file}`, { cause: error });
  }
  try {
    return JSON.parse(text) as DockerConfig;
  } catch {
    // The cause would quote the file, and with it passwords.
    throw new Error(`Docker's logins can't be read: ${file} is not JSON; mend it, or log in again with docker login`);
  }
}

function fromEntry(entry: Entry | undefined, server: string, file: string): RegistryLogin | undefined {
  if (entry === undefined) return undefined;
  const decoded = Buffer.from(entry.auth ?? "", "base64").toString("utf8");
  const colon = decoded.indexOf(":");
  if (decoded !== "" && colon < 0) {
    throw new Error(`the login for ${server} in ${file} can't be read; log in again: docker login ${server}`);
  }
  const username = decoded === "" ? (entry.username ?? "") : decoded.slice(0, colon);
  const password = decoded === "" ? (entry.password ?? "") : decoded.slice(colon + 1);
  if ((entry.identitytoken ?? "") !== "") return { username, identityToken: entry.identitytoken ?? "" };
  return username === "" ? undefined : { username, password };
}

async function fromHelper(helper: string, key: string, env: NodeJS.ProcessEnv): Promise<RegistryLogin | undefined> {
  const program = `docker-credential-${helper}`;
  const { code, stdout, stderr, startError } = await run(program, ["get"], { input: key, timeoutMs: HELPER_MS, env });
  if (startError !== undefined) {
    throw new Error(`Docker's config.json names the credential helper ${program}, which is not on the PATH`);
  }
  // The helpers' own words for a registry that they do not know.
  if (code !== 0 && /credentials not found|no credentials/i.test(stdout + stderr)) return undefined;
  if (code !== 0) throw new Error(`${program} fails for ${key}: ${(stderr || stdout).trim() || `exit code ${code}`}`);
  let answer: { readonly Username?: string; readonly Secret?: string };
  try {
    answer = JSON.parse(stdout) as typeof answer;
  } catch {
    throw new Error(`${program} answers for ${key} with something that is not JSON`);
  }
  const { Username: username = "", Secret: secret = "" } = answer;
  if (secret === "") return undefined;
  return username === "<token>" ? { username, identityToken: secret } : { username, password: secret };
}
