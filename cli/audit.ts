/** `npm run audit`: what well-known checkers say of the manifests of every profile on every target. */
import { checkerNames } from "../audit/checkers.ts";
import { knownReportOf, renderAudit, renderKnown, reportOf } from "./audit-report.ts";
import type { Command } from "./command.ts";
import { reportErrors, UserError } from "./errors.ts";
import { text } from "./options.ts";
import { createProgress, duringEach } from "./progress.ts";
import { table } from "./table.ts";

export const audit: Command = {
  summary: "has well-known checkers look at the manifests of every profile on every target; needs no cluster",
  options: {
    checker: { type: "string", value: "name", choices: checkerNames, help: "run this one only" },
    baseline: {
      type: "boolean",
      help: "write what is neither mended nor waived to audit/baseline.yaml; what is high can't be",
    },
    sbom: {
      type: "string",
      value: "folder",
      help: "only write a bill of materials of each image to this folder, in CycloneDX",
    },
    cves: { type: "boolean", help: "only ask databases for known vulnerabilities of what the images are made of" },
    json: { type: "boolean", help: "one JSON document on stdout; progress goes to stderr" },
  },
  async run(values) {
    const [only, sbom] = [text(values, "checker"), text(values, "sbom")];
    const isJson = values["json"] === true;
    const given = ["checker", "baseline", "sbom", "cves"].filter((name) => values[name] !== undefined);
    if (given.length > 1) {
      throw new UserError(`audit: --${given.join(" and --")} do not go together; give one of them`);
    }
    if (sbom !== undefined) return await writeSbom(sbom, isJson);
    if (values["cves"] === true) return await showKnown(isJson);
    const wanted = checkerNames.filter((name) => only === undefined || name === only);
    const [{ audit: run, isOk }, { auditedStacks }, decisions] = await Promise.all([
      import("../audit/audit.ts"),
      import("../audit/stacks.ts"),
      import("../audit/decisions.ts"),
    ]);
    const [waivers, baseline] = [decisions.readWaivers(), values["baseline"] === true ? {} : decisions.readBaseline()];
    const progress = createProgress({ sink: process.stderr });
    let done = await duringEach(progress, (report) =>
      run({ stacks: auditedStacks(), wanted, waivers, baseline, today: today() }, report),
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
    process.stdout.write(`${isJson ? JSON.stringify(report, null, 2) : renderAudit(report)}\n`);
    reportErrors(report.errors);
    return report.ok ? 0 : 1;
  },
};

const today = (): string => new Date().toISOString().slice(0, 10);

async function writeSbom(folder: string, isJson: boolean): Promise<number> {
  const { bills, writeBills } = await import("../audit/bill.ts");
  const all = bills();
  const files = writeBills(folder, all);
  const rows = all.map(({ image, parts, unknown }, index) => ({
    image,
    parts: parts.length,
    unknown,
    file: files[index] ?? "",
  }));
  const lacking = rows.filter(({ unknown }) => unknown > 0).map(({ image }) => image);
  const errors =
    lacking.length === 0
      ? []
      : [
          `this machine does not know the versions of Debian's packages in ${lacking.join(", ")}; it learns them when it makes the images: npm run up`,
        ];
  const report = { ok: errors.length === 0, bills: rows, errors };
  const cells = rows.map(({ image, parts, file }) => [image, String(parts), file]);
  process.stdout.write(`${isJson ? JSON.stringify(report, null, 2) : table(["image", "parts", "file"], cells)}\n`);
  reportErrors(errors);
  return report.ok ? 0 : 1;
}

async function showKnown(isJson: boolean): Promise<number> {
  const [{ isClean, known }, { readWaivers }] = await Promise.all([
    import("../audit/known.ts"),
    import("../audit/decisions.ts"),
  ]);
  const progress = createProgress({ sink: process.stderr });
  const done = await duringEach(progress, (report) => known({ waivers: readWaivers(), today: today() }, report));
  progress.stop();
  const report = knownReportOf(done, isClean(done));
  process.stdout.write(`${isJson ? JSON.stringify(report, null, 2) : renderKnown(report)}\n`);
  reportErrors(report.errors);
  return report.ok ? 0 : 1;
}
