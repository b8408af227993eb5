/** Checkers that are Go programs: compiled once from the modules that their `go.sum` locks, and kept in the cache. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { cacheDir, once } from "../platform/images/cache.ts";
import { buildGo } from "../platform/images/go.ts";
import type { Work } from "../platform/images/work.ts";

/** Folder of the checker's module. */
const folderOf = (name: string): string => join(import.meta.dirname, name);

/**
 * Path of a checker's program; what it is compiled from is all in its folder.
 * @param source The package of the program.
 */
export async function goProgram(name: string, source: string, work: Work): Promise<string> {
  const module = folderOf(name);
  const hash = createHash("sha256");
  for (const file of readdirSync(module).sort()) hash.update(`${file}\n`).update(readFileSync(join(module, file)));
  const target = cacheDir("audit", `${name}-${hash.digest("hex").slice(0, 16)}`);
  return await once(target, async (temporary) => {
    await buildGo({ module, packages: [source], out: temporary, what: name }, work);
    return join(temporary, basename(source === "." ? name : source));
  });
}

/** The version of a module that a checker is built from. */
export function moduleVersion(name: string, module: string): string {
  return new RegExp(`${module} v(\\S+)`).exec(readFileSync(join(folderOf(name), "go.mod"), "utf8"))?.[1] ?? "";
}
