import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildCargo } from "../fetch.ts";
import { parseCargoLock, readLock } from "../lock-files.ts";
import type { Assemble } from "../prepare.ts";

/** The server, compiled on the host. */
const assemble: Assemble = async (assembly) => {
  const lockFile = join(assembly.source, "cargo.lock");
  const binary = await buildCargo(parseCargoLock(readLock(lockFile), lockFile), assembly);
  mkdirSync(join(assembly.context, "bin"));
  copyFileSync(binary, join(assembly.context, "bin", "garage"));
};
export default assemble;
