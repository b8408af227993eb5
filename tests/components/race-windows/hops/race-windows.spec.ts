import { expect } from "chai";
import type { Cassandra, CassandraValue } from "../../../../components/cassandra/hops/cassandra-client.ts";
import {
  type PrestoClient,
  PrestoError,
  type PrestoValue,
} from "../../../../components/presto/programs/presto-client.ts";
import { raceWindowsHops } from "../../../../components/race-windows/hops.ts";
import { windowsHop } from "../../../../components/race-windows/hops/race-windows.ts";
import type { Sample } from "../../../../components/race-car/programs/sample.ts";
import { type RaceWindow, windowsOf } from "../../../../components/race-windows/programs/reference.ts";
import { loadConfig } from "../../../../config/index.ts";
import { skippedHops } from "../../../../config/proof-hops.ts";
import type { ProofContext } from "../../../../platform/hops/define-hops.ts";
import type { CleanupStep } from "../../../../platform/hops/hop.ts";
import { standstillMs } from "../../../../platform/hops/limits.ts";

const length = { windowSeconds: 10, latenessSeconds: 5 };
const sample = {
  ...{ v: 1, id: "proof-1-0", car: "proof-1", seq: 0, ts: "2026-11-28T10:59:58.000Z", run: "run-1", lap: 1, sector: 1 },
  ...{ distance: 1, x: 0, y: 0, speed: 60, rpm: 9000, gear: 4, throttle: 1, brake: 0, steering: 0, battery: 0.9 },
  ...{ engineTemp: 90, tyreTempFl: 80, tyreTempFr: 80, tyreTempRl: 80, tyreTempRr: 80 },
  ...{ tyreWearFl: 0, tyreWearFr: 0, tyreWearRl: 0, tyreWearRr: 0, lapTime: 1, lastLapTime: null },
} as const satisfies Sample;
const samples: Sample[] = [
  sample,
  { ...sample, id: "proof-1-1", ts: "2026-11-28T11:00:01.000Z", speed: 61 },
  { ...sample, id: "proof-2-0", car: "proof-2", ts: "2026-11-28T11:00:02.000Z" },
];
const right = windowsOf(
  samples.map((one) => ({ ...one, ts: Date.parse(one.ts) })),
  length,
).windows;

type Row = Readonly<Record<string, CassandraValue>>;

/** Rows of `race.windows` in memory. */
class Table implements Cassandra {
  readonly where = "Cassandra at c:9042";
  readonly asked: (readonly CassandraValue[])[] = [];
  readonly removed: (readonly CassandraValue[])[] = [];
  isClosed = false;
  readonly #windows: readonly RaceWindow[];
  readonly #engine: string;

  constructor(windows: readonly RaceWindow[], engine = "spark") {
    this.#windows = windows;
    this.#engine = engine;
  }

  query(cql: string, parameters: readonly CassandraValue[]): Promise<Row[]> {
    const [engine, car, hour] = parameters;
    if (cql.startsWith("DELETE")) {
      this.removed.push(parameters);
      return Promise.resolve([]);
    }
    this.asked.push(parameters);
    const hourOf = (start: number): number => Math.floor(start / 3_600_000) * 3_600_000;
    const rows = this.#windows.filter(
      (window) => engine === this.#engine && window.car === car && hourOf(window.start) === (hour as Date).getTime(),
    );
    return Promise.resolve(
      rows.map(({ start, ...figures }) => ({ window_start: new Date(start), window_seconds: 10, ...figures })),
    );
  }

  close(): Promise<void> {
    this.isClosed = true;
    return Promise.resolve();
  }
}

/** The lake's table in memory, as Presto gives its rows. */
class Lake implements Pick<PrestoClient, "query"> {
  readonly asked: string[] = [];
  readonly #rows: readonly RaceWindow[] | Error;

  constructor(rows: readonly RaceWindow[] | Error) {
    this.#rows = rows;
  }

  query(sql: string): Promise<Record<string, PrestoValue>[]> {
    this.asked.push(sql);
    if (sql.startsWith("SELECT DISTINCT")) {
      return Promise.resolve(["run-1", "proof-1-old", "proof-2-young"].map((run) => ({ run })));
    }
    if (this.#rows instanceof Error) return Promise.reject(this.#rows);
    const time = (start: number): string => new Date(start).toISOString().replace("T", " ").slice(0, -1);
    return Promise.resolve(this.#rows.map(({ start, ...figures }) => ({ start: time(start), ...figures })));
  }
}

async function ask(cassandra: Cassandra, sent: readonly Sample[] = samples, lake?: Lake, more: object = {}) {
  const steps: CleanupStep[] = [];
  const told: string[] = [];
  const stop = new AbortController();
  const hop = windowsHop({
    name: "race-spark",
    engine: "spark",
    cassandra,
    marked: { samples: sent, run: "run-1" },
    length,
    fault: () => Promise.resolve("it is at fault"),
    pauseMs: 1,
    ...(lake && {
      lake: {
        presto: lake as unknown as PrestoClient,
        table: "race.windows_flink",
        isOurs: (run: string) => run !== "proof-2-young",
      },
    }),
    ...more,
  });
  const run = hop.run({
    signal: stop.signal,
    needed: Promise.resolve(),
    onCleanup: (...given) => steps.push(...given),
    onProgress: (words) => {
      told.push(words);
      stop.abort();
    },
  });
  const result = await run.catch((error: unknown) => String(error));
  return { result, told, steps, timeoutMs: hop.timeoutMs };
}

describe("hops race-spark and race-flink", () => {
  it("finds the windows of the marked samples, each in the partition of its hour, as computed", async () => {
    const table = new Table(right);
    const { result } = await ask(table);
    expect(result).to.deep.include({
      count: 3,
      distinct: 3,
      message: "3 windows by spark in race.windows, as computed",
    });
    expect(
      table.asked.map(([engine, car, hour]) => [engine, car, (hour as Date).toISOString().slice(11, 13)]),
    ).to.deep.equal([
      ["spark", "proof-1", "10"],
      ["spark", "proof-1", "11"],
      ["spark", "proof-2", "11"],
    ]);
  });

  const [first, ...rest] = right as [RaceWindow, ...RaceWindow[]];
  const wrong: [string, Table, string][] = [
    [
      "a window that is missing",
      new Table(rest),
      "2 of 3 windows; that of proof-1, 2026-11-28T10:59:50.000Z is missing",
    ],
    ["a figure that is another one", new Table([{ ...first, count: 2 }, ...rest]), "with count 2, right is 1"],
    [
      "a window without samples",
      new Table([...right, { ...first, start: first.start - 10_000 }]),
      "in which no sample was sent",
    ],
    ["windows of the other engine", new Table(right, "flink"), "0 of 3 windows"],
  ];
  for (const [name, table, words] of wrong) {
    it(`waits, and says so, for ${name}`, async () => {
      const { result, told } = await ask(table);
      expect(result).to.be.a("string");
      expect(told[0]).to.contain(words);
      expect(told[0]).to.match(/^Cassandra at c:9042 answers, .*: it is at fault$/);
    });
  }

  it("is not content with no samples at all", async () => {
    const { result, told } = await ask(new Table([]), []);
    expect(result).to.be.a("string");
    expect(told[0]).to.equal("no marked samples were sent");
  });

  it("removes the rows of the proof's cars afterwards, and closes its client", async () => {
    const table = new Table(right);
    const { steps } = await ask(table);
    for (const { run } of steps) await run(new AbortController().signal);
    expect(table.removed.map(([engine, car]) => `${String(engine)} ${String(car)}`)).to.deep.equal([
      "spark proof-1",
      "spark proof-1",
      "spark proof-2",
    ]);
    expect(table.isClosed).to.equal(true);
  });

  it("wait for as long as a window is open and its rows are on their way, on top of their patience", async () => {
    const { timeoutMs } = await ask(new Table(right));
    expect(timeoutMs).to.equal(standstillMs + 15_000);
    const slow = await ask(new Table(right), samples, undefined, { writeSeconds: 30 });
    expect(slow.timeoutMs).to.equal(standstillMs + 45_000);
  });
});

describe("hop race-flink", () => {
  it("finds the windows in the lake too, of the proof's run and of this length", async () => {
    const lake = new Lake(right);
    const { result } = await ask(new Table(right), samples, lake);
    expect(result).to.deep.include({
      count: 3,
      message: "3 windows by spark in race.windows and in the lake's race.windows_flink, as computed",
    });
    expect(lake.asked).to.have.length(1);
    expect(lake.asked[0]).to.contain("FROM race.windows_flink WHERE run = 'run-1' AND window_seconds = 10");
  });

  const [first, ...rest] = right as [RaceWindow, ...RaceWindow[]];
  const wrong: [string, Lake, string][] = [
    ["without a window", new Lake(rest), "2 of 3 windows; that of proof-1"],
    ["with a window twice", new Lake([first, ...right]), "4 windows where 3 are different: duplicates"],
    ["with another figure", new Lake([{ ...first, speed_mean: 1 }, ...rest]), "with speed_mean 1, right is 60"],
    [
      "without the table",
      new Lake(new PrestoError("TABLE_NOT_FOUND", "no such table")),
      "table race.windows_flink is missing or is not what it should be (TABLE_NOT_FOUND: no such table)",
    ],
  ];
  for (const [name, lake, words] of wrong) {
    it(`waits, and says so, for a lake ${name}`, async () => {
      const { result, told } = await ask(new Table(right), samples, lake);
      expect(result).to.be.a("string");
      expect(told[0])
        .to.contain(words)
        .and.to.match(/: it is at fault$/);
    });
  }

  it("asks the lake only when Cassandra has all", async () => {
    const lake = new Lake(right);
    const { told } = await ask(new Table(rest), samples, lake);
    expect(told[0]).to.contain("Cassandra at c:9042 answers");
    expect(lake.asked).to.deep.equal([]);
  });

  it("removes the proof's rows from the lake, and those that older proofs have left, but not a younger one's", async () => {
    const lake = new Lake(right);
    const { steps } = await ask(new Table(right), samples, lake);
    for (const { run } of steps) await run(new AbortController().signal);
    expect(lake.asked.at(-1)).to.equal("DELETE FROM race.windows_flink WHERE run IN ('run-1', 'proof-1-old')");
  });
});

describe("the hops of the race's windows", () => {
  const told = {
    raceWindows: { engines: ["spark", "flink"], ...length },
    cassandra: { contactPoints: ["c"], port: 9042, datacenter: "d", user: "proof", password: "p" },
    presto: { url: "http://p:8080", catalog: "lake", schema: "telemetry", catalogs: [] },
    flink: { url: "http://f:8081", checkpointSeconds: 40 },
  };
  const madeOf = (changed: Readonly<Record<string, object | undefined>>): string[] => {
    const all: Readonly<Record<string, object | undefined>> = { ...told, ...changed };
    const made = new Map<unknown, unknown>();
    const context = {
      run: { run: "proof-1", startedAt: new Date() },
      counts: { records: 4, poison: 0 },
      of: ({ room }: { readonly room: string }) => all[room],
      once: (make: (given: ProofContext) => unknown) => {
        if (!made.has(make)) made.set(make, make(context));
        return made.get(make);
      },
      cleanupsAfter: () => [],
    } as unknown as ProofContext;
    const own = raceWindowsHops.settings?.parse(all["raceWindows"]);
    return raceWindowsHops.hops.flatMap((one) => {
      const hop = own && one.make(own, context);
      return hop ? [`${hop.name} ${hop.timeoutMs / 1000}`] : [];
    });
  };

  it("are one for each engine that computes, and the rows of Flink may take a checkpoint more", () => {
    expect(madeOf({})).to.deep.equal(["race-spark 105", "race-flink 145"]);
    expect(madeOf({ raceWindows: { engines: ["flink"], ...length } })).to.deep.equal(["race-flink 145"]);
    expect(madeOf({ raceWindows: { engines: ["spark"], ...length } })).to.deep.equal(["race-spark 105"]);
  });

  it("are left out where what they ask is not there", () => {
    expect(madeOf({ flink: undefined })).to.deep.equal(["race-spark 105"]);
    expect(madeOf({ presto: undefined })).to.deep.equal(["race-spark 105"]);
    expect(madeOf({ cassandra: undefined })).to.deep.equal([]);
  });

  const skipped = (raceWindows: object, flink: object) =>
    skippedHops(
      loadConfig({
        "millrace:profile": "streams",
        "millrace:services": { raceWindows: { enabled: true, ...raceWindows }, flink },
      }),
    );

  it("are left out with a reason: Flink is off, or an engine is not asked", () => {
    expect(skipped({}, { enabled: false })).to.include({
      "race-flink": "flink is off (services.flink.enabled: false)",
    });
    expect(skipped({}, { enabled: true })).to.not.have.any.keys("race-flink", "race-spark");
    expect(skipped({ engines: ["spark"] }, { enabled: true })).to.include({
      "race-flink": "services.raceWindows.engines has no flink",
    });
    expect(skipped({ engines: ["flink"] }, { enabled: true })).to.include({
      "race-spark": "services.raceWindows.engines has no spark",
    });
  });
});
