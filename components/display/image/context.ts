import { copyFileSync, cpSync } from "node:fs";
import { join } from "node:path";
import { fetchNpm } from "../../../platform/images/fetch.ts";
import { type Assemble, placeFolder, placeModules, placeNode } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { buildWeb } from "./web.ts";

/** Where the sources of the pages are, which are built here and not carried. */
const PAGES = "display/web";

/** Node from its npm package, the server's modules and sources, and the built pages. */
const assemble: Assemble = async (assembly) => {
  const { context, source, sources } = assembly;
  placeNode(context);
  const modules = await fetchNpm(source, assembly);
  const home = join(context, "opt");
  placeModules(modules, join(home, "node_modules"));
  copyFileSync(join(source, "package.json"), join(home, "package.json"));
  for (const path of sources.filter((folder) => folder !== PAGES)) {
    placeFolder(join(repositoryDir, path), join(home, path));
  }
  cpSync(await buildWeb(assembly), join(home, "web"), { recursive: true });
};
export default assemble;
