import { join } from "node:path";
import type { Assemble } from "../../../platform/images/context.ts";
import { buildGo } from "../../../platform/images/go.ts";

/** The store, compiled. */
const assemble: Assemble = async ({ source, context, report, signal }) => {
  const packages = ["github.com/VictoriaMetrics/VictoriaLogs/app/victoria-logs"];
  await buildGo({ module: source, packages, out: join(context, "bin") }, { report, signal });
};
export default assemble;
