import { cpSync, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fetchNpm } from "../fetch.ts";
import { placeLibrary } from "../library.ts";
import { type Assemble, placeFolder, placeNode } from "../prepare.ts";
import { librarySources, repositoryDir, sourceFolders } from "../tags.ts";
import { placePython } from "../wheels.ts";

/** The packages of the locks, the library and the notebooks; Node and the proxy in front of the servers. */
const assemble: Assemble = async (assembly) => {
  const { context, source } = assembly;
  await placePython("jupyter", context, assembly);
  placeNode("jupyter", context);
  const modules = await fetchNpm(source, assembly);
  const proxy = join(context, "proxy", "node_modules");
  cpSync(join(modules, "node_modules"), proxy, { recursive: true, filter: (path) => basename(path) !== ".bin" });
  await placeLibrary(join(context, "library"), assembly);
  for (const folder of sourceFolders("jupyter").filter((source) => !librarySources.includes(source))) {
    mkdirSync(join(context, folder), { recursive: true });
    placeFolder(join(repositoryDir, folder), join(context, folder));
  }
};
export default assemble;
