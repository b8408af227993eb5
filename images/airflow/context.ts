import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { placeLibrary } from "../library.ts";
import { type Assemble, placeFolder } from "../prepare.ts";
import { librarySources, repositoryDir, sourceFolders } from "../tags.ts";
import { placePython } from "../wheels.ts";

/** The packages of the locks, the library, the notebooks and the DAGs. */
const assemble: Assemble = async (assembly) => {
  const { context } = assembly;
  await placePython("airflow", context, assembly);
  await placeLibrary(join(context, "library"), assembly);
  for (const folder of sourceFolders("airflow").filter((source) => !librarySources.includes(source))) {
    mkdirSync(join(context, folder), { recursive: true });
    placeFolder(join(repositoryDir, folder), join(context, folder));
  }
};
export default assemble;
