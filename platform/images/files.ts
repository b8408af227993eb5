/** Where the files of the repository lie. */
import { readdirSync, statSync } from "node:fs";
import { join, resolve } from "node:path";

export const repositoryDir = resolve(import.meta.dirname, "..", "..");

/** What the wheel of the Python library is built from. */
export const librarySources = ["python/millrace", "python/pyproject.toml", "python/README.md", "python/pypi.lock.txt"];

/** What the making of an image took elsewhere. It is no part of the image, whose name would change with every measurement. */
export const FIRST_RUN = "first-run.json";

/** What tools leave in a folder of sources, and what is only told of it. */
const leftovers = /(^|\/)(node_modules|__pycache__|\.angular|dist)\/|\/first-run\.json$/;

/** All sources below a folder of the repository, as sorted paths relative to the repository; a file's own path. */
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
