import { readdirSync } from "node:fs";
import { join } from "node:path";
import { type Assemble, checkNoTwoVersions, placeMaven } from "../../../platform/images/context.ts";

/** All jars of the lock, on one class path. */
const assemble: Assemble = ({ context, maven }) => {
  const folder = join(context, "lib");
  placeMaven(maven, folder);
  checkNoTwoVersions(readdirSync(folder));
  return Promise.resolve();
};
export default assemble;
