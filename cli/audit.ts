/** `npm run audit`: what well-known checkers say of the manifests of every profile on every target. */
import type { Audit } from "../audit/audit.ts";
import { checkerNames } from "../audit/checkers.ts";
import { type Finding, severities } from "../audit/findings.ts";
import type { Command } from "./command.ts";
import { reportErrors, UserError } from "./errors.ts";
import { text } from "./options.ts";
import { createProgress, duringEach } from "./progress.ts";

/** What `audit --json` prints. */
export interface AuditReport extends Pick<Audit, "stacks" | "objects" | "checkers"> {
  readonly ok: boolean;
  readonly findings: readonly ReportedFinding[];
  readonly errors: readonly string[];
}

export interface ReportedFinding extends Finding {
  /** `open` ones make the audit fail, `known` ones are in the baseline. */
  readonly status: "open" | "known" | "waived";
  /** Why it is waived; `null` when it is not. */
  readonly reason: string | null;
  /** Last day of the waiver, `YYYY-MM-DD`; `null` when there is none. */
  readonly expires: string | null;
}

export const audit: Command = {
  summary: "has well-known checkers look at the manifests of every profile on every target; needs no cluster",
  options: {
    checker: { type: "string", value: "name", choices: checkerNames, help: "run this one only" },
    baseline: {
      type: "boolean",
      help: "write what is neither mended nor waived to audit/baseline.yaml; what is high can't be",
    },
    json: { type: "boolean", help: "one JSON document on stdout; progress goes to stderr" },
  },
  async run(values) {
    const only = text(values, "checker");
    const wanted = checkerNames.filter((name) => only === undefined || name === only);
    if (only !== undefined && values["baseline"] === true) {
      throw new UserError("audit: --baseline writes down what all checkers find; leave --checker out");
    }
    const [{ audit: run, isOk }, { auditedStacks }, decisions] = await Promise.all([
      import("../audit/audit.ts"),
      import("../audit/stacks.ts"),
      import("../audit/decisions.ts"),
    ]);
    const today = new Date().toISOString().slice(0, 10);
    const [waivers, baseline] = [decisions.readWaivers(), values["baseline"] === true ? {} : decisions.readBaseline()];
    const progress = createProgress({ sink: process.stderr });
    let done = await duringEach(progress, (report) =>
      run({ stacks: auditedStacks(), wanted, waivers, baseline, today }, report),
    );
    progress.stop();
    if (values["baseline"] === true) {
      decisions.writeBaseline(done.open);
      done = {
        ...done,
        known: done.open.filter(({ severity }) => severity !== "high"),
        open: done.open.filter(({ severity }) => severity === "high"),
      };
    }
    const report = reportOf(done, isOk(done));
    process.stdout.write(`${values["json"] === true ? JSON.stringify(report, null, 2) : renderAudit(report)}\n`);
    reportErrors(report.errors);
    return report.ok ? 0 : 1;
  },
};

export function reportOf(done: Audit, ok: boolean): AuditReport {
  const { stacks, objects, checkers, open, known, waived, problems } = done;
  const plain = (status: "open" | "known") => (finding: Finding) => ({
    ...finding,
    status,
    reason: null,
    expires: null,
  });
  const findings = [
    ...open.map(plain("open")),
    ...known.map(plain("known")),
    ...waived.map(({ finding, waiver: { reason, expires } }) => ({
      ...finding,
      status: "waived" as const,
      reason,
      expires,
    })),
  ];
  const silent = checkers.flatMap(({ checker, error }) => (error === null ? [] : [`${checker} has not run: ${error}`]));
  return { ok, stacks, objects, checkers, findings, errors: [...silent, ...problems] };
}

const headings = {
  waived: "waived, each with a reason in audit/waivers.yaml:",
  known: "known and still to be mended, in audit/baseline.yaml:",
  open: "to be mended, or to be waived in audit/waivers.yaml with a reason:",
} as const;

export function renderAudit({ ok, stacks, objects, checkers, findings, errors }: AuditReport): string {
  const lines = [`${objects} different objects in ${stacks.length} stacks: ${stacks.join(", ")}`];
  for (const { checker, version, passed, failed, error } of checkers) {
    if (error === null) lines.push(`${checker} ${version ?? ""}: ${passed} checks passed, ${failed} failed`);
  }
  for (const status of ["waived", "known", "open"] as const) {
    const some = findings.filter((finding) => finding.status === status);
    if (some.length > 0) lines.push("", headings[status], ...groupsOf(some));
  }
  const count = (severity: string): number =>
    findings.filter((finding) => finding.severity === severity && finding.status !== "waived").length;
  const counts = severities.map((severity) => `${count(severity)} ${severity}`).join(", ");
  const open = findings.filter(({ status }) => status === "open").length;
  const left = [open > 0 ? `${open} new` : "", errors.length > 0 ? `${errors.length} other problems` : ""].filter(
    Boolean,
  );
  lines.push("", `${counts}, besides what is waived`, ok ? "audit ok" : `audit failed: ${left.join(", ")}`);
  return lines.join("\n");
}

/** A line for each rule, the worst first, and below it the objects that break it. */
function groupsOf(findings: readonly ReportedFinding[]): string[] {
  const groups = [...Map.groupBy(findings, ({ rule, reason }) => `${rule} ${reason ?? ""}`).values()];
  const rank = ([first]: readonly Finding[]): number => severities.indexOf(first?.severity ?? "low");
  return groups
    .toSorted((one, other) => rank(one) - rank(other))
    .flatMap((some) => {
      const [first] = some;
      if (first === undefined) return [];
      const { severity, rule, title, reason, expires } = first;
      const until = reason === null ? [] : [`    until ${expires ?? ""}: ${reason}`];
      return [`  ${severity}  ${rule}  ${title}`, ...until, `    ${some.map(({ object }) => object).join(", ")}`];
    });
}
