/** Downloads and builds through the ordinary pip, npm and cargo: the host's mirrors, proxies and CAs are honoured. */
import { copyFileSync, existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, once, sha256Of, store, storedFile, temporaryDir } from "./cache.ts";
import type { LockedPackage } from "./lock-files.ts";
import { run } from "./run.ts";
import { runTool } from "./toolbox.ts";
import { forDebian } from "./wheels.ts";
import type { Work } from "./work.ts";

/**
 * Downloads a source package from the Python package index.
 * @returns its place in the store
 * @throws Error naming the package and both hashes when the file is not the locked one.
 */
export async function fetchPypi(
  locked: LockedPackage,
  lockFile: string,
  work: Work,
  form: PypiForm = "source",
): Promise<string> {
  if (existsSync(storedFile(locked.sha256))) return storedFile(locked.sha256);
  work.report(`downloading ${locked.name} ${locked.version}`);
  const folder = await temporaryDir("pypi");
  try {
    const file = await downloadPypi(
      ["--require-hashes", "-r", "lock.txt"],
      { "lock.txt": lockFile },
      folder,
      work,
      form,
    );
    return await store(file, `PyPI package ${locked.name} ${locked.version}`, locked.sha256);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What is taken of a package: its sources, or what runs on the nodes. */
export type PypiForm = "source" | "wheel";

const pypiForms = { source: "--no-binary :all:", wheel: `--only-binary :all: ${forDebian.join(" ")}` } as const;

/** Downloads one package into a folder. @param wanted Arguments of pip that name it @returns the file */
export async function downloadPypi(
  wanted: readonly string[],
  files: Readonly<Record<string, string>>,
  folder: string,
  work: Work,
  form: PypiForm = "source",
): Promise<string> {
  const script = `python3 -m pip download --no-deps ${pypiForms[form]} --dest out "$@"`;
  await runTool({ tool: "python", script, args: wanted, files, out: folder }, work);
  const [file] = readdirSync(folder);
  if (file === undefined) throw new Error(`pip download ${wanted.join(" ")} left no file`);
  return join(folder, file);
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
    let compiled = 0;
    const onLine = (line: string): void => {
      const crate = /^\s*Compiling (\S+)/.exec(line)?.[1];
      if (crate === undefined) return;
      work.report(
        `compiling ${program.name}: crate ${String(++compiled)} of at most ${String(crates.length)}, ${crate}`,
      );
    };
    work.report(`compiling ${program.name} ${program.version} (minutes, once)`);
    const script = `
target=$CACHE/cargo-target-$1
cargo install "$2" --locked --root out --target-dir "$target"
${copyCrate}
rm -rf "$target"
`;
    const args = [id, `${program.name}@${program.version}`];
    const env = { CARGO_PROFILE_RELEASE_STRIP: "symbols" };
    await runTool({ tool: "rust", script, args, env, out: temporary, onLine }, work);
    await checkCrate(program, join(temporary, `${id}.crate`));
    return join(temporary, "bin", program.name);
  });
}

/** Puts the archive of the crate that `$1` names, as cargo has downloaded it, among the results of a script. */
export const copyCrate = 'cp "${CARGO_HOME:-$HOME/.cargo}"/registry/cache/*/"$1".crate out/';

/** Cargo checks dependencies by the lock file inside the crate; the crate itself is checked here. */
async function checkCrate(program: LockedPackage, archive: string): Promise<void> {
  const actual = await sha256Of(archive);
  if (actual !== program.sha256) {
    throw new Error(
      `cargo crate ${program.name} ${program.version}: the downloaded file has SHA-256 ${actual}, ` +
        `the lock file says ${program.sha256}. Check the registry or mirror, or lock it anew: node images/lock.ts`,
    );
  }
}
