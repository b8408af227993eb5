/** A copy of the project's sources in another folder, as another clone has them: with a state of its own. */
import { cpSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { projectDir } from "../../cli/paths.ts";

/** Not the clone's own: what was made in it, and what is linked instead of copied. */
const LEFT_OUT = [".pulumi", ".millrace", "node_modules", ".git"];

/** Makes the copy; the folder may lie in what is left out. */
export function cloneTo(folder: string): void {
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(projectDir).filter((entry) => !LEFT_OUT.includes(entry))) {
    cpSync(join(projectDir, name), join(folder, name), { recursive: true });
  }
  symlinkSync(join(projectDir, "node_modules"), join(folder, "node_modules"));
}
