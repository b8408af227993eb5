import { expect } from "chai";
import {
  type CensusFigure,
  censusGroupings,
  censusMeasures,
  type WindowFigures,
  type WindowsAnswer,
} from "../../display/protocol.ts";
import {
  censusChoice,
  censusRows,
  censusSummary,
  choiceProblem,
  groupingWords,
  measureWords,
} from "../../display/web/src/logic/census.ts";
import { overall, windowsChart, windowsSummary } from "../../display/web/src/logic/windows.ts";

function figure(member: string, mean: number, more: Partial<CensusFigure> = {}): CensusFigure {
  return {
    grouping: "region",
    member,
    measure: "income",
    count: 3,
    mean,
    deviation: 1,
    minimum: 0,
    maximum: 9,
    ...more,
  };
}

describe("display/web: figures of the census", () => {
  it("shows the figures of one grouping and measure, the highest mean first, equal ones by name", () => {
    const figures = [
      figure("south", 10),
      figure("north", 30),
      figure("east", 10),
      figure("all", 99, { grouping: "all" }),
      figure("north", 99, { measure: "age" }),
    ];
    expect(censusRows(figures, { grouping: "region", measure: "income" }).map(({ member }) => member)).to.deep.equal([
      "north",
      "east",
      "south",
    ]);
  });

  it("shows income by region unless the address says otherwise", () => {
    expect(censusChoice({ grouping: null, measure: null })).to.deep.equal({ grouping: "region", measure: "income" });
    expect(censusChoice({ grouping: "sex", measure: "age" })).to.deep.equal({ grouping: "sex", measure: "age" });
  });

  it("takes every grouping and measure of the server, and names those that there are for any other", () => {
    for (const grouping of censusGroupings) {
      for (const measure of censusMeasures) expect(choiceProblem({ grouping, measure })).to.equal(null);
    }
    expect(choiceProblem({ grouping: "shoe", measure: "age" })).to.equal(
      'there is no grouping "shoe"; it is one of all, region, sex, education, occupation',
    );
    expect(choiceProblem({ grouping: "sex", measure: "__proto__" })).to.equal(
      'there is no measure "__proto__"; it is one of age, hours_per_week, income',
    );
  });

  it("has words and a unit for every measure", () => {
    expect(censusMeasures.map((measure) => measureWords(measure))).to.deep.equal([
      { words: "age", unit: "years" },
      { words: "hours of work", unit: "hours a week" },
      { words: "income", unit: "euros a year" },
    ]);
    expect(measureWords("constructor")).to.deep.equal({ words: "constructor", unit: "" });
    expect([groupingWords("all"), groupingWords("sex")]).to.deep.equal(["everybody", "sex"]);
  });

  it("says in words what the chart shows", () => {
    const choice = { grouping: "region", measure: "income" };
    expect(censusSummary([figure("north", 30), figure("south", 10)], choice)).to.equal(
      "Bar chart of mean income in euros a year, by region, 2 groups: highest north with 30, lowest south with 10. " +
        "Whiskers are one standard deviation to each side.",
    );
    expect(censusSummary([], choice)).to.equal("Bar chart of income: no figures");
  });
});

const READ_AT = Date.UTC(2026, 10, 21, 12, 40, 0);

function answer(windows: readonly WindowFigures[]): WindowsAnswer {
  return {
    sink: "cassandra",
    stream: "random-numbers",
    series: "pumps",
    metric: "uniform",
    available: [{ series: "pumps", metrics: ["uniform"] }],
    windowSeconds: 10,
    windows,
    lastRecordAt: null,
    readAt: new Date(READ_AT).toISOString(),
  };
}

function window(secondsAgo: number, mean: number, more: Partial<WindowFigures> = {}): WindowFigures {
  const start = new Date(READ_AT - secondsAgo * 1000).toISOString();
  return { start, count: 4, mean, deviation: 0.5, minimum: 0, maximum: 1, ...more };
}

describe("display/web: windows of a stream", () => {
  it("puts the mean into the middle of its window, the band around it and the count below it", () => {
    const chart = windowsChart(answer([window(30, 2), window(20, 3, { count: 1, deviation: null })]), 15);
    expect(chart.lines[0]?.points).to.deep.equal([
      [READ_AT - 25_000, 2],
      [READ_AT - 15_000, 3],
    ]);
    expect(chart.band?.points).to.deep.equal([
      [READ_AT - 25_000, 1.5, 2.5],
      [READ_AT - 15_000, 3, 3],
    ]);
    expect(chart.counts?.points).to.deep.equal([
      [READ_AT - 30_000, 4],
      [READ_AT - 20_000, 1],
    ]);
    expect([chart.from, chart.to]).to.deep.equal([READ_AT - 900_000, READ_AT]);
    expect([chart.valueTitle, chart.counts?.title]).to.deep.equal([
      "uniform numbers, 0 to 1",
      "records per window of 10 s",
    ]);
  });

  it("breaks line and band where a window is missing", () => {
    const { lines, band } = windowsChart(answer([]), 5);
    expect([lines[0]?.gapMs, band?.gapMs]).to.deep.equal([15_000, 15_000]);
  });

  it("shows a window whole that ends after the reading or began before the time that was asked for", () => {
    const chart = windowsChart(answer([window(305, 1), window(4, 1)]), 5);
    expect([READ_AT - chart.from, chart.to - READ_AT]).to.deep.equal([305_000, 6_000]);
  });

  it("weighs the mean of all windows by their counts", () => {
    expect(overall([window(30, 1, { count: 1 }), window(20, 5, { count: 3 })])).to.deep.equal({ count: 4, mean: 4 });
    expect(overall([])).to.equal(null);
  });

  it("says in words what the chart shows", () => {
    expect(windowsSummary(answer([window(30, 0.4), window(20, 0.6)]))).to.equal(
      "Line chart of the mean of uniform, series pumps, in 2 windows of 10 s, 12:39:30 to 12:39:40 UTC: 8 records, " +
        "means from 0.4 to 0.6, the newest 0.6. The band is one standard deviation to each side.",
    );
    expect(windowsSummary(answer([]))).to.equal("Chart without windows");
  });
});
