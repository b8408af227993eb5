import { expect } from "chai";
import { addTo, findingsOf, type ManifestFile } from "../../audit/audit.ts";
import { readReport } from "../../audit/checkov.ts";
import { readScores } from "../../audit/kube-score.ts";
import type { Manifest } from "../../audit/render.ts";
import { readTrivy } from "../../audit/trivy.ts";
import { rows, severityOf } from "../../audit/severities.ts";

const checkovSays = (summary: object, failed: readonly object[] = []): string =>
  JSON.stringify({ check_type: "kubernetes", results: { failed_checks: failed }, summary });

describe("What Checkov says", () => {
  it("is how much passed, and each failed check with its file", () => {
    const failed = [
      {
        check_id: "CKV_K8S_22",
        check_name: "Use read-only filesystem",
        file_path: "/manifests/job-a-1.yaml",
        resource: "Job.a",
      },
    ];
    expect(readReport(checkovSays({ passed: 7, failed: 1, parsing_errors: 0 }, failed), "3.3.30")).to.deep.equal({
      version: "3.3.30",
      passed: 7,
      failed: [{ rule: "CKV_K8S_22", title: "Use read-only filesystem", file: "job-a-1.yaml" }],
    });
  });

  it("is an error when it has checked nothing, or could not read something", () => {
    const nothing = JSON.stringify({ passed: 0, failed: 0, skipped: 0, parsing_errors: 0 });
    expect(() => readReport(nothing, "3.3.30")).to.throw("Checkov has checked nothing");
    const unread = checkovSays({ passed: 9, failed: 0, parsing_errors: 2 });
    expect(() => readReport(unread, "3.3.30")).to.throw("Checkov can't read 2 of the manifests");
  });
});

describe("What kube-score says", () => {
  const check = (id: string, grade: number, skipped = false) => ({
    check: { id, comment: `about ${id}` },
    grade,
    skipped,
  });

  it("is what is less than good, without what it skips", () => {
    const scored = [
      {
        file_name: "/tmp/x/job-a-1.yaml",
        checks: [check("pod-probes", 1), check("label-values", 10), check("x", 1, true)],
      },
      { file_name: "/tmp/x/pod-b-2.yaml", checks: [check("container-resources", 5)] },
    ];
    const { passed, failed, version } = readScores(JSON.stringify(scored), "/tmp/x");
    expect([passed, version]).to.deep.equal([1, "1.20.0"]);
    expect(failed).to.deep.equal([
      { rule: "pod-probes", title: "about pod-probes", file: "job-a-1.yaml" },
      { rule: "container-resources", title: "about container-resources", file: "pod-b-2.yaml" },
    ]);
  });

  it("is an error when it has checked nothing", () => {
    expect(() => readScores("[]", "/tmp/x")).to.throw("kube-score has checked nothing");
  });
});

describe("What Trivy's checks say", () => {
  it("is what failed, with Trivy's own severities, critical ones as high", () => {
    const findings = ["CRITICAL", "HIGH", "MEDIUM", "LOW"].map((severity, place) => ({
      id: `KSV-${place}`,
      title: "it",
      severity,
      file: "job-a-1.json",
    }));
    const { version, passed, failed } = readTrivy(JSON.stringify({ checks: 100, passed: 96, findings }));
    expect([version, passed]).to.deep.equal(["1.10.0", 96]);
    expect(failed.map(({ severity }) => severity)).to.deep.equal(["high", "high", "medium", "low"]);
    expect(failed[0]).to.deep.equal({ rule: "KSV-0", title: "it", severity: "high", file: "job-a-1.yaml" });
  });

  it("is an error when nothing was checked", () => {
    for (const nothing of [
      { checks: 0, passed: 0, findings: [] },
      { checks: 100, passed: 0, findings: [] },
    ]) {
      expect(() => readTrivy(JSON.stringify(nothing))).to.throw("Trivy has checked nothing");
    }
  });
});

describe("A finding of a checker", () => {
  const manifest = (name: string, replicas = 1): Manifest => ({
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name },
    spec: { replicas },
  });

  it("is of the object in the file, in all stacks that have the same one", () => {
    const files = new Map<string, ManifestFile>();
    addTo(files, manifest("web"), "embedded/core");
    addTo(files, manifest("web"), "minikube/core");
    addTo(files, manifest("web", 2), "cloud/core");
    const all = [...files.values()];
    expect(all.map(({ stacks }) => stacks)).to.deep.equal([["embedded/core", "minikube/core"], ["cloud/core"]]);
    const failed = [{ rule: "CKV_K8S_22", title: "it", file: all[0]!.file }];
    expect(findingsOf("checkov", { version: "1", passed: 0, failed }, all)).to.deep.equal([
      {
        rule: "checkov/CKV_K8S_22",
        title: "it",
        severity: "medium",
        object: "Deployment/web",
        stacks: ["embedded/core", "minikube/core"],
      },
    ]);
  });

  it("of a file that it was not given is an error", () => {
    const failed = [{ rule: "A", title: "it", file: "other.yaml" }];
    expect(() => findingsOf("checkov", { version: "1", passed: 0, failed }, [])).to.throw(
      "checkov speaks of other.yaml, which is no manifest",
    );
  });

  it("matters as its rule's row says, and as much as can be where no row has it", () => {
    expect(
      ["checkov/CKV_K8S_16", "checkov/CKV_K8S_22", "checkov/CKV_K8S_40", "checkov/CKV_K8S_999"].map(severityOf),
    ).to.deep.equal(["high", "medium", "low", "high"]);
    const all = rows.flatMap(({ rules }) => rules);
    expect(new Set(all).size, "each rule in one row").to.equal(all.length);
  });
});
