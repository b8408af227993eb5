import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { placeLibrary } from "../../../platform/images/library.ts";
import { type Assemble, placeFolder } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { placePython } from "../../../platform/images/wheels.ts";

/** The packages of the locks, the library, the notebooks and the DAGs. */
const assemble: Assemble = async (assembly) => {
  const { context, sources } = assembly;
  await placePython(assembly);
  await placeLibrary(join(context, "library"), assembly);
  for (const folder of sources) {
    mkdirSync(join(context, folder), { recursive: true });
    placeFolder(join(repositoryDir, folder), join(context, folder));
  }
};
export default assemble;
