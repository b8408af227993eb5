import { expect } from "chai";
import { type Profile, profiles, servicesOf } from "../../config/profiles.ts";
import { leaving } from "./life.ts";

describe("the services that leave with a profile", () => {
  const cases: readonly (readonly [Profile, Profile, readonly string[]])[] = [
    ["studio", "pipeline", ["airflow", "jupyterhub", "spark-connect", "spark-history"]],
    [
      "studio",
      "core",
      ["airflow", "jupyterhub", "spark-connect", "spark-history", "logs", "metrics", "audit-log", "portal"],
    ],
    ["studio", "full", []],
  ];
  for (const [last, next, expected] of cases)
    it(`are ${expected.join(", ") || "none"} from ${last} to ${next}`, () => {
      expect(leaving(last, next)).to.deep.equal(expected);
    });

  it("have a name whatever profile follows studio", () => {
    for (const profile of profiles)
      expect(leaving("studio", profile).length).to.be.at.most(servicesOf("studio").length);
  });
});
