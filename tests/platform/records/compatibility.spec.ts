import { expect } from "chai";
import { breakInWords, breaksOf, rules } from "../../../platform/records/compatibility.ts";
import type { Field, RecordDefinition } from "../../../platform/records/definition.ts";
import { jsonSchemaOf } from "../../../platform/records/json-schema.ts";

const fields = {
  id: { kind: "text", meaning: "Its name.", pattern: /^[a-z]{1,9}$/, words: "letters" },
  note: { kind: "text", meaning: "A note.", isOptional: true, characters: 10, words: "1 to 10 characters" },
  speed: { kind: "number", meaning: "Speed.", least: 0, most: 200, unit: "m/s" },
  lap: { kind: "whole", meaning: "Lap.", least: 1, most: 99 },
} as const satisfies Record<string, Field>;
const released: RecordDefinition = {
  title: "A sample",
  version: { number: 1, field: "v", value: 1 },
  key: "id",
  mostBytes: 1000,
  time: "id",
  aheadSeconds: 2,
  fields,
};
const { id, note, speed, lap } = fields;
const withFields = (changed: Record<string, Field>): RecordDefinition => ({ ...released, fields: changed });
const breaks = (changed: RecordDefinition): string[] =>
  breaksOf(jsonSchemaOf(released), jsonSchemaOf(changed)).map(({ rule, field }) => `${rule} ${field ?? "record"}`);

describe("a change of a topic's records", () => {
  const broken: [string, RecordDefinition, string][] = [
    ["a required field goes", withFields({ id, note, speed }), "FIELD_REMOVED lap"],
    ["a required field comes", withFields({ ...fields, gear: lap }), "REQUIRED_FIELD_ADDED gear"],
    [
      "an optional field becomes required",
      withFields({ ...fields, note: { ...note, isOptional: false } }),
      "FIELD_MADE_REQUIRED note",
    ],
    [
      "a required field becomes optional",
      withFields({ ...fields, lap: { ...lap, isOptional: true } }),
      "FIELD_MADE_OPTIONAL lap",
    ],
    ["a number becomes whole", withFields({ ...fields, speed: { ...speed, kind: "whole" } }), "TYPE_NARROWED speed"],
    ["a whole number becomes any", withFields({ ...fields, lap: { ...lap, kind: "number" } }), "TYPE_WIDENED lap"],
    ["the least rises", withFields({ ...fields, speed: { ...speed, least: 1 } }), "MINIMUM_INCREASED speed"],
    ["the least falls", withFields({ ...fields, speed: { ...speed, least: -1 } }), "MINIMUM_DECREASED speed"],
    ["the most falls", withFields({ ...fields, speed: { ...speed, most: 150 } }), "MAXIMUM_DECREASED speed"],
    ["the most rises", withFields({ ...fields, speed: { ...speed, most: 250 } }), "MAXIMUM_INCREASED speed"],
    ["texts become shorter", withFields({ ...fields, note: { ...note, characters: 9 } }), "MAX_LENGTH_DECREASED note"],
    ["texts become longer", withFields({ ...fields, note: { ...note, characters: 11 } }), "MAX_LENGTH_INCREASED note"],
    [
      "a pattern is another one",
      withFields({ ...fields, id: { ...id, pattern: /^[a-z]{1,8}$/ } }),
      "PATTERN_CHANGED id",
    ],
    ["a unit is another one", withFields({ ...fields, speed: { ...speed, unit: "m" } }), "UNIT_CHANGED speed"],
    [
      "the version's value is another one",
      { ...released, version: { ...released.version, value: 2 } },
      "CONST_CHANGED v",
    ],
    ["the key is another field", { ...released, key: "lap" }, "KEY_CHANGED record"],
    ["the time is another field", { ...released, time: "lap" }, "TIME_CHANGED record"],
    ["records become smaller", { ...released, mostBytes: 999 }, "MAXIMUM_DECREASED record"],
    ["times may lie further ahead", { ...released, aheadSeconds: 3 }, "MAXIMUM_INCREASED record"],
  ];
  for (const [name, changed, rule] of broken) {
    it(`breaks a rule when ${name}`, () => {
      expect(breaks(changed)).to.deep.equal([rule]);
    });
  }

  it("breaks two rules when a text becomes a number, for it has bounds then", () => {
    expect(breaks(withFields({ ...fields, id: lap }))).to.deep.equal([
      "TYPE_CHANGED id",
      "MINIMUM_INCREASED id",
      "MAXIMUM_DECREASED id",
      "PATTERN_CHANGED id",
    ]);
  });

  it("breaks nothing when an optional field comes or goes, or when words are others", () => {
    const gear: Field = { ...lap, isOptional: true };
    const reworded = { ...speed, meaning: "How fast it is." };
    for (const changed of [
      released,
      withFields({ ...fields, gear }),
      withFields({ id, speed, lap }),
      withFields({ ...fields, speed: reworded }),
    ]) {
      expect(breaks(changed)).to.deep.equal([]);
    }
  });

  it("is told with the rule, what was and is, who is broken, and the way out", () => {
    const [first] = breaksOf(
      jsonSchemaOf(released),
      jsonSchemaOf(withFields({ ...fields, speed: { ...speed, most: 150 } })),
    );
    if (first === undefined) throw new Error("nothing is broken");
    expect(breakInWords("race", 1, first)).to.equal(
      'topic race, version 1: MAXIMUM_DECREASED: field "speed" was 200, is 150: records that are in the topic already may lie above; ' +
        "put it back, or make it version 2 with a field of its own for the version, which readers tell apart",
    );
  });

  it("has a case for each rule", () => {
    const covered = new Set(["TYPE_CHANGED", ...broken.map(([, , rule]) => rule.split(" ")[0])]);
    expect(Object.keys(rules).filter((rule) => !covered.has(rule))).to.deep.equal([]);
  });
});
