/**
 * One Docker engine for every part. The docker command follows the context that the user has chosen, and its client
 * libraries know `$DOCKER_HOST` only: what the context names is put there, for this process and all that it starts.
 */
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

type Environment = Record<string, string | undefined>;

/** Name of the context that the docker command uses; `undefined`: none, or `$DOCKER_HOST` stands above it. */
export function chosenContext(env: Environment, folder = configFolder(env)): string | undefined {
  if ((env["DOCKER_HOST"] ?? "") !== "") return undefined;
  const named = env["DOCKER_CONTEXT"] ?? "";
  const name = named === "" ? currentContext(join(folder, "config.json")) : named;
  return name === undefined || name === "default" ? undefined : name;
}

/**
 * Sets `$DOCKER_HOST`, and where the engine wants it the variables of TLS, to what the chosen context names.
 * @throws Error when there is no such context.
 */
export function useDockerContext(env: Environment = process.env, folder = configFolder(env)): void {
  const name = chosenContext(env, folder);
  if (name === undefined) return;
  const id = createHash("sha256").update(name).digest("hex");
  const file = join(folder, "contexts", "meta", id, "meta.json");
  if (!existsSync(file)) {
    throw new Error(
      `Docker's context "${name}" does not exist (${file}); docker context ls lists them, docker context use default goes back`,
    );
  }
  const { Endpoints } = JSON.parse(readFileSync(file, "utf8")) as {
    readonly Endpoints?: { readonly docker?: { readonly Host?: string } };
  };
  const host = Endpoints?.docker?.Host ?? "";
  if (host === "")
    throw new Error(`Docker's context "${name}" names no engine; docker context inspect ${name} shows it`);
  env["DOCKER_HOST"] = host;
  const certificates = join(folder, "contexts", "tls", id, "docker");
  if (existsSync(certificates)) {
    env["DOCKER_TLS_VERIFY"] = "1";
    env["DOCKER_CERT_PATH"] = certificates;
  }
}

function configFolder(env: Environment): string {
  const configured = env["DOCKER_CONFIG"] ?? "";
  return configured === "" ? join(homedir(), ".docker") : configured;
}

function currentContext(file: string): string | undefined {
  try {
    return (JSON.parse(readFileSync(file, "utf8")) as { readonly currentContext?: string }).currentContext;
  } catch {
    // No file, or one that docker itself complains about: then there is no context.
    return undefined;
  }
}
