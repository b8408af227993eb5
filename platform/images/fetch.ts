/** Downloads and builds through the host's ordinary pip, npm and cargo: its mirrors, proxies and CAs are honoured. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { cacheDir, once, sha256Of, store, storedFile, temporaryDir } from "./cache.ts";
import type { LockedPackage } from "./lock-files.ts";
import { run } from "./run.ts";
import type { Work } from "./work.ts";

/**
 * Downloads a source package from the Python package index.
 * @returns its place in the store
 * @throws Error naming the package and both hashes when the file is not the locked one, and when no pip is there.
 */
export async function fetchPypi(locked: LockedPackage, lockFile: string, work: Work): Promise<string> {
  if (existsSync(storedFile(locked.sha256))) return storedFile(locked.sha256);
  const { signal } = work;
  await checkPip(locked.name, signal);
  work.report(`downloading ${locked.name} ${locked.version}`);
  const folder = await temporaryDir("pypi");
  try {
    const options = ["--no-deps", "--no-binary", ":all:", "--require-hashes", "--dest", folder, "-r", lockFile];
    await run("python3", ["-m", "pip", "download", ...options], { signal });
    const [file] = readdirSync(folder);
    if (file === undefined) throw new Error(`pip download of ${locked.name} ${locked.version} left no file`);
    return await store(join(folder, file), `PyPI package ${locked.name} ${locked.version}`, locked.sha256);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Checks that the host has pip.
 * @param wanted what is to come from the Python package index
 * @throws Error with the way out when it has none.
 */
export async function checkPip(wanted: string, signal: AbortSignal): Promise<void> {
  await run("python3", ["-m", "pip", "--version"], { signal }).catch((error: unknown) => {
    if (signal.aborted) throw error;
    throw new Error(
      `${wanted} comes from the Python package index, and "python3 -m pip" does not work on this machine; ` +
        "on Debian: apt-get install python3-pip",
    );
  });
}

/**
 * Installs the production modules of a package.json and its lock file.
 * @returns the folder that holds `node_modules`
 */
export async function fetchNpm(folder: string, work: Work): Promise<string> {
  const lock = await sha256Of(join(folder, "package-lock.json"));
  return await once(cacheDir("npm", lock.slice(0, 16)), async (temporary) => {
    for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(folder, file), join(temporary, file));
    work.report("npm ci");
    await run("npm", ["ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"], {
      cwd: temporary,
      signal: work.signal,
    });
    return temporary;
  });
}

/**
 * Builds a program from the Rust registry with the dependencies that its own lock file names. A broken-off build goes
 * on where it stopped.
 * @param crates the program's crate first, then all crates that it is built from
 * @returns the stripped binary
 * @throws Error naming the crate and both hashes when the registry serves another crate than the locked one.
 */
export async function buildCargo(crates: readonly LockedPackage[], work: Work): Promise<string> {
  const [program] = crates;
  if (program === undefined) throw new Error("the cargo.lock of the image names no crate");
  const id = `${program.name}-${program.version}`;
  const binary = cacheDir("cargo", `${id}-${program.sha256.slice(0, 16)}`);
  return await once(binary, async (temporary) => {
    const target = cacheDir("cargo", `target-${id}`);
    mkdirSync(target, { recursive: true });
    let compiled = 0;
    const onLine = (line: string): void => {
      const crate = /^\s*Compiling (\S+)/.exec(line)?.[1];
      if (crate === undefined) return;
      work.report(
        `compiling ${program.name}: crate ${String(++compiled)} of at most ${String(crates.length)}, ${crate}`,
      );
    };
    work.report(`compiling ${program.name} ${program.version} (minutes, once)`);
    const spec = `${program.name}@${program.version}`;
    await run("cargo", ["install", spec, "--locked", "--root", temporary, "--target-dir", target], {
      env: { CARGO_PROFILE_RELEASE_STRIP: "symbols" },
      onLine,
      signal: work.signal,
    });
    await checkCrate(program);
    rmSync(target, { recursive: true, force: true });
    return join(temporary, "bin", program.name);
  });
}

/** Where cargo keeps the archive of a crate that it has downloaded. */
export function downloadedCrate(name: string, version: string): string {
  const cache = join(process.env["CARGO_HOME"] ?? join(homedir(), ".cargo"), "registry", "cache");
  const file = `${name}-${version}.crate`;
  const found = readdirSync(cache, { recursive: true, encoding: "utf8" }).find((path) => basename(path) === file);
  if (found === undefined) throw new Error(`cargo has fetched ${file}, but it is not below ${cache}`);
  return join(cache, found);
}

/** Cargo checks dependencies by the lock file inside the crate; the crate itself is checked here. */
async function checkCrate(program: LockedPackage): Promise<void> {
  const actual = await sha256Of(downloadedCrate(program.name, program.version));
  if (actual !== program.sha256) {
    throw new Error(
      `cargo crate ${program.name} ${program.version}: the downloaded file has SHA-256 ${actual}, ` +
        `the lock file says ${program.sha256}. Check the registry or mirror, or lock it anew: node images/lock.ts`,
    );
  }
}
