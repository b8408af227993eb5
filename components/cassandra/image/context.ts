import { basename, join } from "node:path";
import { type Assemble, checkNoTwoVersions, placeFolder, placeMaven } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { mavenFileName } from "../../../platform/images/lock-files.ts";

/** All jars of the lock. */
const assemble: Assemble = ({ context, sources, maven }) => {
  for (const file of sources) placeFolder(join(repositoryDir, file), join(context, basename(file)));
  checkNoTwoVersions(maven.map(mavenFileName));
  placeMaven(maven, join(context, "lib"));
  return Promise.resolve();
};
export default assemble;
