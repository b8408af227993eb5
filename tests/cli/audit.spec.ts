import { expect } from "chai";
import type { Audit } from "../../audit/audit.ts";
import type { Finding } from "../../audit/findings.ts";
import { renderAudit, reportOf } from "../../cli/audit-report.ts";

const finding = (rule: string, object: string, severity: Finding["severity"]): Finding => ({
  rule,
  title: `title of ${rule}`,
  severity,
  object,
  stacks: ["embedded/core"],
});
const waiver = { rule: "checkov/C", objects: ["*/*"], reason: "it is meant to be so", expires: "2027-06-30" };
const [grave, mild, meant] = [
  finding("checkov/A", "Job/a", "high"),
  finding("checkov/B", "Job/b", "low"),
  finding("checkov/C", "Job/c", "medium"),
];
const done: Audit = {
  stacks: ["embedded/core", "cloud/core"],
  objects: 120,
  checkers: [{ checker: "checkov", version: "3.3.30", passed: 900, failed: 3, error: null }],
  findings: [grave, mild, meant],
  open: [grave],
  known: [mild],
  waived: [{ finding: meant, waiver }],
  problems: [],
};

describe("The report of the audit", () => {
  it("shows each finding with what was decided of it, what is to be done last", () => {
    expect(renderAudit(reportOf(done, false)).split("\n")).to.deep.equal([
      "120 different objects in 2 stacks: embedded/core, cloud/core",
      "checkov 3.3.30: 900 checks passed, 3 failed",
      "",
      "waived, each with a reason in audit/waivers.yaml:",
      "  medium  checkov/C  title of checkov/C",
      "    until 2027-06-30: it is meant to be so",
      "    Job/c",
      "",
      "known and still to be mended, in audit/baseline.yaml:",
      "  low  checkov/B  title of checkov/B",
      "    Job/b",
      "",
      "to be mended, or to be waived in audit/waivers.yaml with a reason:",
      "  high  checkov/A  title of checkov/A",
      "    Job/a",
      "",
      "1 high, 0 medium, 1 low, besides what is waived",
      "audit failed: 1 new",
    ]);
  });

  it("says of a checker that has not run that it has not, and is not ok", () => {
    const silent = { checker: "checkov", version: null, passed: 0, failed: 0, error: "pip found no network" };
    const report = reportOf({ ...done, checkers: [silent], findings: [], open: [], known: [], waived: [] }, false);
    expect(report.errors).to.deep.equal(["checkov has not run: pip found no network"]);
    expect(renderAudit(report)).to.contain("audit failed: 1 other problems").and.not.contain("0 checks passed");
  });

  it("has in --json all that is shown", () => {
    const { findings, ...rest } = reportOf({ ...done, open: [], findings: [mild, meant] }, true);
    expect(rest).to.deep.equal({ ok: true, stacks: done.stacks, objects: 120, checkers: done.checkers, errors: [] });
    expect(findings).to.deep.equal([
      { ...mild, status: "known", reason: null, expires: null },
      { ...meant, status: "waived", reason: waiver.reason, expires: waiver.expires },
    ]);
  });
});
