/** The most ordinary change: a value in the stack's file, then `up`. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { parseDocument } from "yaml";

import { projectDir } from "../../../cli/paths.ts";
import type { UpReport } from "../../../cli/up.ts";
import { environment, fingerprints, stack } from "../platform.ts";
import { document, millrace, must, type Runner } from "../runner.ts";

const MINUTE = 60_000;
const file = join(projectDir, `Pulumi.${stack.name}.yaml`);
const SERVICE = "telemetry";
/** What its pods are called. */
const PRODUCER = "telemetry-producer";
const SECONDS = 4;

/** The stack's file is put back when this process ends; the change stays until the next `up` after that. */
export async function changedValue(runner: Runner): Promise<void> {
  await runner.step("a changed value reaches its service, and restarts no other", 8 * MINUTE, async () => {
    const text = readFileSync(file, "utf8");
    const values = parseDocument(text);
    values.setIn(["config", "millrace:services", SERVICE, "intervalSeconds"], SECONDS);
    // Before what was registered earlier, which puts back what it has found itself.
    process.prependOnceListener("exit", () => {
      writeFileSync(file, text);
    });
    const before = await fingerprints();
    writeFileSync(file, values.toString());
    const ran = await millrace(["up", "--json", "--yes"], 7 * MINUTE);
    const report = document(ran) as UpReport;
    must(ran.code === 0 && report.ok, report.errors.join("; "));
    must(report.proof?.ok === true, "there is no proof");
    must((report.changes?.delete ?? 0) === 0, `it deletes: ${JSON.stringify(report.changes)}`);
    const seconds = await environment(PRODUCER, "INTERVAL_SECONDS");
    must(seconds === String(SECONDS), `the service is told ${seconds} s`);
    const after = await fingerprints();
    const others = [...before.filter((one) => !after.includes(one)), ...after.filter((one) => !before.includes(one))];
    const touched = others.filter((one) => !one.startsWith(PRODUCER));
    must(touched.length === 0, `other pods differ: ${touched.join("; ")}`);
    return `${report.changes?.update ?? 0} updated, ${report.changes?.replace ?? 0} replaced`;
  });
}
