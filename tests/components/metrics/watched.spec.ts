import { expect } from "chai";
import { alertRules } from "../../../components/metrics/rules.ts";
import { rooms } from "../../../config/rooms.ts";

describe("what is watched of all services", () => {
  const watched = rooms.flatMap(({ name, watched: own }) =>
    own === undefined ? [] : [{ service: name, title: name, ...own }],
  );
  const alerts = watched.flatMap((one) => one.alerts);

  it("has alerts of one name each, that say what is wrong and what to do, in a sentence", () => {
    const names = alerts.map(({ name }) => name);
    expect(new Set(names).size).to.equal(names.length);
    for (const { name, summary, runbook } of alerts) {
      expect(name).to.match(/^[A-Z][A-Za-z0-9]+$/);
      expect(summary, name).to.match(/^[A-Z{].*\.$/);
      expect(runbook, name).to.match(/\.$|:[^.]+$|services\.\S+$/);
    }
  });

  it("has panels with queries", () => {
    for (const { panels, service } of watched) {
      expect(new Set(panels.map(({ title }) => title)).size, service).to.equal(panels.length);
      for (const { lines, title } of panels)
        expect(
          Object.values(lines).every((expr) => expr !== ""),
          title,
        ).to.equal(true);
    }
  });

  it("becomes rules in groups", () => {
    const { groups } = alertRules(watched) as { groups: { name: string; rules: { alert: string; for: string }[] }[] };
    expect(groups.map(({ name }) => name)).to.include("kafka");
    expect(groups.flatMap(({ rules }) => rules.map(({ alert }) => alert))).to.have.members(
      alerts.map(({ name }) => name),
    );
    expect(groups[0]?.rules[0]?.for).to.match(/^\d+m$/);
  });
});
