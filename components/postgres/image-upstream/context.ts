import { basename, join } from "node:path";
import { type Assemble, placeFolder } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";

/** The entrypoint, which is that of the image from packages. */
const assemble: Assemble = ({ context, sources }) => {
  for (const file of sources) placeFolder(join(repositoryDir, file), join(context, basename(file)));
  return Promise.resolve();
};
export default assemble;
