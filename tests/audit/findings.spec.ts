import { expect } from "chai";
import { type Finding, judge, means, merged, type Rules } from "../../audit/findings.ts";

const finding = (rule: string, object: string, more: Partial<Finding> = {}): Finding => ({
  rule: `checkov/${rule}`,
  title: "it should not",
  severity: "medium",
  object,
  stacks: ["embedded/core"],
  ...more,
});
const waiver = (rule: string, objects: readonly string[], expires = "2027-06-30") => ({
  rule: `checkov/${rule}`,
  objects,
  reason: "it must, for a reason that is written here",
  expires,
});
const rules = (more: Partial<Rules> = {}): Rules => ({
  waivers: [],
  baseline: {},
  ran: ["checkov"],
  today: "2027-01-31",
  ...more,
});

describe("A finding of the audit", () => {
  it("is open when nobody has decided of it", () => {
    const found = [finding("A", "Deployment/web")];
    expect(judge(found, rules())).to.deep.equal({ open: found, known: [], waived: [], problems: [] });
  });

  it("is waived for the objects that its waiver names, and open for every other", () => {
    const [web, job] = [finding("A", "Deployment/web"), finding("A", "Job/setup")];
    const given = waiver("A", ["Deployment/web"]);
    const judged = judge([web, job], rules({ waivers: [given] }));
    expect(judged).to.deep.equal({ open: [job], known: [], waived: [{ finding: web, waiver: given }], problems: [] });
  });

  it("is not waived by another rule's waiver", () => {
    const { open } = judge(
      [finding("A", "Deployment/web"), finding("B", "Deployment/web")],
      rules({ waivers: [waiver("B", ["*/*"])] }),
    );
    expect(open.map(({ rule }) => rule)).to.deep.equal(["checkov/A"]);
  });

  it("is waived on the last day of a waiver, and open on the next, with the day in words", () => {
    const found = [finding("A", "Deployment/web")];
    const waivers = [waiver("A", ["Deployment/web"], "2027-01-31")];
    expect(judge(found, rules({ waivers })).open).to.deep.equal([]);
    const after = judge(found, rules({ waivers, today: "2027-02-01" }));
    expect(after.open).to.deep.equal(found);
    expect(after.problems).to.deep.equal([
      "the waiver of checkov/A ended on 2027-01-31; mend what it names, or decide anew",
    ]);
  });

  it("is known by the baseline, unless it is high", () => {
    const [mild, grave] = [finding("A", "Job/a"), finding("B", "Job/b", { severity: "high" })];
    const judged = judge([mild, grave], rules({ baseline: { "checkov/A": ["Job/a"], "checkov/B": ["Job/b"] } }));
    expect([judged.known, judged.open]).to.deep.equal([[mild], [grave]]);
    expect(judged.problems).to.deep.equal([
      "the baseline has Job/b for checkov/B, which is high; mend it, or waive it with a reason",
    ]);
  });

  it("of a new object is open, whatever others of its rule are in the baseline", () => {
    const found = [finding("A", "Job/a"), finding("A", "Job/new")];
    const { open } = judge(found, rules({ baseline: { "checkov/A": ["Job/a"] } }));
    expect(open.map(({ object }) => object)).to.deep.equal(["Job/new"]);
  });

  it("is one for all stacks that have it", () => {
    const found = [
      finding("A", "Job/a", { stacks: ["embedded/core"] }),
      finding("A", "Job/a", { stacks: ["cloud/core", "embedded/core"] }),
      finding("A", "Job/b"),
    ];
    expect(merged(found).map(({ object, stacks }) => [object, stacks])).to.deep.equal([
      ["Job/a", ["embedded/core", "cloud/core"]],
      ["Job/b", ["embedded/core"]],
    ]);
  });
});

describe("A decision of the audit", () => {
  it("that nothing needs any more is a problem, object by object", () => {
    const waivers = [waiver("A", ["Job/a", "Job/gone"])];
    const { problems } = judge([finding("A", "Job/a")], rules({ waivers, baseline: { "checkov/B": ["Job/mended"] } }));
    expect(problems).to.deep.equal([
      "the waiver of checkov/A for Job/gone is not needed any more; remove it",
      "the baseline has Job/mended for checkov/B, which is mended; take it out",
    ]);
  });

  it("of a checker that has not run is no problem", () => {
    const waivers = [waiver("A", ["Job/gone"])];
    expect(judge([], rules({ waivers, baseline: { "checkov/B": ["Job/b"] }, ran: [] })).problems).to.deep.equal([]);
  });

  it("is in one place only: what is waived is not in the baseline", () => {
    const given = rules({ waivers: [waiver("A", ["Job/*"])], baseline: { "checkov/A": ["Job/a"] } });
    expect(judge([finding("A", "Job/a")], given).problems).to.deep.equal([
      "the baseline has Job/a for checkov/A, which is waived; take it out",
    ]);
  });

  it("means objects by kind and name, with any text for a star within one of both", () => {
    expect(["*/*", "Job/*", "*/a", "Job/a"].map((pattern) => means(pattern, "Job/a"))).to.deep.equal([
      true,
      true,
      true,
      true,
    ]);
    expect(["*", "Jo/a", "Job/b", "Job"].map((pattern) => means(pattern, "Job/a"))).to.deep.equal([
      false,
      false,
      false,
      false,
    ]);
  });
});
