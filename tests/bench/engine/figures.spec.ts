import { expect } from "chai";
import { isLinear, lineOf, type Operation, rowsOf, rowsText, type Run } from "../../../bench/engine/figures.ts";

const run = (size: number, ms: number, more: Partial<Run> = {}): Run => ({
  contender: "local",
  operation: "create",
  size,
  ms,
  cpuMs: 2 * ms,
  peakBytes: size * 2 ** 20,
  ...more,
});

describe("figures of the engines", () => {
  it("are slope and intercept of the line with the least squares", () => {
    const line = lineOf([10, 100, 500].map((size) => ({ size, ms: 300 + 4 * size })));
    expect(line?.msPerObject).to.be.closeTo(4, 1e-9);
    expect(line?.interceptMs).to.be.closeTo(300, 1e-9);
    const bent = lineOf([
      { size: 0, ms: 0 },
      { size: 1, ms: 1 },
      { size: 2, ms: 5 },
    ]);
    expect(bent?.msPerObject).to.be.closeTo(2.5, 1e-9);
    expect(bent?.interceptMs).to.be.closeTo(-0.5, 1e-9);
  });

  it("have no line through one size", () => {
    expect(lineOf([{ size: 10, ms: 5 }])).to.equal(undefined);
    expect(rowsOf([run(10, 340)])).to.deep.equal([
      {
        ...{ contender: "local", operation: "create", msPerObject: null, interceptMs: null },
        ...{ cpuMsPerObject: null, cpuInterceptMs: null, peakMiB: 10, ms: { "10": 340 }, cpuMs: { "10": 680 } },
      },
    ]);
  });

  it("are medians of the rounds, and the most memory at the largest size", () => {
    const [row] = rowsOf([
      run(10, 100),
      run(20, 900),
      run(20, 200),
      run(20, 190, { cpuMs: 300, peakBytes: 50 * 2 ** 20 }),
    ]);
    expect(row).to.deep.include({ msPerObject: 10, interceptMs: 0, peakMiB: 50, ms: { "10": 100, "20": 200 } });
    expect(row).to.deep.include({ cpuMsPerObject: 20, cpuInterceptMs: 0, cpuMs: { "10": 200, "20": 400 } });
  });

  it("come in the order of contenders and operations, whatever was run first", () => {
    const of = (contender: Run["contender"], operation: Operation): Run => run(10, 1, { contender, operation });
    const rows = rowsOf([of("kubectl", "create"), of("local", "destroy"), of("local", "preview")]);
    expect(rows.map((row) => `${row.contender} ${row.operation}`)).to.deep.equal([
      "local preview",
      "local destroy",
      "kubectl create",
    ]);
  });

  it("are shown with a dash where there is none", () => {
    expect(rowsText(rowsOf([run(10, 1234)]))).to.deep.equal([["local", "create", "-", "-", "-", "-", "10", "1.23"]]);
  });
});

describe("whether the work grows with the number of objects", () => {
  const grows = (ms: (size: number) => number): boolean =>
    isLinear({ cpuMs: Object.fromEntries([10, 100, 500, 2000].map((size) => [String(size), ms(size)])) });

  it("is a straight line, with noise in it", () => {
    expect(grows((size) => 3000 + 5 * size)).to.equal(true);
    expect(grows((size) => 3000 + 5 * size * (size === 2000 ? 1.3 : 1))).to.equal(true);
  });

  it("is not when every object costs more than the one before", () => {
    expect(grows((size) => 3000 + size + (size * size) / 200)).to.equal(false);
  });

  it("forgives what is next to nothing", () => {
    expect(grows((size) => 200 + (size === 2000 ? 1200 : size))).to.equal(true);
  });

  it("needs three sizes to tell", () => {
    expect(isLinear({ cpuMs: { "10": 1, "100": 100_000 } })).to.equal(true);
  });
});
