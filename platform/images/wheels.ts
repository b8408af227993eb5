/** Python packages for the images, resolved and downloaded for Debian's Python, whatever Python does it. */
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, linkOrCopy, once, sha256Of, temporaryDir } from "./cache.ts";
import { formatPypiLock, type LockedPackage, parsePypiLock, readLock } from "./lock-files.ts";
import type { PythonRecipe } from "./recipe.ts";
import type { Assembly } from "./context.ts";
import { repositoryDir } from "./files.ts";
import { runTool } from "./toolbox.ts";
import { versions } from "./versions.ts";
import { limiter, type Work } from "./work.ts";

/** The C library of Debian 12; wheels made for it or an older one run there. */
const GLIBC_MINOR = 36;

/** The oldest C library that wheels are tagged with. */
const OLDEST_GLIBC_MINOR = 5;

/** Names of the platforms whose wheels run in the image: pip takes no older one by itself. */
const platforms = [
  ...Array.from(
    { length: GLIBC_MINOR - OLDEST_GLIBC_MINOR + 1 },
    (_, age) => `manylinux_2_${String(GLIBC_MINOR - age)}_x86_64`,
  ),
  ...["manylinux2014_x86_64", "manylinux2010_x86_64", "manylinux1_x86_64", "linux_x86_64"],
];

/** What makes pip take packages for the images' Python rather than for the host's. */
export const forDebian = [
  "--python-version",
  versions.python,
  ...platforms.flatMap((platform) => ["--platform", platform]),
];

/** Folder of one downloaded package, by its content; its one file keeps the name that pip knows it by. */
function wheelFolder(sha256: string): string {
  return cacheDir("wheels", sha256);
}

/**
 * Downloads the packages that the cache lacks, all in one run of pip.
 * @throws Error naming the package and both hashes when a file is not the locked one.
 */
export async function fetchWheels(locked: readonly LockedPackage[], work: Work): Promise<void> {
  await onePip(() => downloadMissing(locked, work));
}

/** Two images have most packages in common; the second finds them in the cache. */
const onePip = limiter(1);

async function downloadMissing(locked: readonly LockedPackage[], work: Work): Promise<void> {
  const missing = locked.filter(({ sha256 }) => !existsSync(wheelFolder(sha256)));
  if (missing.length === 0) return;
  const folder = await temporaryDir("pypi");
  try {
    const lock = join(folder, "missing.txt");
    writeFileSync(lock, formatPypiLock(missing));
    await download(lock, join(folder, "files"), missing.length, work);
    await keep(join(folder, "files"), missing);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads what a requirements file with hashes names, without dependencies. */
async function download(requirements: string, folder: string, count: number, work: Work): Promise<void> {
  let begun = 0;
  const onLine = (line: string): void => {
    const name = /^Collecting ([\w.-]+)/.exec(line)?.[1];
    if (name !== undefined) work.report(`${String(++begun)} of ${String(count)} Python packages, ${name}`);
  };
  const script = 'python3 -m pip download --no-deps --require-hashes --dest out -r wanted.txt "$@"';
  const files = { "wanted.txt": requirements };
  await runTool({ tool: "python", script, args: forDebian, files, out: folder, onLine }, work);
}

/** Moves downloaded files to their places in the cache. */
async function keep(folder: string, locked: readonly LockedPackage[]): Promise<void> {
  const awaited = new Map(locked.map((entry) => [entry.sha256, entry]));
  for (const name of readdirSync(folder)) {
    const sha256 = await sha256Of(join(folder, name));
    if (!awaited.delete(sha256)) {
      throw new Error(`pip download left ${name} with SHA-256 ${sha256}, which is not in the lock file`);
    }
    await once(wheelFolder(sha256), (temporary) => {
      linkOrCopy(join(folder, name), join(temporary, name));
      return Promise.resolve(temporary);
    });
  }
  const [left] = awaited.values();
  if (left !== undefined) throw new Error(`pip download of ${left.name} ${left.version} left no file`);
}

/**
 * Fills the context of a Python image: what all of them have in `shared/`, what only this one has in `own/`, each with
 * its lock and its packages, and the script that installs them.
 */
export async function placePython(assembly: Assembly): Promise<void> {
  const { source, context } = assembly;
  for (const [part, lockFile] of [
    ["shared", sharedLock],
    ["own", pythonLock(source)],
  ] as const) {
    const packages = parsePypiLock(readLock(lockFile), lockFile);
    await fetchWheels(packages, assembly);
    placeWheels(packages, join(context, part, "wheels"));
    copyFileSync(lockFile, join(context, part, "pypi.lock.txt"));
  }
  copyFileSync(join(repositoryDir, "images", "python", "install.sh"), join(context, "install.sh"));
}

/**
 * Unpacks packages of the lock that all Python images share, as pip would install them there, for an image with Debian's
 * Python and no pip. Their commands are left out.
 * @throws Error naming a package that the lock lacks.
 */
export async function placePackages(names: readonly string[], folder: string, work: Work): Promise<void> {
  const shared = parsePypiLock(readLock(sharedLock), sharedLock);
  const packages = names.map((wanted) => {
    const found = shared.find(({ name }) => name === wanted);
    if (found === undefined) throw new Error(`${sharedLock} has no ${wanted}; run: node images/lock.ts`);
    return found;
  });
  await fetchWheels(packages, work);
  const temporary = await temporaryDir("packages");
  try {
    const requirements = join(temporary, "requirements.txt");
    writeFileSync(requirements, formatPypiLock(packages));
    const wheels = join(temporary, "wheels");
    placeWheels(packages, wheels);
    const source = "--no-deps --no-index --find-links wheels --require-hashes -r requirements.txt";
    const options = "--disable-pip-version-check --quiet --no-compile --target out";
    const script = `python3 -m pip install ${source} ${options} "$@"`;
    const files = { wheels, "requirements.txt": requirements };
    await runTool({ tool: "python", script, args: forDebian, files, out: folder }, work);
    rmSync(join(folder, "bin"), { recursive: true, force: true });
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** The lock of what all Python images have. */
export const sharedLock = join(repositoryDir, "images", "python", "pypi.lock.txt");

/** The lock of what an image has for itself, by the image's folder. */
export function pythonLock(folder: string): string {
  return join(folder, "pypi.lock.txt");
}

/** Puts downloaded packages into a folder of the context under their usual file names, without using disk twice. */
export function placeWheels(locked: readonly LockedPackage[], folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const { sha256 } of locked) {
    for (const name of readdirSync(wheelFolder(sha256))) {
      linkOrCopy(join(wheelFolder(sha256), name), join(folder, name));
    }
  }
}

/**
 * Resolves all Python images and writes their locks: one of what all have, and one of the rest of each. Each takes the
 * versions of those before it for everything that both have: a notebook gives the same result wherever it runs.
 * @param recipes By the image's folder.
 */
export async function lockPython(recipes: ReadonlyMap<string, PythonRecipe>, work: Work): Promise<void> {
  const resolved = new Map<string, readonly LockedPackage[]>();
  for (const [name, recipe] of recipes) {
    resolved.set(name, await resolvePython(recipe, [...resolved.values()].flat(), work));
  }
  const shared = sharedPackages([...resolved.values()]);
  const hashes = new Set(shared.map(({ sha256 }) => sha256));
  writeFileSync(sharedLock, formatPypiLock(shared));
  for (const [name, packages] of resolved) {
    writeFileSync(pythonLock(name), formatPypiLock(packages.filter(({ sha256 }) => !hashes.has(sha256))));
  }
}

/** Packages that every one of some locks has, as the same file. */
export function sharedPackages(locks: readonly (readonly LockedPackage[])[]): LockedPackage[] {
  const [first = [], ...others] = locks.map((lock) => new Map(lock.map((entry) => [entry.sha256, entry])));
  return [...first.values()].filter(({ sha256 }) => others.every((other) => other.has(sha256)));
}

/**
 * Resolves a recipe as of its day, for Debian's Python, and downloads what it comes to.
 * @param same packages whose versions are taken wherever the recipe comes to one of them
 * @returns every package with the hash of the one file that an image takes
 */
async function resolvePython(
  recipe: PythonRecipe,
  same: readonly LockedPackage[],
  work: Work,
): Promise<LockedPackage[]> {
  const folder = await temporaryDir("lock");
  try {
    const lines = (all: readonly string[]): string => all.join("\n") + "\n";
    const texts = {
      "wanted.txt": lines(recipe.requirements),
      "without.txt": lines(recipe.without ?? []),
      "same.txt": lines(same.map(({ name, version }) => `${name}==${version}`)),
    };
    const target = [
      "--python-version",
      versions.python,
      "--python-platform",
      `x86_64-manylinux_2_${String(GLIBC_MINOR)}`,
    ];
    const options = ["--exclude-newer", recipe.until, "--generate-hashes", "--no-annotate", "--no-header"];
    const script = `
python3 -m pip install --quiet --target uv uv==${versions.uv}
uv/bin/uv pip compile "$@" --excludes without.txt --constraints same.txt --output-file out/resolved.txt wanted.txt
`;
    await runTool({ tool: "python", script, args: [...target, ...options], texts, out: folder }, work);
    const resolved = join(folder, "resolved.txt");
    const offers = parseOffers(readFileSync(resolved, "utf8"));
    const files = join(folder, "files");
    const count = new Set([...offers.values()].map(({ name }) => name)).size;
    await download(resolved, files, count, work);
    const hashes = await Promise.all(readdirSync(files).map((name) => sha256Of(join(files, name))));
    const locked = hashes.map((sha256): LockedPackage => {
      const offer = offers.get(sha256);
      if (offer === undefined) throw new Error(`pip download left a file with SHA-256 ${sha256} that uv did not name`);
      return { ...offer, sha256 };
    });
    await keep(files, locked);
    return locked;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Package and version of each hash in a requirements file, which has one hash for each file on offer. */
export function parseOffers(text: string): Map<string, Pick<LockedPackage, "name" | "version">> {
  const offers = new Map<string, Pick<LockedPackage, "name" | "version">>();
  let current = { name: "", version: "" };
  for (const line of text.split("\n")) {
    const [, name, version] = /^([\w.-]+)==(\S+)/.exec(line) ?? [];
    if (name !== undefined && version !== undefined) current = { name, version };
    for (const [, sha256 = ""] of line.matchAll(/--hash=sha256:([0-9a-f]{64})/g)) offers.set(sha256, current);
  }
  return offers;
}
