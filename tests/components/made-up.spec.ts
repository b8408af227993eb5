import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect } from "chai";

const root = join(import.meta.dirname, "..", "..");
const folder = join(root, "tests", "support", "made-up");

describe("A service that is one folder and a line in the list of rooms and in that of hops", function () {
  this.timeout(120_000);
  let known: Record<string, unknown>;
  const run = (file: string): Record<string, unknown> => {
    const args = ["--import", join(folder, "register.ts"), join(folder, file)];
    return JSON.parse(execFileSync(process.execPath, args, { encoding: "utf8" })) as Record<string, unknown>;
  };
  before(() => {
    known = run("ask.ts");
  });

  it("has settings, and is on in the profiles of its group", () => {
    expect(known["settings"]).to.deep.equal({
      enabled: true,
      stations: 2,
      storage: { kind: "persistent", size: "1Gi" },
    });
    expect(known["inCore"]).to.equal(false);
    expect(known["unknown"]).to.contain(
      'millrace:services.weather.statoins: unknown setting; did you mean "stations"?',
    );
  });

  it("has its needs, problems and warnings told", () => {
    expect(known["needs"]).to.contain(
      "millrace:services.weather: is enabled and needs kafka (its readings go there), which is not",
    );
    expect(known["problem"]).to.contain("7 brings bad luck");
    expect(known["warning"]).to.deep.equal(["millrace:services.weather.stations: 6 may bring bad luck"]);
  });

  it("is in the editors' schema and on the page of settings", () => {
    expect(known["schema"]).to.equal(true);
    expect(known["profiles"]).to.equal(
      "with the services that users work with: Airflow, JupyterHub, Spark Connect, Spark's history, the logs of all pods, metrics and alerts, the audit log, the portal and the weather",
    );
    expect(known["page"]).to.deep.equal([
      "| `nodePorts.weather` | a whole number from 30000 to 32767 | `30555` | The weather. |",
      "| `weather.stations` | a whole number from 1 to 9 | `2` | Number of stations. |",
    ]);
  });

  it("counts in the fit check, which proposes to make it smaller", () => {
    expect(known["footprint"]).to.deep.equal({ service: "weather", cpuMillis: 200, memoryMi: 200, diskGi: 2 });
    expect(known["fit"]).to.equal("to make it fit, set millrace:services.weather.stations to 1");
  });

  it("has its image made, its port published and its keys given out", () => {
    expect([known["image"], known["port"], known["bucket"]]).to.deep.equal([true, 30555, true]);
    expect(known["clash"])
      .to.contain("wanted for the weather, is in use by another program")
      .and.contain("cluster.nodePorts.weather");
    expect(known["key"]).to.deep.equal({ forecasts: "readWrite" });
  });

  it("has its topic declared where it is on, and the brokers' claims shared out anew", () => {
    const from = "millrace:services.weather.stations";
    expect(known["topic"]).to.deep.equal({ partitions: 1, used: 1, recordsPerSecond: 2, from });
    expect(known["topicInCore"]).to.equal(undefined);
    expect(known["bounds"]).to.deep.equal([String(672 * 2 ** 20), String(896 * 2 ** 20)]);
  });

  it("has its tables declared, and its role on them", () => {
    expect(known["tables"]).to.deep.equal({
      tables: { readings: { columns: { station: "text", at: "timestamp" }, partitionKey: ["station"] } },
    });
    expect(known["role"]).to.deep.equal({ weather: "readWrite" });
  });

  it("has its claims known to `down`, and its data kept by the rules of `up`", () => {
    expect(known["claims"]).to.equal(true);
    expect((known["transition"] as string[])[0]).to.contain(
      'millrace:services.weather.storage: received kind "persistent", but weather keeps its data in its pods now',
    );
  });

  it("is known to the commands: its accounts, addresses, databases, disk and notes", () => {
    expect(known["services"]).to.deep.equal([
      "airflow",
      "authProxy",
      "jupyterhub",
      "nifi",
      "objectStore",
      "raceCar",
      "weather",
    ]);
    expect([known["password"], known["greeting"], known["disk"]]).to.deep.equal(["shine", "station", 106]);
    expect(known["endpoints"]).to.deep.equal({ weather: "127.0.0.1:30555", notebooks: "s3://notebooks" });
    const [all, one] = known["restore"] as string[];
    expect(all).to.contain("but for the catalog (--database metastore) and the weather (--database weather),");
    expect(one?.endsWith("; the past is another one")).to.equal(true);
    expect(known["sky"]).to.deep.equal({ json: 2, faults: ["rain"] });
    expect(known["notes"]).to.deep.equal(["2 stations"]);
  });

  it("has the rule that it may not shrink asked", () => {
    expect(known["fewer"]).to.deep.equal(["3 stations, not 2"]);
  });

  it("has a page of its component", () => {
    expect(known["component"])
      .to.contain("# Weather\n\nStations that send what they read to a topic.")
      .and.match(/\| `stations` +\| `number` +\| `1` +\| Number of stations\. +\|/);
  });

  it("is built by one line of a program, with its topic, and offers its address and what it proves", () => {
    expect(run("program.ts")).to.deep.equal({
      unplaced: [true, false],
      replicas: 2,
      image: "registry/weather:1",
      topic: true,
      address: "http://weather.millrace.svc:8080",
      proves: [["weather", ["token"]]],
      waits: 1,
    });
  });

  it("owns the files that are named after it, so a change of them runs its parts of the end-to-end test", () => {
    expect(known["owners"]).to.deep.equal(["weather", "weather", "weather", "weather"]);
  });

  it("has its hop in the table where it says, asked where all is told that it must know", () => {
    expect(known["hop"]).to.deep.equal(["notebooks", "weather", "pump"]);
    expect(known["asked"]).to.deep.equal([["kafka"], ["weather"]]);
    expect(known["untold"]).to.deep.equal([
      "WEATHER_TOKEN is not set: it holds the token of 2 stations",
      "PROOF_CONFIG rooms.weather.url: Invalid URL",
    ]);
  });

  it("has its hop told apart where it is off", () => {
    const reason = "profile core has no weather (services.weather.enabled: true adds it)";
    expect(known["skipped"]).to.equal(reason);
    expect(known["notAsked"]).to.deep.equal({ hop: "weather", reason });
  });
});
