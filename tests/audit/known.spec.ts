import { expect } from "chai";
import { isClean, known } from "../../audit/known.ts";
import type { Finding } from "../../audit/findings.ts";
import { npmFolders, readNpm } from "../../audit/npm-audit.ts";
import {
  type Advisory,
  affecting,
  compare,
  databaseVersion,
  goPrograms,
  isWithin,
} from "../../audit/vulnerabilities.ts";
import { renderKnown, knownReportOf } from "../../cli/audit-report.ts";

const advisory = (id: string, module: string, events: readonly object[], more: object = {}): Advisory => ({
  id,
  aliases: ["GHSA-x", "CVE-2026-1"],
  summary: "it breaks",
  affected: [
    {
      package: { name: module },
      ranges: [{ type: "SEMVER", events }],
      ecosystem_specific: { imports: [{ path: `${module}/html` }] },
    },
  ],
  ...more,
});
const program = { name: "gateway", modules: new Set(["golang.org/x/net v0.58.0", "golang.org/x/text v0.3.0"]) };

describe("A version of a Go module", () => {
  it("is ordered as semantic versions are", () => {
    const ordered = ["0.9.0", "1.0.0-alpha", "1.0.0-rc.2", "1.0.0-rc.10", "1.0.0", "v1.0.1+meta", "1.10.0"];
    const sorted = ordered.toReversed().sort(compare);
    expect(sorted).to.deep.equal(ordered);
    expect(compare("v1.2.3", "1.2.3")).to.equal(0);
  });

  it("is within what was introduced and is not mended yet", () => {
    const events = [{ introduced: "0" }, { fixed: "1.23.7" }, { introduced: "1.24.0-0" }, { fixed: "1.24.1" }];
    const within = ["v1.0.0", "v1.23.6", "v1.23.7", "v1.23.9", "v1.24.0", "v1.24.1", "v2.0.0"].filter((version) =>
      isWithin(version, events),
    );
    expect(within).to.deep.equal(["v1.0.0", "v1.23.6", "v1.24.0"]);
    expect(isWithin("v9.0.0", [{ introduced: "0" }]), "nothing mends it").to.equal(true);
  });
});

describe("A known vulnerability", () => {
  it("is found by module and version, with what mends it and where it is", () => {
    const found = affecting(
      [program],
      [
        advisory("GO-2026-1", "golang.org/x/net", [{ introduced: "0" }, { fixed: "0.60.0" }]),
        advisory("GO-2026-2", "golang.org/x/net", [{ introduced: "0" }, { fixed: "0.58.0" }]),
        advisory("GO-2026-3", "golang.org/x/other", [{ introduced: "0" }]),
        advisory("GO-2026-4", "golang.org/x/net", [{ introduced: "0" }], { withdrawn: "2026-01-01T00:00:00Z" }),
      ],
    );
    expect(found).to.deep.equal([
      {
        rule: "go/GO-2026-1",
        title: "CVE-2026-1: it breaks (0.58.0; mended in 0.60.0; in golang.org/x/net/html)",
        severity: "high",
        object: "gateway/golang.org/x/net",
        stacks: [],
      },
    ]);
  });

  it("is looked for in every Go program that the platform runs, by a database whose day is known", () => {
    expect(goPrograms().map(({ name }) => name)).to.deep.equal(["versitygw", "logs", "metrics", "node"]);
    for (const { name, modules } of goPrograms()) expect(modules.size, name).to.be.greaterThan(10);
    expect(databaseVersion().day).to.match(/^20\d\d-\d\d-\d\d$/);
  });

  it("of an npm package is what npm's report says, once for the package that has it", () => {
    const via = {
      title: "Prototype pollution",
      url: "https://example.com/advisories/GHSA-abcd",
      severity: "moderate",
      range: "<1.2",
    };
    const report = { auditReportVersion: 2, vulnerabilities: { deep: { via: [via] }, above: { via: ["deep"] } } };
    expect(readNpm("display", JSON.stringify(report))).to.deep.equal([
      {
        rule: "npm/GHSA-abcd",
        title: "Prototype pollution (<1.2)",
        severity: "medium",
        object: "display/deep",
        stacks: [],
      },
    ]);
    expect([...npmFolders().keys()]).to.include.members(["program", "tools", "display", "jupyter", "display-pages"]);
  });

  it("is not denied when the registry does not answer", () => {
    const refused = JSON.stringify({ message: "405 Method Not Allowed", statusCode: 405 });
    expect(() => readNpm("program", refused)).to.throw("npm audit has no answer: 405 Method Not Allowed");
    expect(() => readNpm("program", "{}")).to.throw("npm audit has no answer");
  });
});

describe("What is known of all packages", () => {
  const finding: Finding = {
    rule: "go/GO-2026-1",
    title: "it breaks",
    severity: "high",
    object: "gateway/x",
    stacks: [],
  };
  const database = (found: readonly Finding[]) => ({ name: "a database", find: () => Promise.resolve([...found]) });
  const silent = { name: "the registry", find: () => Promise.reject(new Error("405 Method Not Allowed")) };
  const rules = { waivers: [], today: "2027-01-01" };
  const ignore = (): void => undefined;

  it("is clean only where every database has answered", async () => {
    expect(isClean(await known(rules, ignore, { go: database([]), npm: database([]) }))).to.equal(true);
    expect(isClean(await known(rules, ignore, { go: database([]), npm: silent }))).to.equal(false);
    expect(isClean(await known(rules, ignore, { go: database([finding]), npm: database([]) }))).to.equal(false);
    const waiver = { rule: "go/GO-2026-1", objects: ["gateway/x"], reason: "it is not called", expires: "2027-02-01" };
    const waived = await known({ ...rules, waivers: [waiver] }, ignore, { go: database([finding]) });
    expect([isClean(waived), waived.waived.length]).to.deep.equal([true, 1]);
  });

  it("says of each registry how many packages there are, and whether anybody could be asked", async () => {
    const done = await known(rules, ignore, { go: database([finding]), npm: silent });
    const text = renderKnown(knownReportOf(done, isClean(done)));
    expect(text).to.match(/^pypi +\d+ +not known +none can be asked$/m);
    expect(text).to.match(/^npm +\d+ +not known +the registry, which does not answer$/m);
    expect(text).to.match(/^go +\d+ +1 +a database$/m);
    expect(text).to.contain("audit failed: 1 new, 1 other problems");
    expect(knownReportOf(done, false).errors).to.deep.equal(["nothing is known of npm: 405 Method Not Allowed"]);
  });
});
