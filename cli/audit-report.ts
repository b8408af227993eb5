/** What `npm run audit` prints of its findings. */
import type { Audit } from "../audit/audit.ts";
import { type Finding, type Judgement, severities } from "../audit/findings.ts";
import type { Known } from "../audit/known.ts";
import { table } from "./table.ts";

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

/** What `audit --cves --json` prints. */
export interface KnownReport extends Pick<Known, "asked"> {
  readonly ok: boolean;
  readonly findings: readonly ReportedFinding[];
  readonly errors: readonly string[];
}

export function reportOf(done: Audit, ok: boolean): AuditReport {
  const { stacks, objects, checkers, problems } = done;
  const silent = checkers.flatMap(({ checker, error }) => (error === null ? [] : [`${checker} has not run: ${error}`]));
  return { ok, stacks, objects, checkers, findings: reported(done), errors: [...silent, ...problems] };
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
  lines.push("", `${counts}, besides what is waived`, ok ? "audit ok" : failed(open, errors.length));
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

function reported({ open, known, waived }: Judgement): ReportedFinding[] {
  const plain = (status: "open" | "known") => (finding: Finding) => ({
    ...finding,
    status,
    reason: null,
    expires: null,
  });
  return [
    ...open.map(plain("open")),
    ...known.map(plain("known")),
    ...waived.map(({ finding, waiver: { reason, expires } }) => ({
      ...finding,
      status: "waived" as const,
      reason,
      expires,
    })),
  ];
}

export function knownReportOf(done: Known, ok: boolean): KnownReport {
  const { asked, problems } = done;
  const silent = asked.flatMap(({ registry, error }) =>
    error === null ? [] : [`nothing is known of ${registry}: ${error}`],
  );
  return { ok, asked, findings: reported(done), errors: [...silent, ...problems] };
}

export function renderKnown({ ok, asked, findings, errors }: KnownReport): string {
  const of = (registry: string): number => findings.filter(({ rule }) => rule.startsWith(`${registry}/`)).length;
  const rows = asked.map(({ registry, packages, database, error }) => [
    registry,
    String(packages),
    error === null && database !== null ? String(of(registry)) : "not known",
    database === null ? "none can be asked" : `${database}${error === null ? "" : ", which does not answer"}`,
  ]);
  const lines = [table(["registry", "packages", "vulnerable", "database"], rows)];
  for (const status of ["waived", "open"] as const) {
    const some = findings.filter((finding) => finding.status === status);
    if (some.length > 0) lines.push("", headings[status], ...groupsOf(some));
  }
  const open = findings.filter(({ status }) => status === "open").length;
  return [...lines, "", ok ? "nothing to be mended" : failed(open, errors.length)].join("\n");
}

function failed(open: number, others: number): string {
  const left = [open > 0 ? `${open} new` : "", others > 0 ? `${others} other problems` : ""].filter(
    (part) => part !== "",
  );
  return `audit failed: ${left.join(", ")}`;
}
