/** Where the files of the repository lie. */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

export const repositoryDir = resolve(import.meta.dirname, "..", "..");

/** What the wheel of the Python library is built from. */
export const librarySources = ["python/millrace", "python/pyproject.toml", "python/README.md", "python/pypi.lock.txt"];

/** What tools leave in a folder of sources. */
const leftovers = /(^|\/)(node_modules|__pycache__|\.angular|dist)\//;

/** All files below a folder of the repository, as sorted paths relative to the repository; a file's own path. */
export function filesBelow(root: string, folder: string): string[] {
  const found = statSync(join(root, folder), { throwIfNoEntry: false });
  if (found === undefined) return [];
  if (found.isFile()) return [folder];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((file) => !leftovers.test(file))
    .sort();
}
