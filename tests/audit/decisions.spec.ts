import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { readBaseline, readWaivers, writeBaseline } from "../../audit/decisions.ts";
import type { Finding } from "../../audit/findings.ts";

describe("The files of decisions", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "millrace-audit-"));
    file = join(folder, "file.yaml");
  });
  afterEach(() => {
    rmSync(folder, { recursive: true });
  });

  it("in the repository can be read, and each waiver says why in more than a word", () => {
    expect(readWaivers().length).to.be.greaterThan(0);
    for (const { rule, reason } of readWaivers()) expect(reason.split(" ").length, rule).to.be.greaterThan(5);
    readBaseline();
  });

  it("tell all that is wrong with them in one message", () => {
    writeFileSync(
      file,
      "- { rule: CKV_K8S_1, objects: [Job/a], reason: a good reason with words, expires: 2027-01-01 }\n" +
        "- { rule: checkov/A, objects: [], reason: short, expires: tomorrow }\n",
    );
    expect(() => readWaivers(file))
      .to.throw(`${file}: 0.rule: a rule is checker/name, such as checkov/CKV_K8S_22; 1.objects: `)
      .with.property("message")
      .that.contains("1.reason: a reason is a sentence; 1.expires: a day is YYYY-MM-DD");
  });

  it("may be missing or empty", () => {
    expect([readWaivers(file), readBaseline(file)]).to.deep.equal([[], {}]);
    writeFileSync(file, "# nothing\n");
    expect([readWaivers(file), readBaseline(file)]).to.deep.equal([[], {}]);
  });

  it("take what is open into the baseline, but nothing that is high", () => {
    const finding = (rule: string, object: string, severity: Finding["severity"]): Finding => ({
      rule,
      title: "it should not",
      severity,
      object,
      stacks: ["embedded/core"],
    });
    const some = [
      finding("checkov/B", "Job/b", "low"),
      finding("checkov/B", "Job/a", "low"),
      finding("checkov/A", "Job/a", "high"),
    ];
    writeBaseline(some, file);
    expect(readBaseline(file)).to.deep.equal({ "checkov/B": ["Job/a", "Job/b"] });
    expect(readFileSync(file, "utf8")).to.match(
      /^# Findings that are known .*\ncheckov\/B:\n {2}- Job\/a\n {2}- Job\/b\n$/,
    );
    writeBaseline([], file);
    expect(readBaseline(file)).to.deep.equal({});
  });
});
