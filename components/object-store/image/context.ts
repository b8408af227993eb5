import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { buildCargo } from "../../../platform/images/fetch.ts";
import { parseCargoLock, readLock } from "../../../platform/images/lock-files.ts";
import type { Assemble } from "../../../platform/images/context.ts";
import { runTool } from "../../../platform/images/toolbox.ts";

/** The server and what makes its answers quick, compiled. */
const assemble: Assemble = async (assembly) => {
  const lockFile = join(assembly.source, "cargo.lock");
  const binary = await buildCargo(parseCargoLock(readLock(lockFile), lockFile), assembly);
  const bin = join(assembly.context, "bin");
  mkdirSync(bin);
  copyFileSync(binary, join(bin, "garage"));
  const script = "gcc -shared -fPIC -O2 -o out/nodelay.so nodelay.c";
  const files = { "nodelay.c": join(assembly.source, "nodelay.c") };
  await runTool({ tool: "rust", script, files, out: bin }, assembly);
};
export default assemble;
