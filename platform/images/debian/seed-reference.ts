import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { filesBelow, repositoryDir } from "../files.ts";
import { versions } from "../versions.ts";

/** The code that makes images of Debian packages, relative to the repository: their tags change with it. */
export const debianCode = "platform/images/debian";

/** Name and tag of Debian's minimal system, on which all of these images are built and whose layer they share. */
export function seedReference(root = repositoryDir): string {
  const hash = createHash("sha256").update(`debian ${versions.debian}\n`);
  for (const file of filesBelow(root, debianCode)) hash.update(`${file}\n`).update(readFileSync(join(root, file)));
  return `millrace/seed:${hash.digest("hex").slice(0, 16)}`;
}
