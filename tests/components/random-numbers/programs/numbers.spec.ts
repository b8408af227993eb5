import { expect } from "chai";
import { makeNumber, numberMessage } from "../../../../components/random-numbers/programs/numbers.ts";
import { makeRecord } from "../../../../components/telemetry/programs/record.ts";

/** Numbers from 0 to below 1 that are the same in every run of the test (a linear congruential generator). */
function fixedRandom(): () => number {
  let state = 1;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}

function meanAndDeviation(values: readonly number[]): [number, number] {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return [mean, Math.sqrt(squares / (values.length - 1))];
}

describe("random numbers", () => {
  const random = fixedRandom();
  const made = Array.from({ length: 40_000 }, (_, step) => makeNumber(step, random));
  const valuesOf = (name: string): number[] => made.filter(({ metric }) => metric === name).map(({ value }) => value);

  it("are uniform and normal ones in turn", () => {
    expect(made.slice(0, 4).map(({ metric }) => metric)).to.deep.equal(["uniform", "normal", "uniform", "normal"]);
  });

  it("have the mean and the deviation of their kind", () => {
    const [uniformMean, uniformDeviation] = meanAndDeviation(valuesOf("uniform"));
    expect(uniformMean).to.be.closeTo(0.5, 0.01);
    expect(uniformDeviation).to.be.closeTo(Math.sqrt(1 / 12), 0.01);
    const [normalMean, normalDeviation] = meanAndDeviation(valuesOf("normal"));
    expect(normalMean).to.be.closeTo(0, 0.03);
    expect(normalDeviation).to.be.closeTo(1, 0.03);
  });

  it("are finite also for the least that a generator gives", () => {
    expect(makeNumber(1, () => 0).value).to.equal(0);
    expect(makeNumber(0, () => 0).value).to.equal(0);
    expect(makeNumber(1, () => 1 - Number.EPSILON / 2).value).to.satisfy(Number.isFinite);
  });

  it("are spread over partitions by their ids", () => {
    const origin = { source: "random-numbers", node: "pump-1", at: new Date(0), run: "r" } as const;
    const record = makeRecord(origin, { metric: "uniform", value: 0.5 });
    expect(numberMessage(record)).to.deep.equal({
      key: record.id,
      value: JSON.stringify(record),
      headers: { "millrace-run": "r" },
    });
  });
});
