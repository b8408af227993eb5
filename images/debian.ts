/** The local base images: Debian root file systems made from packages by the host's own apt and mmdebstrap. */
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { cacheDir, once } from "../platform/images/cache.ts";
import { run } from "../platform/images/run.ts";
import { type BaseName, imageReference, imageTag } from "./tags.ts";
import { repositoryDir } from "../platform/images/files.ts";
import { versions } from "../platform/images/versions.ts";
import { limiter, type Work } from "../platform/images/work.ts";

/** Packages installed on top of Debian's minimal set. */
export function basePackages(name: BaseName, root = repositoryDir): string[] {
  const text = readFileSync(join(root, "images", name, "packages.txt"), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

/** Where the packages of a made base are recorded: lines `name version sha256`. */
export function recordedPackages(name: BaseName, root = repositoryDir): string {
  return cacheDir("bases", `${name}-${imageTag(name, root)}.packages`);
}

/** One package is unpacked at a time per base; the installation of mmdebstrap itself must not run twice. */
const oneInstall = limiter(1);

/**
 * Makes a base image in the local Docker engine, unless it is there.
 * @returns whether anything had to be done
 * @throws Error with the ways out when this machine cannot make one.
 */
export async function ensureBase(name: BaseName, work: Work): Promise<boolean> {
  const reference = imageReference(name);
  if (await isLocal(reference, work)) return false;
  const tar = await once(cacheDir("bases", `${name}-${imageTag(name)}.tar`), async (temporary) => {
    await oneInstall(() => ensureMmdebstrap(name, work));
    return await bootstrap(name, temporary, work);
  });
  work.report("importing into Docker");
  await run("docker", ["import", "--change", "ENV LANG=C.UTF-8", tar, reference], { signal: work.signal });
  return true;
}

async function isLocal(reference: string, { signal }: Work): Promise<boolean> {
  const list = await run("docker", ["image", "ls", "--quiet", reference], { signal });
  return list.trim() !== "";
}

async function ensureMmdebstrap(name: BaseName, { report, signal }: Work): Promise<void> {
  const present = await run("mmdebstrap", ["--version"], { signal }).then(
    () => true,
    () => false,
  );
  const isRoot = process.getuid?.() === 0;
  if (present && isRoot) return;
  if (!isRoot || !existsSync("/usr/bin/apt-get")) {
    throw new Error(
      `the base image ${imageReference(name)} is made from Debian packages, which needs root on Debian ` +
        `(${isRoot ? "apt-get is not on this machine" : "this is not root"}). Run as root on Debian, or, where Docker Hub ` +
        `can be reached, make it once from the official image: docker build -t ${imageReference(name)} images/${name}`,
    );
  }
  report("installing mmdebstrap");
  // The image of the cluster's node is made at the same time and installs the same program.
  const patience = ["-o", "DPkg::Lock::Timeout=300"];
  await run("apt-get", ["install", "-y", "--no-install-recommends", ...patience, "mmdebstrap"], { signal });
}

/** Documentation and translations are left out; licences stay. */
const pathFilters = [
  "path-exclude=/usr/share/man/*",
  "path-exclude=/usr/share/info/*",
  "path-exclude=/usr/share/locale/*",
  "path-exclude=/usr/share/doc/*",
  "path-include=/usr/share/doc/*/copyright",
];

async function bootstrap(name: BaseName, temporary: string, { report, signal }: Work): Promise<string> {
  const tar = join(temporary, "rootfs.tar");
  const shown = join(temporary, "shown");
  const sources = join(temporary, "debian.sources");
  const hostSources = debianSources("/etc/apt");
  if (hostSources !== "") writeFileSync(sources, hostSources);
  // Java's maintainer script links its manual pages and fails when their folder is missing.
  const makeManFolder = 'mkdir -p "$1/usr/share/man/man1"';
  const showInstalled =
    'APT_CONFIG="$MMDEBSTRAP_APT_CONFIG" apt-cache show --no-all-versions ' +
    `$(chroot "$1" dpkg-query -W -f '\${Package}=\${Version} ') > "${shown}"`;
  const customize = join(repositoryDir, "images", name, "customize.sh");
  let packages = 0;
  const onLine = (line: string): void => {
    if (/^Setting up /.test(line)) report(`Debian packages: ${String(++packages)} set up`);
  };
  report("Debian packages");
  await run(
    "mmdebstrap",
    [
      "--mode=root",
      "--variant=minbase",
      `--include=${basePackages(name).join(",")}`,
      ...pathFilters.map((filter) => `--dpkgopt=${filter}`),
      ...(await hostAptOptions(signal)).map((option) => `--aptopt=${option}`),
      `--setup-hook=${makeManFolder}`,
      `--customize-hook=${showInstalled}`,
      ...(existsSync(customize) ? [`--customize-hook=sh "${customize}" "$1"`] : []),
      versions.debian,
      tar,
      ...(hostSources === "" ? [] : [sources]),
    ],
    { signal, onLine },
  );
  const record = join(temporary, "packages");
  writeFileSync(record, packageLines(readFileSync(shown, "utf8")));
  await once(recordedPackages(name), (other) => {
    renameSync(record, join(other, "packages"));
    return Promise.resolve(join(other, "packages"));
  });
  return tar;
}

/** The host's proxies and CAs for apt. */
async function hostAptOptions(signal: AbortSignal): Promise<string[]> {
  const dump = await run("apt-config", ["dump"], { signal });
  return dump.split("\n").filter((line) => /^Acquire::https?::\S*(Proxy|CaInfo|Verify)\S* "/i.test(line));
}

/** Lines `name version sha256` from what `apt-cache show` prints. */
export function packageLines(shown: string): string {
  const lines = shown.split(/\n\n+/).flatMap((stanza) => {
    const field = (key: string): string | undefined => new RegExp(`^${key}: (\\S+)`, "m").exec(stanza)?.[1];
    const [name, version, sha256] = [field("Package"), field("Version"), field("SHA256")];
    return name === undefined || version === undefined || sha256 === undefined ? [] : [`${name} ${version} ${sha256}`];
  });
  return [...new Set(lines)].sort().join("\n") + "\n";
}

/**
 * The host's own apt sources of our Debian release, mirrors included, other vendors' left out. Empty when the host has
 * none (another release): mmdebstrap then takes Debian's own.
 */
export function debianSources(aptDir: string): string {
  const lists = join(aptDir, "sources.list.d");
  const files = [join(aptDir, "sources.list")];
  if (existsSync(lists)) files.push(...readdirSync(lists).map((file) => join(lists, file)));
  const suite = new RegExp(`(^|\\s)${versions.debian}(-updates|-security)?(\\s|$)`);
  const lines: string[] = [];
  const stanzas: string[] = [];
  for (const file of files.filter((path) => existsSync(path))) {
    const text = readFileSync(file, "utf8");
    if (file.endsWith(".sources")) {
      stanzas.push(...text.split(/\n\s*\n/).filter((stanza) => suite.test(/^Suites:(.*)$/m.exec(stanza)?.[1] ?? "")));
    } else {
      lines.push(...text.split("\n").filter((line) => line.startsWith("deb ") && suite.test(line)));
    }
  }
  return stanzas.length > 0 ? stanzas.map((stanza) => stanza.trim() + "\n").join("\n") : lines.join("\n");
}
