/** Builds the display's pages on the host: npm and Angular's compiler, with the Node that runs this program. */
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir, once, sha256Of, touch } from "../../../platform/images/cache.ts";
import { run } from "../../../platform/images/run.ts";
import { filesBelow, repositoryDir } from "../../../platform/images/files.ts";
import { versions } from "../../../platform/images/versions.ts";
import type { Work } from "../../../platform/images/work.ts";

/** The npm package of the pages, relative to the repository. */
const WEB = "display/web";
/** What the pages share with the server. */
const PROTOCOL = "display/protocol.ts";

/**
 * Builds the pages, unless these sources were built before.
 * @returns the folder that holds `index.html` and what belongs to it
 * @throws Error with the compiler's last words when the sources can't be built.
 */
export async function buildWeb(work: Work): Promise<string> {
  const sources = webSources();
  const built = cacheDir("web", webHash(sources));
  if (existsSync(built)) touch(built);
  return await once(built, async (temporary) => {
    const modules = await webModules(work);
    for (const file of sources) {
      const target = join(temporary, file);
      mkdirSync(dirname(target), { recursive: true });
      copyFileSync(join(repositoryDir, file), target);
    }
    const folder = join(temporary, WEB);
    symlinkSync(join(modules, "node_modules"), join(folder, "node_modules"));
    work.report("building the pages");
    const compiler = join("node_modules", "@angular", "cli", "bin", "ng.js");
    // The host's own Node may be too old for the compiler.
    await run(process.execPath, [compiler, "build", "--progress=false"], {
      cwd: folder,
      env: { NG_CLI_ANALYTICS: "false", NO_COLOR: "1" },
      signal: work.signal,
    });
    return join(folder, "dist");
  });
}

/** Files that the pages are built from, relative to the repository. */
export function webSources(root = repositoryDir): readonly string[] {
  return [PROTOCOL, ...filesBelow(root, WEB)];
}

function webHash(sources: readonly string[]): string {
  const hash = createHash("sha256").update(`node ${versions.node}\n`);
  for (const file of sources) {
    const content = readFileSync(join(repositoryDir, file));
    hash.update(`${file} ${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 16);
}

/**
 * Links the packages of the pages into their folder of the repository, for the type check and the linter. A folder of
 * packages that somebody has installed there stays.
 * @returns the compiler that also checks templates
 */
export async function linkWebModules(work: Work): Promise<string> {
  const modules = join(await webModules(work), "node_modules");
  const link = join(repositoryDir, WEB, "node_modules");
  const found = lstatSync(link, { throwIfNoEntry: false });
  if (found === undefined || (found.isSymbolicLink() && readlinkSync(link) !== modules)) {
    rmSync(link, { force: true });
    symlinkSync(modules, link);
  }
  return join(link, "@angular", "compiler-cli", "bundles", "src", "bin", "ngc.js");
}

/** Installs the compiler and the libraries, once for each lock file: a change of a page does not install them again. */
async function webModules(work: Work): Promise<string> {
  const lock = await sha256Of(join(repositoryDir, WEB, "package-lock.json"));
  return await once(cacheDir("npm", `web-${lock.slice(0, 16)}`), async (temporary) => {
    for (const file of ["package.json", "package-lock.json"]) {
      copyFileSync(join(repositoryDir, WEB, file), join(temporary, file));
    }
    work.report("npm ci of the pages' compiler");
    await run("npm", ["ci", "--include=dev", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"], {
      cwd: temporary,
      signal: work.signal,
    });
    return temporary;
  });
}
