import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fetchNpm } from "../../../platform/images/fetch.ts";
import { placeLibrary } from "../../../platform/images/library.ts";
import { type Assemble, placeFolder, placeModules, placeNode } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { placePython } from "../../../platform/images/wheels.ts";

/** The packages of the locks, the library and the notebooks; Node and the proxy in front of the servers. */
const assemble: Assemble = async (assembly) => {
  const { context, source, sources } = assembly;
  await placePython(assembly);
  placeNode(context);
  const modules = await fetchNpm(source, assembly);
  placeModules(modules, join(context, "proxy", "node_modules"));
  await placeLibrary(join(context, "library"), assembly);
  for (const folder of sources) {
    mkdirSync(join(context, folder), { recursive: true });
    placeFolder(join(repositoryDir, folder), join(context, folder));
  }
};
export default assemble;
