import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Assemble, placeFolder } from "../prepare.ts";
import { repositoryDir, sourceFolders } from "../tags.ts";
import { placePython } from "../wheels.ts";

/** The packages of the locks, the library, the notebooks and the DAGs. */
const assemble: Assemble = async (assembly) => {
  const { context } = assembly;
  await placePython("airflow", context, assembly);
  for (const folder of sourceFolders("airflow")) {
    mkdirSync(join(context, folder), { recursive: true });
    placeFolder(join(repositoryDir, folder), join(context, folder));
  }
};
export default assemble;
