/** The digest that the official docker provider's Check takes of a build context, and compares by its Diff. */

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { lstat, readdir, readFile, realpath } from "node:fs/promises";
import { join } from "node:path";

/**
 * @param context Folder of the context.
 * @param dockerfile Path of the Dockerfile, wherever it is.
 * @returns `undefined` where there is no such context, or its `.dockerignore` would have to be followed.
 */
export async function contextDigest(context: string, dockerfile: string): Promise<string | undefined> {
  if (!existsSync(dockerfile) || existsSync(join(context, ".dockerignore"))) return undefined;
  const all = createHash("sha256");
  const add = (name: string, mode: string, content: Buffer | string): void => {
    const digest = createHash("sha256").update(content).digest();
    all.update(name).update(mode).update(digest).update("\0");
  };
  // Whatever it is called, and once more by its own name where it is in the context.
  add("Dockerfile", "-".repeat(10), await readFile(dockerfile));
  const walk = async (below: string): Promise<void> => {
    const names = await readdir(join(context, below));
    for (const name of names.sort((one, other) => Buffer.compare(Buffer.from(one), Buffer.from(other)))) {
      const path = below === "" ? name : `${below}/${name}`;
      const file = join(context, path);
      const status = await lstat(file);
      if (status.isDirectory()) await walk(path);
      else if (status.isSymbolicLink()) add(path, modeText(status.mode, "L"), await realpath(file));
      else add(path, modeText(status.mode, ""), status.isFile() ? await readFile(file) : "");
    }
  };
  await walk("");
  return all.digest("hex");
}

/** A mode as Go writes it, such as `-rwxr-xr-x`. */
function modeText(mode: number, kind: string): string {
  const marks = [
    [0o4000, "u"],
    [0o2000, "g"],
    [0o1000, "t"],
  ] as const;
  const kinds = kind + marks.map(([bit, mark]) => (mode & bit ? mark : "")).join("");
  const rights = Array.from("rwxrwxrwx", (right, index) => (mode & (0o400 >> index) ? right : "-")).join("");
  return (kinds === "" ? "-" : kinds) + rights;
}
