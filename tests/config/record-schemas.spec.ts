import { readFileSync } from "node:fs";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "chai";
import fc from "fast-check";
import { readSample, sampleRecord } from "../../components/race-car/programs/sample.ts";
import { isValid, readRecord } from "../../components/telemetry/programs/read-record.ts";
import { telemetryRecord } from "../../components/telemetry/programs/record.ts";
import { recordProblems, releasedSchema, topicRecords } from "../../config/record-schemas.ts";
import type { RecordDefinition } from "../../platform/records/definition.ts";
import { jsonSchemaOf } from "../../platform/records/json-schema.ts";

const now = Date.parse("2026-11-28T10:00:00.000Z");

/** Whether a value follows a JSON Schema, by a validator that is not ours. */
function byAjv(definition: RecordDefinition): (value: unknown) => boolean {
  const ajv = new Ajv2020({ strict: false, formats: { "date-time": true } });
  const validate = ajv.compile(jsonSchemaOf(definition));
  return (value) => validate(value);
}

const odd = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    "",
    "x",
    "a b",
    "é",
    "ü".repeat(300),
    "-1",
    0,
    -0,
    1,
    1.5,
    -1,
    1e9,
    1e101,
    -1e101,
    [],
    {},
  ),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ unit: "binary" }),
);
/** A good record with some fields that are not there, or are anything. */
const bent = (good: Readonly<Record<string, unknown>>) =>
  fc
    .dictionary(fc.constantFrom(...Object.keys(good), "more"), fc.option(odd, { nil: undefined }), { maxKeys: 3 })
    .map((changes) =>
      Object.fromEntries(Object.entries({ ...good, ...changes }).filter(([, value]) => value !== undefined)),
    );
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value));

const sample: Record<string, unknown> = {
  ...Object.fromEntries(
    Object.entries(sampleRecord.fields).map(([name, field]) => [
      name,
      field.kind === "text" ? "car-1" : field.kind === "time" ? "2026-11-28T10:00:00.020Z" : Math.max(0, field.least),
    ]),
  ),
  v: 1,
};
const measurement = {
  schema: "millrace.telemetry/1",
  ...{ id: "id-1", run: null, source: "vmstat", node: "node-1" },
  ...{ ts: "2026-11-28T10:00:00.020Z", metric: "vmstat.free", value: 1.5 },
};

describe("the records of topics", () => {
  it("are declared for each topic that the platform's own programs read", () => {
    expect(topicRecords().map(({ topic, file }) => [topic, file])).to.have.deep.members([
      ["telemetry", "components/telemetry/schemas/telemetry.v1.json"],
      ["random-numbers", "components/random-numbers/schemas/random-numbers.v1.json"],
      ["race", "components/race-car/schemas/race.v1.json"],
    ]);
  });

  for (const one of topicRecords()) {
    it(`${one.topic}: break no rule against what is released of their version`, () => {
      const released = releasedSchema(one);
      if (released === undefined) throw new Error(`${one.file} is missing; node config/generate.ts writes it`);
      expect(recordProblems(one, released)).to.deep.equal([]);
    });

    it(`${one.topic}: say with the rule what a field that is gone would break`, () => {
      const released = releasedSchema(one);
      if (released === undefined) throw new Error(`${one.file} is missing`);
      const { id, ...rest } = one.record.fields;
      expect(id).to.not.equal(undefined);
      const [problem] = recordProblems({ ...one, record: { ...one.record, fields: rest } }, released);
      expect(problem).to.match(
        new RegExp(`^topic ${one.topic}, version 1: FIELD_REMOVED: field "id" is gone: .*version 2`),
      );
    });
  }

  it("race: are taken by our reader exactly where JSON Schema takes them", () => {
    const isRight = byAjv(sampleRecord);
    expect(isRight(sample)).to.equal(true);
    fc.assert(
      fc.property(bent(sample), (value) => {
        const read = readSample(bytes(value), now);
        // Of times, JSON Schema knows the form; whether it is a day of a calendar and not too far ahead, only readers know.
        const isTime = "reason" in read && /^(?:bad time|time out of range): 2/.test(read.reason);
        if (!isTime) expect(!("reason" in read), JSON.stringify([value, read])).to.equal(isRight(value));
      }),
      { numRuns: 500 },
    );
  });

  it("telemetry: are taken by our reader exactly where JSON Schema takes them", () => {
    const isRight = byAjv(telemetryRecord);
    expect(isRight(measurement)).to.equal(true);
    fc.assert(
      fc.property(bent(measurement), (value) => {
        const read = readRecord({ value: bytes(value), headers: {}, timestamp: String(now) });
        expect(isValid(read), JSON.stringify([value, read])).to.equal(isRight(value));
      }),
      { numRuns: 500 },
    );
  });

  it("telemetry: have runs of the same form in Spark's headers", () => {
    const rules = readFileSync(new URL("../../components/spark/programs/stream_rules.py", import.meta.url), "utf8");
    const [, pattern = ""] = /^RUN_PATTERN = r"(.*)"$/m.exec(rules) ?? [];
    expect(pattern.replace("(?![\\s\\S])", "$")).to.equal(telemetryRecord.fields.run.pattern.source);
  });
});
