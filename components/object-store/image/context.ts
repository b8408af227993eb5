import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildCargo } from "../../../platform/images/fetch.ts";
import { parseCargoLock, readLock } from "../../../platform/images/lock-files.ts";
import type { Assemble } from "../../../platform/images/context.ts";
import { run } from "../../../platform/images/run.ts";

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
