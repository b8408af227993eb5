import { join } from "node:path";
import { type Assemble, checkNoTwoVersions, placeMaven } from "../../../platform/images/context.ts";
import { mavenFileName } from "../../../platform/images/lock-files.ts";

/** All jars of the lock. */
const assemble: Assemble = ({ context, maven }) => {
  checkNoTwoVersions(maven.map(mavenFileName));
  placeMaven(maven, join(context, "lib"));
  return Promise.resolve();
};
export default assemble;
