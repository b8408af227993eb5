/** A build context as the Docker CLI and the official docker provider send it. */

import { createReadStream } from "node:fs";
import { lstat, readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, type Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import * as tar from "tar-stream";

/**
 * Packs a folder. The engine looks a step up in its cache by the archive's entries, so they are those of the official
 * provider to the letter: all owned by root, and folders with a slash behind their names.
 * @returns The archive; whoever stops reading it destroys it.
 */
export function packContext(folder: string): Readable {
  const pack = tar.pack();
  const archive = new PassThrough();
  pack.on("error", (error) => archive.destroy(error)).pipe(archive);
  archive.on("close", () => {
    pack.destroy();
  });
  addFolder(pack, folder, "").then(
    () => {
      pack.finalize();
    },
    (error: unknown) => {
      pack.destroy(error instanceof Error ? error : new Error(String(error)));
    },
  );
  return archive;
}

async function addFolder(pack: tar.Pack, folder: string, below: string): Promise<void> {
  for (const entry of (await readdir(join(folder, below))).sort()) {
    if (pack.destroyed) return;
    const name = below + entry;
    const file = join(folder, name);
    const status = await lstat(file);
    const header = { name, mode: status.mode & 0o7777, mtime: status.mtime, uid: 0, gid: 0 };
    if (status.isDirectory()) {
      pack.entry({ ...header, name: `${name}/`, type: "directory" });
      await addFolder(pack, folder, `${name}/`);
    } else if (status.isSymbolicLink()) {
      pack.entry({ ...header, type: "symlink", linkname: await readlink(file) });
    } else if (status.isFile()) {
      await pipeline(createReadStream(file), pack.entry({ ...header, size: status.size }));
    }
  }
}
