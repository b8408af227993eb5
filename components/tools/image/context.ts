import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { fetchNpm } from "../../../platform/images/fetch.ts";
import { type Assemble, placeFolder, placeModules, placeNode } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";

/** Node from its npm package, the production modules, and the sources of the rooms' programs and the proof. */
const assemble: Assemble = async (assembly) => {
  const { context, source, sources } = assembly;
  placeNode(context);
  const modules = await fetchNpm(source, assembly);
  const home = join(context, "opt");
  placeModules(modules, join(home, "node_modules"));
  copyFileSync(join(source, "package.json"), join(home, "package.json"));
  for (const folder of sources) placeFolder(join(repositoryDir, folder), join(home, folder));
};
export default assemble;
