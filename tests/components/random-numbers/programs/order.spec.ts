import { expect } from "chai";
import { mostPoisonBytes, OrderError, parseOrder } from "../../../../components/random-numbers/programs/order.ts";

const problemOf = (order: unknown): string => {
  try {
    parseOrder(typeof order === "string" ? order : JSON.stringify(order));
  } catch (error) {
    expect(error).to.be.instanceOf(OrderError);
    return (error as Error).message;
  }
  return "no problem";
};

describe("order of marked numbers", () => {
  it("is a run and values; metric and poison may be left out", () => {
    expect(parseOrder('{"run": "r-1", "values": [1, -2.5e3]}')).to.deep.equal({
      run: "r-1",
      metric: "uniform",
      values: [1, -2500],
      poison: [],
    });
    const whole = { run: "R_1.x", metric: "<b>any</b> name", values: [0], poison: ["", "no { json", '{"a": 1}'] };
    expect(parseOrder(JSON.stringify(whole))).to.deep.equal(whole);
  });

  it("takes poison of 2 MB, and ten thousand values", () => {
    const order = { run: "r", values: Array<number>(10_000).fill(1), poison: ["x".repeat(2_000_000)] };
    expect(problemOf(order)).to.equal("no problem");
  });

  const good = { run: "r", values: [1] };
  const wrong: [string, unknown, string][] = [
    ["no JSON", "{", "the body is no JSON ("],
    ["a list", "[1]", "the body is [1]; send an object like"],
    ["nothing", "", "the body is no JSON ("],
    [
      "a run that is missing",
      { values: [1] },
      "run is missing; give 1 to 128 letters, digits, dots, dashes and underscores",
    ],
    ["a run with other characters", { ...good, run: "a'b" }, 'run is "a\'b"; give 1 to 128'],
    ["a run that is too long", { ...good, run: "x".repeat(129) }, `run is "${"x".repeat(79)}…; give`],
    ["values that are missing", { run: "r" }, "values is missing; give a list of 1 to 10000 finite numbers"],
    ["no values", { ...good, values: [] }, "values has 0 items; give a list of 1 to 10000"],
    ["too many values", { ...good, values: Array(10_001).fill(1) }, "values has 10001 items; give"],
    ["a value that is a text", { ...good, values: [1, "2"] }, 'values[1] is "2"; give a finite number'],
    ["a value that is not finite", '{"run":"r","values":[1e999]}', "values[0] is Infinity; give a finite number"],
    ["a metric that is empty", { ...good, metric: "" }, 'metric is ""; give a name of 1 to 200 characters'],
    ["a metric with a newline", { ...good, metric: "a\nb" }, 'metric is "a\\nb"; give a name'],
    ["a metric that is too long", { ...good, metric: "m".repeat(201) }, "give a name of 1 to 200 characters"],
    ["poison that is no list", { ...good, poison: "x" }, 'poison is "x"; give a list of up to 100 texts'],
    ["poison that is no text", { ...good, poison: [{}] }, "poison[0] is {}; give a text"],
    [
      "poison that no topic takes",
      { ...good, poison: ["x".repeat(mostPoisonBytes + 1)] },
      "poison[0] has 3145729 bytes; give a text of up to 3145728",
    ],
    ["an unknown field", { ...good, value: 1 }, '"value" is no field; there are run, values, metric, poison'],
  ];
  for (const [what, order, words] of wrong) {
    it(`with ${what} is refused`, () => {
      expect(problemOf(order)).to.contain(words);
    });
  }

  it("tells all that is wrong in one message, and counts when it is much", () => {
    expect(problemOf({ run: 1, values: [null], metric: 2, poison: 3, more: 4 }).split("; ")).to.have.length(10);
    const many = problemOf({ run: "r", values: Array<string>(25).fill("x") });
    expect(many).to.contain('values[9] is "x"; give a finite number; and 15 more');
    expect(many).not.to.contain("values[10]");
  });
});
