/** Which Kubernetes has written the data of a cluster: an older one may not read them. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

function versionPath(stateDir: string): string {
  return join(stateDir, "kubernetes-version");
}

/** The version kept last; `undefined` when there is none. */
export function rememberedVersion(stateDir: string): string | undefined {
  const path = versionPath(stateDir);
  return existsSync(path) ? readFileSync(path, "utf8").trim() : undefined;
}

/** Keeps the version that now writes the data. */
export function rememberVersion(stateDir: string, version: string): void {
  mkdirSync(stateDir, { recursive: true });
  writeFileSync(versionPath(stateDir), `${version}\n`);
}

export function forgetVersion(stateDir: string): void {
  rmSync(versionPath(stateDir), { force: true });
}

/**
 * @param written - versions that have written the data, as far as they are known
 * @returns why this version must not take them; `undefined`: it may
 */
export function olderVersionProblem(
  brought: string,
  written: readonly (string | undefined)[],
  volume: string,
): string | undefined {
  const newer = written.find((version) => version !== undefined && minorOf(version) > minorOf(brought));
  if (newer === undefined) return undefined;
  return (
    `the data in the Docker volume ${volume} was written by Kubernetes ${newer}, and this Millrace has ${brought}, which may not ` +
    "read it. Use the newer Millrace again, or give the data up with npm run down and start over with npm run up"
  );
}

/** Kubernetes reads what an older minor version wrote, and promises nothing for the other way. */
function minorOf(version: string): number {
  const [, major = "0", minor = "0"] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 1000 + Number(minor);
}
