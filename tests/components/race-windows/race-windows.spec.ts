import { expect } from "chai";
import { jsonSchemaOf } from "../../../platform/records/json-schema.ts";
import { sampleRecord } from "../../../components/race-car/programs/sample.ts";
import { telemetryRecord } from "../../../components/telemetry/programs/record.ts";
import { mock } from "../../support/mocks.ts";

let run = 0;

/** The driver of the streams where the windows are computed: its environment, and the texts beside it. */
async function driver(settings: object): Promise<{ env: Record<string, string>; files: Record<string, string> }> {
  const config = {
    "millrace:profile": "streams",
    "millrace:services": { raceWindows: { enabled: true, ...settings } },
  };
  const mocked = await mock({ config });
  run += 1;
  await import(`../../../index.ts?race-windows=${run}`);
  const resources = await mocked.resources();
  const found = resources.find(({ type, name }) => type.endsWith(":Deployment") && name.includes("spark-telemetry"));
  const texts = resources.filter(({ type, inputs }) => type.endsWith(":ConfigMap") && "streams.py" in inputs.data);
  const [container] = found?.inputs.spec.template.spec.containers ?? [];
  const variables = (container as { env?: { name: string; value?: string }[] } | undefined)?.env ?? [];
  const names = variables.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).to.deep.equal([]);
  return {
    env: Object.fromEntries(variables.map(({ name, value }) => [name, value ?? "a secret"])),
    files: texts[0]?.inputs.data ?? {},
  };
}

describe("the race's windows by Spark", () => {
  it("are a module of the streams' driver, with the schema of samples, its settings, and a role in Cassandra", async () => {
    const { env, files } = await driver({ windowSeconds: 20, latenessSeconds: 3 });
    expect(env).to.include({
      SINKS: "telemetry_sinks,race_windows_sinks,race_windows_upkeep,audit_upkeep",
      RACE_LAKE_TABLE: "lake.race.windows_flink",
      RACE_TOPIC: "race",
      RACE_DEAD_LETTER_TOPIC: "race-dead-letter",
      RACE_WINDOW_SECONDS: "20",
      RACE_LATENESS_SECONDS: "3",
      CASSANDRA_USER: "spark",
    });
    const [, text = ""] = /^TEXT = (.*)\n$/.exec(files["race_schema.py"] ?? "") ?? [];
    expect(JSON.parse(JSON.parse(text) as string)).to.deep.equal(jsonSchemaOf(sampleRecord));
    for (const [, module = ""] of (files["race_windows_sinks.py"] ?? "").matchAll(/^(?:import|from) (\w+)/gm)) {
      if (/^(?:stream|race)_/.test(module)) expect(files, module).to.have.property(`${module}.py`);
    }
  });

  it("stand in a driver whose modules import none of the platform's that it has not, and that knows telemetry's schema", async () => {
    const { files } = await driver({});
    const [, text = ""] = /^TEXT = (.*)\n$/.exec(files["telemetry_schema.py"] ?? "") ?? [];
    expect(JSON.parse(JSON.parse(text) as string)).to.deep.equal(jsonSchemaOf(telemetryRecord));
    const imported = Object.values(files).flatMap((module) =>
      Array.from(
        module.matchAll(/^(?:import|from) ((?:stream|race|telemetry|windows)_\w+)/gm),
        ([, name = ""]) => `${name}.py`,
      ),
    );
    expect(imported).to.include("telemetry_schema.py");
    expect(imported.filter((file) => !Object.hasOwn(files, file))).to.deep.equal([]);
  });

  it("are not computed where only Flink is to compute them: the driver looks after Flink's table alone", async () => {
    const { env, files } = await driver({ engines: ["flink"] });
    expect(env["SINKS"]).to.equal("telemetry_sinks,race_windows_upkeep,audit_upkeep");
    expect(env).to.not.have.any.keys("CASSANDRA_USER", "RACE_TOPIC");
    expect(files).to.not.have.property("race_windows_sinks.py");
    expect(files["race_windows_upkeep.py"]).to.contain('Upkeep(written="window_start")');
  });

  it("have no table of Flink's to look after where only Spark computes them", async () => {
    const { env } = await driver({ engines: ["spark"] });
    expect(env["SINKS"]).to.equal("telemetry_sinks,race_windows_sinks,audit_upkeep");
    expect(env).to.not.have.property("RACE_LAKE_TABLE");
  });
});
