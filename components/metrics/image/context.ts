import { join } from "node:path";
import type { Assemble } from "../../../platform/images/context.ts";
import { buildGo } from "../../../platform/images/go.ts";

const packages = [
  "github.com/VictoriaMetrics/VictoriaMetrics/app/victoria-metrics",
  "github.com/VictoriaMetrics/VictoriaMetrics/app/vmalert",
  "github.com/VictoriaMetrics/VictoriaMetrics/app/vmauth",
  "github.com/prometheus/alertmanager/cmd/alertmanager",
];

/** The four programs, compiled. */
const assemble: Assemble = async ({ source, context, report, signal }) => {
  await buildGo({ module: source, packages, out: join(context, "bin") }, { report, signal });
};
export default assemble;
