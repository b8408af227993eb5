import { expect } from "chai";
import fc from "fast-check";
import { drawBarChart } from "../../display/web/src/logic/bar-chart.ts";
import { drawDiagram } from "../../display/web/src/logic/diagram.ts";
import type { Point } from "../../display/web/src/logic/ring.ts";
import {
  drawTimeChart,
  thin,
  tickFormat,
  type TimeChart,
  timeTickFormat,
  withGaps,
} from "../../display/web/src/logic/time-chart.ts";

const FROM = Date.UTC(2026, 10, 21, 12, 0, 0);
const TO = FROM + 60_000;

function chart(points: readonly Point[], more: Partial<TimeChart> = {}): TimeChart {
  const line = { name: "a", tone: 0, weight: "strong", points } as const;
  return { lines: [line], from: FROM, to: TO, valueTitle: "value", ...more };
}

describe("display/web: charts over time", () => {
  it("puts the first moment at the left of the plot, the last at its right, and higher values higher", () => {
    const drawn = drawTimeChart(
      chart([
        [FROM, 0],
        [TO, 10],
      ]),
      800,
    );
    const { x, y, width, height } = drawn.plot;
    expect(drawn.lines[0]?.path).to.equal(`M${String(x)},${String(y + height)}L${String(x + width)},${String(y)}`);
    expect(drawn.valueTicks.map(({ label }) => label)).to.deep.equal(["0", "2", "4", "6", "8", "10"]);
  });

  it("keeps labels inside of the picture at every width, and never lets two times meet", () => {
    for (const width of [280, 328, 360, 700, 1_280]) {
      const { timeTicks } = drawTimeChart(
        chart([
          [FROM, 0],
          [TO, 1],
        ]),
        width,
      );
      expect(timeTicks.length, `at ${String(width)} px`).to.be.greaterThan(1);
      for (const [index, tick] of timeTicks.entries()) {
        expect(tick.at + 28).to.be.at.most(width);
        expect(tick.at - (timeTicks[index - 1]?.at ?? -Infinity)).to.be.at.least(58);
      }
    }
  });

  it("cuts a title that is wider than the picture", () => {
    const titled = (width: number): string =>
      drawTimeChart(chart([], { valueTitle: "a".repeat(200) }), width).valueTitle;
    expect([titled(360), titled(2_000)]).to.deep.equal([`${"a".repeat(48)}…`, "a".repeat(200)]);
  });

  it("gives a line that never moves room around it, and no line the range from 0 to 1", () => {
    const flat = drawTimeChart(
      chart([
        [FROM, 5],
        [TO, 5],
      ]),
      800,
    );
    expect(flat.valueTicks.map(({ label }) => label)).to.include("5");
    expect(drawTimeChart(chart([]), 800).valueTicks.map(({ label }) => label)).to.include.members(["0", "1"]);
    expect(drawTimeChart(chart([]), 800).lines[0]?.path).to.equal("");
  });

  it("breaks a line where too much time lies between two points", () => {
    const points: Point[] = [
      [FROM, 1],
      [FROM + 1_000, 2],
      [FROM + 9_000, 3],
    ];
    expect(withGaps(points, 5_000)).to.deep.equal([points[0], points[1], null, points[2]]);
    const line = { name: "a", tone: 0, weight: "strong", points, gapMs: 5_000 } as const;
    const drawn = drawTimeChart({ ...chart([]), lines: [line] }, 800);
    expect(drawn.lines[0]?.path.match(/M/g)).to.have.length(2);
  });

  it("draws a band and counts only where there are some", () => {
    expect(drawTimeChart(chart([[FROM, 1]]), 800)).to.include({ band: null, counts: null });
    const counts = {
      points: [
        [FROM, 5],
        [FROM + 10_000, 10],
      ] as Point[],
      widthMs: 10_000,
      title: "records",
    };
    const band = {
      points: [
        [FROM, 0, 2],
        [TO, 1, 3],
      ] as [number, number, number][],
      gapMs: Infinity,
    };
    const drawn = drawTimeChart(chart([[FROM, 1]], { band, counts }), 800);
    expect(drawn.band).to.match(/^M.*Z$/);
    const [five, ten] = drawn.counts?.bars ?? [];
    expect(ten?.height).to.equal(drawn.counts?.plot.height);
    expect(five?.height).to.be.closeTo((ten?.height ?? 0) / 2, 0.1);
    expect(drawn.counts?.ticks.map(({ label }) => label)).to.deep.equal(["0", "5", "10"]);
  });

  it("gives dots to few points and none to many", () => {
    const dotted = (count: number): number | undefined => {
      const points = Array.from({ length: count }, (_, index): Point => [FROM + index * 100, index]);
      const line = { name: "a", tone: 0, weight: "strong", points, dots: true } as const;
      return drawTimeChart({ ...chart([]), lines: [line] }, 800).lines[0]?.dots.length;
    };
    expect([dotted(20), dotted(400)]).to.deep.equal([20, 0]);
  });
});

describe("display/web: thinning", () => {
  const pointsOf = (values: readonly number[]): Point[] => values.map((value, index) => [index, value]);

  it("leaves few points as they are", () => {
    const points = pointsOf([3, 1, 2]);
    expect(thin(points, 10)).to.equal(points);
  });

  it("never loses the first, the last, the lowest or the highest point, and keeps at most four a column", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 41, maxLength: 500 }),
        (values) => {
          const points = pointsOf(values);
          const thinned = thin(points, 10);
          expect(thinned.length).to.be.at.most(4 * 11);
          expect([thinned.at(0), thinned.at(-1)]).to.deep.equal([points.at(0), points.at(-1)]);
          const kept = thinned.map(([, value]) => value);
          expect([Math.min(...kept), Math.max(...kept)]).to.deep.equal([Math.min(...values), Math.max(...values)]);
          expect(thinned.every(([ts], index) => index === 0 || ts > (thinned[index - 1]?.[0] ?? 0))).to.be.true;
        },
      ),
    );
  });

  it("ends when all points are of one moment", () => {
    const points = Array.from({ length: 100 }, (_, index): Point => [5, index]);
    expect(thin(points, 10)).to.deep.equal([
      [5, 0],
      [5, 99],
    ]);
  });
});

describe("display/web: labels of axes", () => {
  const cases: [number[], string[]][] = [
    [
      [0, 0.2, 0.4],
      ["0", "0.2", "0.4"],
    ],
    [[0.30000000000000004], ["0.3"]],
    [
      [-5000, 0, 5000],
      ["\u22125,000", "0", "5,000"],
    ],
    [
      [0, 20_000, 45_000],
      ["0", "20k", "45k"],
    ],
    [
      [4_050_000, 4_100_000],
      ["4.05M", "4.1M"],
    ],
  ];
  for (const [values, labels] of cases) {
    it(`are ${labels.join(", ")}`, () => {
      expect(values.map(tickFormat(values))).to.deep.equal(labels);
    });
  }

  it("show seconds in short spans only", () => {
    expect(timeTickFormat(60_000)(new Date(FROM + 5_000))).to.equal("12:00:05");
    expect(timeTickFormat(3_600_000)(new Date(FROM))).to.equal("12:00");
  });
});

describe("display/web: bars with whiskers", () => {
  it("draws a bar from 0 to the mean and a whisker of one deviation to each side", () => {
    const drawn = drawBarChart(
      [
        { name: "a", mean: 50, deviation: 30 },
        { name: "b", mean: 100, deviation: null },
      ],
      "x",
      628,
    );
    const [a, b] = drawn.bars;
    expect(drawn.plot).to.include({ x: 14, width: 600 });
    expect([a?.box.x, a?.box.width, b?.box.width]).to.deep.equal([14, 300, 600]);
    expect(a?.whisker).to.match(/^M134 [\d.]+V[\d.]+M494 [\d.]+V[\d.]+M134 [\d.]+H494$/);
    expect([a?.value, b?.value, b?.whisker]).to.deep.equal(["50 ± 30", "100", null]);
  });

  it("makes room for a whisker below 0 and for means below 0", () => {
    const drawn = drawBarChart(
      [
        { name: "a", mean: 10, deviation: 20 },
        { name: "b", mean: -5, deviation: 1 },
      ],
      "x",
      628,
    );
    expect(drawn.ticks[0]?.label).to.equal("\u221210");
    const [a, b] = drawn.bars;
    expect((b?.box.x ?? 0) + (b?.box.width ?? 0)).to.be.closeTo(a?.box.x ?? 0, 0.2);
  });

  it("draws no figures, and figures that are all 0, without a fault", () => {
    expect(drawBarChart([], "x", 300).bars).to.deep.equal([]);
    expect(drawBarChart([{ name: "a", mean: 0, deviation: 0 }], "x", 300).bars[0]?.box.width).to.equal(0);
  });
});

describe("display/web: the diagram", () => {
  it("stays inside of its picture and its stations never overlap, in wide and narrow windows", () => {
    for (const width of [280, 330, 639, 640, 1_100]) {
      const { stations, height } = drawDiagram(width);
      for (const [index, { box }] of stations.entries()) {
        expect(box.x >= 0 && box.x + box.width <= width && box.y >= 0 && box.y + box.height <= height).to.be.true;
        for (const { box: other } of stations.slice(index + 1)) {
          const apart =
            box.x + box.width <= other.x ||
            other.x + other.width <= box.x ||
            box.y + box.height <= other.y ||
            other.y + other.height <= box.y;
          expect(apart, `at ${String(width)} px`).to.be.true;
        }
      }
    }
  });
});
