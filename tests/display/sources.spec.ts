import { expect } from "chai";
import { errors } from "cassandra-driver";
import { cassandraSource } from "../../display/server/cassandra.ts";
import type { FigureSource } from "../../display/server/figure-source.ts";
import { lakeSource } from "../../display/server/lake.ts";
import type { Row } from "../../display/server/rows.ts";
import { PrestoError } from "../../components/presto/programs/presto-client.ts";

const noon = Date.parse("2026-11-21T12:00:00.000Z");
const evil = "'; DROP TABLE streaming.windows; --";

/** Asks everything that can be asked. */
async function askAll(source: FigureSource): Promise<unknown[]> {
  const windows = { stream: "monitoring", series: evil, metric: "m", since: noon } as const;
  return [
    await source.series("monitoring", noon),
    await source.windows(windows),
    await source.censusRuns(),
    await source.censusFigures(evil),
  ];
}

async function failureOf(task: Promise<unknown>): Promise<unknown> {
  return await task.then(
    () => "no failure",
    (error: unknown) => error,
  );
}

describe("figures from the lake", () => {
  let statements: string[] = [];
  let answer: readonly Row[] | Error = [];
  beforeEach(() => {
    statements = [];
    answer = [];
  });
  const source = lakeSource({
    windowSeconds: 10,
    run: (sql) => {
      statements.push(sql);
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });

  it("are asked for with names as text, whatever they hold", async () => {
    await askAll(source);
    expect(statements).to.deep.equal([
      "SELECT series, run, metric, max(last_ts) AS last_ts FROM streaming.windows WHERE stream = 'monitoring' AND " +
        "window_start >= TIMESTAMP '2026-11-21 12:00:00.000' AND window_seconds = 10 GROUP BY series, run, metric LIMIT 100000",
      "SELECT window_start, count, mean, deviation, minimum, maximum, last_ts FROM streaming.windows WHERE " +
        "stream = 'monitoring' AND series = '''; DROP TABLE streaming.windows; --' AND metric = 'm' AND " +
        "window_start >= TIMESTAMP '2026-11-21 12:00:00.000' AND window_seconds = 10 LIMIT 100000",
      "SELECT run, max(made_at) AS made_at FROM census.summary GROUP BY run LIMIT 100000",
      'SELECT "grouping", member, measure, count, mean, deviation, minimum, maximum FROM census.summary WHERE ' +
        "run = '''; DROP TABLE streaming.windows; --' LIMIT 100000",
    ]);
  });

  it("are read from Presto's rows, whose times are text", async () => {
    const [start, last] = ["2026-11-21 12:00:00.000", "2026-11-21 12:00:01.500"];
    answer = [{ window_start: start, count: 2, mean: 1.5, deviation: null, minimum: 1, maximum: 2, last_ts: last }];
    expect(await source.windows({ stream: "monitoring", series: "s", metric: "m", since: noon })).to.deep.equal([
      { start: noon, count: 2, mean: 1.5, deviation: null, minimum: 1, maximum: 2, lastAt: noon + 1500 },
    ]);
    answer = [{ series: "run-1", run: "run-1", metric: "m", last_ts: last }];
    expect(await source.series("monitoring", noon)).to.deep.equal([
      { series: "run-1", run: "run-1", metric: "m", lastAt: noon + 1500 },
    ]);
    answer = [{ run: "static-file", made_at: start }];
    expect(await source.censusRuns()).to.deep.equal([{ run: "static-file", madeAt: noon }]);
  });

  it("are none while the first batch has not made their table", async () => {
    for (const words of ["Table lake.streaming.windows does not exist", "line 1:15: Schema census does not exist"]) {
      answer = new PrestoError("SYNTAX_ERROR", words);
      expect(await askAll(source)).to.deep.equal([[], [], [], []]);
    }
    answer = new PrestoError("SYNTAX_ERROR", "line 1:1: Column 'x' cannot be resolved");
    expect(await failureOf(source.censusRuns())).to.equal(answer);
  });

  it("are refused when a column does not hold what it must", async () => {
    answer = [{ run: 5, made_at: "2026-11-21 12:00:00.000" }];
    expect(await failureOf(source.censusRuns())).to.include({ message: "column run holds 5, which is no text" });
    answer = [{ run: "a", made_at: "yesterday" }];
    expect(await failureOf(source.censusRuns())).to.include({
      message: "column made_at holds yesterday, which is no time",
    });
  });
});

describe("figures from Cassandra", () => {
  let statements: { readonly cql: string; readonly values: readonly unknown[] }[] = [];
  let answer: readonly Row[] | Error = [];
  beforeEach(() => {
    statements = [];
    answer = [];
  });
  const source = cassandraSource({
    windowSeconds: 10,
    now: () => noon + 60_000,
    run: (cql, values) => {
      statements.push({ cql, values });
      return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
    },
  });
  const part = {
    window_start: new Date(noon),
    window_seconds: 10,
    count: 2n,
    mean: 1.5,
    deviation: 0.5,
    minimum: 1,
    maximum: 2,
    last_ts: new Date(noon + 1500),
  };

  it("are asked for with values apart from the statements", async () => {
    await askAll(source);
    expect(statements.map(({ cql }) => cql).join()).not.to.contain("DROP");
    expect(statements.map(({ values }) => values)).to.deep.equal([
      ["monitoring"],
      ["monitoring", evil, "m", new Date(noon), new Date(noon)],
      [],
      [evil],
    ]);
  });

  it("are asked for hour by hour", async () => {
    const since = noon - 90 * 60_000;
    await source.windows({ stream: "monitoring", series: "s", metric: "m", since });
    expect(statements.map(({ values }) => values.slice(3))).to.deep.equal([
      [new Date(noon - 2 * 3_600_000), new Date(since)],
      [new Date(noon - 3_600_000), new Date(since)],
      [new Date(noon), new Date(since)],
    ]);
  });

  it("are read from the driver's rows, without windows of another length", async () => {
    answer = [part, { ...part, window_seconds: 30 }];
    expect(await source.windows({ stream: "monitoring", series: "s", metric: "m", since: noon })).to.deep.equal([
      { start: noon, count: 2, mean: 1.5, deviation: 0.5, minimum: 1, maximum: 2, lastAt: noon + 1500 },
    ]);
  });

  it("offer no series that has been quiet since", async () => {
    const row = { series: "a", run: null, metric: "m", last_ts: new Date(noon) };
    answer = [row, { ...row, series: "b", last_ts: new Date(noon - 1) }];
    expect(await source.series("monitoring", noon)).to.deep.equal([
      { series: "a", run: null, metric: "m", lastAt: noon },
    ]);
  });

  it("are none while the set-up has not made their table", async () => {
    answer = new errors.ResponseError(0x2200, "unconfigured table windows");
    expect(await askAll(source)).to.deep.equal([[], [], [], []]);
    answer = new errors.ResponseError(0x2100, "User display has no SELECT permission on <table streaming.windows>");
    expect(await failureOf(source.censusRuns())).to.equal(answer);
  });
});
