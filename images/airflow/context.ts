import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { parsePypiLock, readLock } from "../lock-files.ts";
import { type Assemble, placeFolder } from "../prepare.ts";
import { repositoryDir, sourceFolders } from "../tags.ts";
import { fetchWheels, placeWheels } from "../wheels.ts";

/** The packages of the lock, the library, the notebooks and the DAGs. */
const assemble: Assemble = async (assembly) => {
  const { context, source } = assembly;
  const lockFile = join(source, "pypi.lock.txt");
  const packages = parsePypiLock(readLock(lockFile), lockFile);
  await fetchWheels(packages, assembly);
  placeWheels(packages, join(context, "wheels"));
  copyFileSync(join(repositoryDir, "images", "python", "trim.sh"), join(context, "trim.sh"));
  for (const folder of sourceFolders("airflow")) {
    mkdirSync(join(context, folder), { recursive: true });
    placeFolder(join(repositoryDir, folder), join(context, folder));
  }
};
export default assemble;
