import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildCargo } from "../fetch.ts";
import { parseCargoLock, readLock } from "../lock-files.ts";
import type { Assemble } from "../prepare.ts";
import { run } from "../run.ts";

/** The server and what makes its answers quick, compiled on the host. */
const assemble: Assemble = async (assembly) => {
  const lockFile = join(assembly.source, "cargo.lock");
  const binary = await buildCargo(parseCargoLock(readLock(lockFile), lockFile), assembly);
  const bin = join(assembly.context, "bin");
  mkdirSync(bin);
  copyFileSync(binary, join(bin, "garage"));
  await run("gcc", ["-shared", "-fPIC", "-O2", "-o", join(bin, "nodelay.so"), join(assembly.source, "nodelay.c")], {
    signal: assembly.signal,
  });
};
export default assemble;
