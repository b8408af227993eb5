import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives each spec of a suite an empty folder of its own, with a space in its path, and names it in a variable of the environment.
 * @returns the folder of the spec that runs
 */
export function ownFolder(variable: string): () => string {
  const before = process.env[variable];
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace spec "));
    process.env[variable] = folder;
  });
  afterEach(() => {
    if (before === undefined) Reflect.deleteProperty(process.env, variable);
    else process.env[variable] = before;
    rmSync(folder, { recursive: true });
  });
  return () => folder;
}
