/** The Python library `millrace` as a wheel, and as the files that an installed wheel consists of. */
import { cpSync, readdirSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { temporaryDir } from "./cache.ts";
import { parsePypiLock, readLock } from "./lock-files.ts";
import { runTool } from "./toolbox.ts";
import { librarySources, repositoryDir } from "./files.ts";
import { versions } from "./versions.ts";
import { fetchWheels, placeWheels } from "./wheels.ts";
import type { Work } from "./work.ts";

const pip = "python3 -m pip --disable-pip-version-check --quiet";

/**
 * Builds the wheel into a folder, by the locked build backend and nothing else.
 * The same sources give the same bytes on every machine.
 */
export async function buildWheel(folder: string, work: Work): Promise<void> {
  const lockFile = join(repositoryDir, "python", "pypi.lock.txt");
  const backend = parsePypiLock(readLock(lockFile), lockFile);
  await fetchWheels(backend, work);
  const temporary = await temporaryDir("library");
  try {
    // A copy, because tools write into the folder that they build from.
    for (const source of librarySources) {
      cpSync(join(repositoryDir, source), join(temporary, source), {
        recursive: true,
        filter: (path) => basename(path) !== "__pycache__",
      });
    }
    placeWheels(backend, join(temporary, "backend"));
    const source = "--no-deps --no-index --find-links backend --no-cache-dir";
    const script = `${pip} wheel ${source} --ignore-requires-python --wheel-dir out ./python`;
    const files = Object.fromEntries(readdirSync(temporary).map((name) => [name, join(temporary, name)]));
    const env = { SOURCE_DATE_EPOCH: "946684800" };
    await runTool({ tool: "python", script, files, env, out: folder }, work);
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** Fills a folder with the installed library, as it is copied into `site-packages` of the Python images. */
export async function placeLibrary(folder: string, work: Work): Promise<void> {
  work.report("building the Python library");
  const wheels = await temporaryDir("library");
  try {
    await buildWheel(wheels, work);
    const source = "--no-deps --no-index --find-links wheels --only-binary :all:";
    const target = `--python-version ${versions.python} --no-compile --target out`;
    const script = `${pip} install ${source} ${target} millrace`;
    await runTool({ tool: "python", script, files: { wheels }, out: folder }, work);
  } finally {
    rmSync(wheels, { recursive: true, force: true });
  }
}
