/** What well-known checkers say of the manifests of every profile on every target. It needs no platform. */
import type { AuditReport } from "../../cli/audit-report.ts";
import { document, millrace, must, type Runner } from "./runner.ts";

const MINUTE = 60_000;

export async function audited(runner: Runner): Promise<void> {
  await runner.step("the checkers find nothing that is neither waived nor known", 20 * MINUTE, async () => {
    const ran = await millrace(["audit", "--json"], 20 * MINUTE);
    const { ok, objects, stacks, findings, errors } = document(ran) as AuditReport;
    const open = findings.filter(({ status }) => status === "open");
    const named = open.slice(0, 10).map(({ severity, rule, object }) => `${severity} ${rule} ${object}`);
    must(ok && ran.code === 0, [`${open.length} are open`, ...named, ...errors].join("; "));
    must(objects > 100 && stacks.length > 3, `only ${objects} objects of ${stacks.length} stacks were looked at`);
    return `${objects} objects in ${stacks.length} stacks, ${findings.length} findings waived or known`;
  });
}
