import { join } from "node:path";
import { buildGo } from "../../../platform/images/go.ts";
import type { Assemble } from "../../../platform/images/context.ts";

/** The server, compiled. */
const assemble: Assemble = async ({ source, context, report, signal }) => {
  await buildGo(
    { module: source, packages: ["github.com/versity/versitygw/cmd/versitygw"], out: join(context, "bin") },
    { report, signal },
  );
};
export default assemble;
