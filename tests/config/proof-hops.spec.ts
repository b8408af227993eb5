import { expect } from "chai";
import { hopNames } from "../../check/table.ts";
import { loadConfig } from "../../config/index.ts";
import { profiles } from "../../config/profiles.ts";
import { skippedHops } from "../../config/proof-hops.ts";
import { hopsOfProfile, inTime } from "../support/profile-hops.ts";

const skipped = (
  profile: string,
  services: object = {},
  cluster: object = { askForLogin: "always" },
): ReturnType<typeof skippedHops> =>
  skippedHops(
    loadConfig(
      { "millrace:profile": profile, "millrace:services": JSON.stringify(services), "millrace:cluster": cluster },
      "Pulumi.test.yaml",
    ),
  );

describe("hops that a config leaves out", () => {
  const lacks = (name: string) => `profile full has no ${name} (services.${name}.enabled: true adds it)`;
  const streams = {
    race: lacks("raceCar"),
    "race-spark": `${lacks("raceCar")}; ${lacks("raceWindows")}`,
    "race-flink": `${lacks("raceCar")}; ${lacks("raceWindows")}; ${lacks("flink")}`,
    connect: lacks("connect"),
    zookeeper: lacks("zookeeper"),
    nifi: lacks("nifi"),
  };

  for (const profile of profiles) {
    it(`leave those of profile ${profile}`, () => {
      const reasons = skipped(profile, {}, {});
      const left = hopNames.filter((hop) => !(hop in reasons) && !inTime.includes(hop));
      expect(left).to.deep.equal(hopsOfProfile[profile]);
    });
  }

  it("are those of the profile for streams in profile full", () => {
    expect(skipped("full")).to.deep.equal(streams);
  });

  it("are the logins where pages ask for none", () => {
    const reason = "no published page is behind the platform's own login (cluster.askForLogin)";
    expect(skipped("full", {}, {})).to.deep.equal({ ...streams, logins: reason });
    expect(skipped("full", {}, { exposure: "none", askForLogin: "always" })).to.deep.equal({
      ...streams,
      logins: reason,
    });
    expect(skipped("full", {}, { target: "minikube" })).to.deep.equal(streams);
  });

  it("are those that ask a service which is off, in the words of its setting", () => {
    const display = "display is off (services.display.enabled: false)";
    expect(skipped("full", { display: { enabled: false } })).to.deep.equal({
      ...streams,
      live: display,
      display,
      census: display,
    });
    expect(skipped("full", { sparkHistory: { enabled: false } })).to.deep.equal({
      ...streams,
      "spark-history": "sparkHistory is off (services.sparkHistory.enabled: false)",
    });
    expect(skipped("full", { postgres: { backup: { enabled: false } } })).to.deep.equal({
      ...streams,
      backup: "nothing is backed up (services.postgres.backup.enabled: false)",
    });
    const connect = "sparkConnect is off (services.sparkConnect.enabled: false)";
    expect(skipped("full", { sparkConnect: { enabled: false } })).to.deep.equal({
      ...streams,
      airflow: connect,
      maintenance: connect,
    });
  });

  it("are told from those that the profile does not have", () => {
    const reasons = skipped("core");
    expect(hopNames.filter((hop) => hop in reasons)).to.deep.equal([
      "airflow",
      "notebooks",
      "pump",
      "live",
      "cassandra",
      "presto-cassandra",
      "lake",
      "display",
      "race",
      "race-spark",
      "race-flink",
      "census",
      "connect",
      "zookeeper",
      "nifi",
      "logs",
      "metrics",
      "audit",
      "portal",
      "spark-history",
      "census-dag",
      "maintenance",
    ]);
    expect(Object.keys(reasons)).to.have.length(22);
    expect(reasons["notebooks"]).to.equal("profile core has no jupyterhub (services.jupyterhub.enabled: true adds it)");
  });
});
