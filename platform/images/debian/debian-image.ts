/** Images of Debian packages, made by a Docker engine alone: neither root nor Debian's tools are needed on this machine. */
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { getCACertificates } from "node:tls";
import { cacheDir, once, temporaryDir } from "../cache.ts";
import { inContainer } from "../container.ts";
import { run } from "../run.ts";
import { versions } from "../versions.ts";
import { limiter, type Work } from "../work.ts";
import { debianSuites, furtherSuite, hostAptOptions, keyFiles, proxyVariables, type Suite } from "./apt-settings.ts";
import { debOf, type DebianPackage, type Get, packagesOf } from "./archive.ts";
import { downloader } from "./download.ts";
import { minimalSystem } from "./minimal.ts";
import { writeRootFiles } from "./root-files.ts";
import { seedReference } from "./seed-reference.ts";

export interface DebianImage {
  /** Name and tag that it gets. */
  readonly reference: string;
  /** What it has on top of Debian's minimal system. */
  readonly packages: readonly string[];
  /** Suites of Debian's main archive that packages may come from besides those of the release. @default - none */
  readonly suites?: readonly string[];
  /** Script that takes away what is not needed; `/` is its argument. @default - none */
  readonly customize?: string | undefined;
}

/** Whether the engine has an image. */
export async function hasImage(reference: string, { signal }: Pick<Work, "signal">): Promise<boolean> {
  return (await run("docker", ["image", "ls", "--quiet", reference], { signal })).trim() !== "";
}

/**
 * Has an image in the Docker engine: as it is there, else from a file of the cache, else made.
 * @param make Makes it in the engine.
 * @returns whether anything had to be done
 */
export async function ensureKept(
  reference: string,
  file: string,
  work: Work,
  make: () => Promise<void>,
): Promise<boolean> {
  if (await hasImage(reference, work)) return false;
  await once(file, async (folder) => {
    await make();
    const saved = join(folder, "image.tar");
    await run("docker", ["save", "--output", saved, reference], { signal: work.signal });
    return saved;
  });
  if (await hasImage(reference, work)) return true;
  work.report("loading into Docker");
  await run("docker", ["load", "--quiet", "--input", file], { signal: work.signal });
  return true;
}

/**
 * Makes an image in the Docker engine.
 * @returns what apt tells of every package in it
 * @throws Error that names the mirror, or what the engine or apt says.
 */
export async function makeDebianImage(image: DebianImage, work: Work): Promise<string> {
  await oneSeed(() => ensureSeed(work));
  const folder = await temporaryDir("debian");
  return await removedAfter(folder, async () => {
    const suites = debianSuites();
    const all = [...suites, ...(image.suites ?? []).map((name) => furtherSuite(suites, name))];
    const files = join(folder, "files");
    await writeSettings(join(files, "mnt"), all, work);
    for (const script of ["apt.sh", "install.sh"]) copyFileSync(scriptFile(script), join(files, "mnt", script));
    if (image.customize !== undefined) copyFileSync(image.customize, join(files, "mnt", "customize.sh"));
    const shown = join(folder, "shown");
    const command = ["sh", "/mnt/install.sh", ...image.packages];
    const build = { image: seedReference(), command, files, flags: ownBuildFolder, onLine: follow(work) };
    await inContainer(build, work, async (container) => {
      await run("docker", ["cp", `${container}:/mnt/shown`, shown], { signal: work.signal });
      work.report("keeping the image");
      await run("docker", ["commit", "--change", 'CMD ["/bin/sh"]', container, image.reference], {
        signal: work.signal,
      });
    });
    return readFileSync(shown, "utf8");
  });
}

/** Settings and scripts are in a volume that goes with the container, and so in no image. */
const ownBuildFolder = ["--mount", "type=volume,target=/mnt"];

const scriptFile = (name: string): string => join(import.meta.dirname, name);

/** Several images are made side by side, and all need the one seed. */
const oneSeed = limiter(1);

async function ensureSeed(work: Work): Promise<void> {
  const seed = seedReference();
  if (await hasImage(seed, work)) return;
  const [, tag = ""] = seed.split(":");
  const tar = await once(cacheDir("bases", `seed-${tag}.tar`), async (folder) => await makeSeed(folder, work));
  work.report("importing Debian's minimal system into Docker");
  await run("docker", ["import", "--change", "ENV LANG=C.UTF-8", tar, seed], { signal: work.signal });
}

/** Debian's minimal system, its packages downloaded and unpacked by this program and installed in a container. */
async function makeSeed(folder: string, work: Work): Promise<string> {
  const { report, signal } = work;
  const suites = debianSuites();
  const files = join(folder, "files");
  const proxies = await writeSettings(join(files, "mnt"), suites, work);
  const { get, close } = downloader(proxies, signal);
  try {
    report("Debian's minimal system: index");
    const debs = await minimalDebs(suites, keyFiles(), get, (done, all) => {
      report(`Debian's minimal system: ${done} of ${all} packages downloaded`);
    });
    mkdirSync(join(files, "mnt", "debs"));
    for (const [name, deb] of debs) writeFileSync(join(files, "mnt", "debs", `${name}.deb`), deb);
    report("Debian's minimal system: unpacking");
    await writeRootFiles(debs, join(folder, "root.tar"));
  } finally {
    close();
  }
  for (const script of ["apt.sh", "seed.sh"]) copyFileSync(scriptFile(script), join(files, "mnt", script));
  const stage = `millrace/seed-stage:${basename(folder).toLowerCase()}`;
  try {
    await run("docker", ["import", join(folder, "root.tar"), stage], { signal });
    const installation = { image: stage, command: ["sh", "/mnt/seed.sh"], files, flags: ownBuildFolder };
    return await inContainer({ ...installation, onLine: follow(work) }, work, async (container) => {
      const tar = join(folder, "seed.tar");
      await run("docker", ["export", "--output", tar, container], { signal });
      return tar;
    });
  } finally {
    await run("docker", ["rmi", stage]).catch(() => undefined);
  }
}

/** The packages of the minimal system, checked. */
export async function minimalDebs(
  suites: readonly Suite[],
  keys: readonly string[],
  get: Get,
  progress: (done: number, all: number) => void,
): Promise<Map<string, Buffer>> {
  const [main] = suites.filter(({ name }) => name === versions.debian);
  if (main === undefined) throw new Error(`there is no suite ${versions.debian} among the mirror's`);
  const packages = minimalSystem(await packagesOf(main, keys, get));
  const slot = limiter(8);
  let done = 0;
  const one = async (pack: DebianPackage): Promise<readonly [string, Buffer]> => {
    const deb = await debOf(pack, main, get);
    progress(++done, packages.length);
    return [pack.get("package") ?? "", deb];
  };
  return new Map(await Promise.all(packages.map((pack) => slot(() => one(pack)))));
}

/** Writes apt's settings for a container. @returns the proxies among them, as variables */
async function writeSettings(folder: string, suites: readonly Suite[], { signal }: Work): Promise<NodeJS.ProcessEnv> {
  mkdirSync(join(folder, "keys"), { recursive: true });
  const options = await hostAptOptions(signal);
  // A login in an address must not be in a file that others read, nor in an image.
  writeFileSync(join(folder, "sources.list"), suites.map(sourceLine).join("\n") + "\n", { mode: 0o600 });
  writeFileSync(join(folder, "apt.conf"), [...aptOptions, ...options].join("\n") + "\n", { mode: 0o600 });
  const certificates = new Set([...getCACertificates("default"), ...getCACertificates("system")]);
  writeFileSync(join(folder, "ca.pem"), [...certificates].join("\n"));
  for (const [index, file] of keyFiles().entries()) {
    copyFileSync(file, join(folder, "keys", `${String(index)}-${basename(file)}`));
  }
  return proxyVariables(options);
}

const sourceLine = ({ url, name, trusted }: Suite): string =>
  `deb ${trusted === true ? "[trusted=yes] " : ""}${url} ${name} main`;

const aptOptions = [
  'Dir::Etc::sourcelist "/mnt/sources.list";',
  'Dir::Etc::sourceparts "-";',
  'Dir::Etc::trustedparts "/mnt/keys";',
  'Dir::State::lists "/mnt/lists";',
  'Dir::Cache "/mnt/cache";',
  'Acquire::Languages "none";',
  'Acquire::https::CaInfo "/mnt/ca.pem";',
  'APT::Install-Recommends "false";',
  'APT::Sandbox::User "root";',
];

/** Tells how far apt and dpkg are. */
function follow({ report }: Work): (line: string) => void {
  let fetched = 0;
  let setUp = 0;
  return (line) => {
    if (line.startsWith("Get:")) report(`Debian packages: ${++fetched} downloads`);
    if (line.startsWith("Setting up ")) report(`Debian packages: ${++setUp} set up`);
  };
}

async function removedAfter<T>(folder: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
