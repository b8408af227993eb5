import { expect } from "chai";
import {
  formatCount,
  formatDuration,
  formatFigure,
  formatInstant,
  formatNumber,
  formatTime,
  minutesOption,
} from "../../display/web/src/logic/format.ts";
import { axisTitle, metricOption, metricWords } from "../../display/web/src/logic/metrics.ts";
import { home, pageGroups, pages } from "../../display/web/src/logic/pages.ts";
import { censusUrl, parametersOf, windowsUrl, withChosen } from "../../display/web/src/logic/url-state.ts";
import { pageRoutes } from "../../display/protocol.ts";

const AT = Date.UTC(2026, 10, 21, 12, 40, 3, 250);

describe("display/web: numbers and times", () => {
  const numbers: [number, string][] = [
    [0, "0"],
    [-0, "0"],
    [0.492134567, "0.49213"],
    [-1.5, "\u22121.5"],
    [9999.87654, "9,999.9"],
    [28123.25, "28,123"],
    [1234567, "1,234,567"],
    [0.00000123456, "1.235e\u22126"],
    [1.5e13, "1.500e+13"],
    [NaN, "–"],
    [Infinity, "–"],
  ];
  for (const [value, text] of numbers) {
    it(`writes ${String(value)} as ${text}`, () => {
      expect(formatNumber(value)).to.equal(text);
    });
  }

  it("writes a figure with its unit, and a dash for none", () => {
    expect(formatFigure(12.5, "%")).to.equal("12.5 %");
    expect(formatFigure(12.5)).to.equal("12.5");
    expect(formatFigure(null, "%")).to.equal("–");
    expect(formatCount(20000)).to.equal("20,000");
  });

  it("writes times in UTC, whatever the machine's zone is", () => {
    expect(formatTime(AT)).to.equal("12:40:03");
    expect(formatInstant(AT)).to.equal("21 Nov 2026, 12:40:03 UTC");
    expect([formatTime(NaN), formatInstant(NaN)]).to.deep.equal(["–", "–"]);
  });

  const durations: [number, string][] = [
    [-5, "0 s"],
    [3_400, "3 s"],
    [89_000, "89 s"],
    [240_000, "4 min"],
    [7_200_000, "2 h"],
    [260_000_000, "3 days"],
  ];
  for (const [ms, text] of durations) {
    it(`calls ${String(ms)} ms ${text}`, () => {
      expect(formatDuration(ms)).to.equal(text);
    });
  }

  it("names the choices of minutes, and leaves a wrong one as it is", () => {
    expect(["1", "15", "60", "90", "360", "abc", "0"].map(minutesOption)).to.deep.equal([
      "1 minute",
      "15 minutes",
      "1 hour",
      "90 minutes",
      "6 hours",
      "abc",
      "0",
    ]);
  });
});

describe("display/web: words of metrics", () => {
  it("knows vmstat's and iostat's columns with their units", () => {
    expect(metricWords("vmstat.free")).to.deep.equal({ words: "free memory", unit: "KiB" });
    expect(metricWords("iostat.vda.util")).to.deep.equal({ words: "vda: time busy", unit: "%" });
    expect(metricWords("iostat.dm-0.1.r/s")).to.deep.equal({ words: "dm-0.1: reads", unit: "per second" });
    expect(axisTitle("vmstat.us")).to.equal("CPU time of programs (%)");
    expect(metricOption("uniform")).to.equal("uniform – uniform numbers, 0 to 1");
  });

  it("leaves other names as they are, also those of every object", () => {
    for (const metric of ["unheard.of", "constructor", "toString", "iostat.vda.constructor", "__proto__"]) {
      expect(metricWords(metric)).to.deep.equal({ words: metric, unit: null });
      expect([metricOption(metric), axisTitle(metric)]).to.deep.equal([metric, metric]);
    }
  });
});

describe("display/web: pages and addresses", () => {
  it("has a page for each route of the server, each once", () => {
    expect(pages.map(({ route }) => route).sort()).to.deep.equal([...pageRoutes].sort());
    expect(pageGroups.flatMap((group) => group.pages)).to.deep.equal(pages.filter((page) => page !== home));
  });

  it("tells the way of the data from where it is made to the page", () => {
    const page = pages.find(({ route }) => route === "/spark-streaming/disk/random-numbers");
    expect(page?.path).to.deep.equal([
      "random-number pumps",
      "Kafka topic random-numbers",
      "Spark stream windows",
      "lake (Iceberg)",
      "Presto",
      "this page",
    ]);
  });

  it("asks the server for what the address says, and leaves to the server what it does not say", () => {
    const parameters = parametersOf(["series", "metric", "minutes"], (name) => (name === "series" ? "a&b=c" : null));
    expect(parameters).to.deep.equal({ series: "a&b=c", metric: null, minutes: null });
    expect(windowsUrl("disk", "monitoring", parameters)).to.equal(
      "/api/spark-streaming/disk/monitoring?series=a%26b%3Dc&minutes=15",
    );
    expect(windowsUrl("cassandra", "random-numbers", { series: null, metric: "x", minutes: "abc" })).to.equal(
      "/api/spark-streaming/cassandra/random-numbers?metric=x&minutes=abc",
    );
    expect(censusUrl("disk", { run: null })).to.equal("/api/spark/disk/census-data");
    expect(censusUrl("cassandra", { run: "r 1" })).to.equal("/api/spark/cassandra/census-data?run=r+1");
  });

  it("offers the choice of the address even when nothing else does", () => {
    expect(withChosen(["a", "b"], "c")).to.deep.equal(["c", "a", "b"]);
    expect(withChosen(["a", "b"], "b")).to.deep.equal(["a", "b"]);
    expect(withChosen(["a"], null)).to.deep.equal(["a"]);
  });
});
