import { Readable } from "node:stream";
import { expect } from "chai";
import { CensusSums } from "../../../../components/census/hops/census-figures.ts";
import type { CensusFigure } from "../../../../components/census/hops/census-figures.ts";
import { DisplayClient } from "../../../../components/display/hops/display-client.ts";
import type { Hop } from "../../../../platform/hops/hop.ts";
import { censusHop } from "../../../../components/census/hops/census.ts";
import { linesOf } from "../../../../components/object-store/hops/store-client.ts";
import type { CensusAnswer } from "../../../../display/protocol.ts";
import { FakeServer } from "../../../support/fake-server.ts";
import { runHop } from "../../../support/hops.ts";
import type { JobState } from "../../../../platform/hops/job-history.ts";

const header = "person,region,sex,age,education,occupation,hours_per_week,income";
const people = [
  "0,north,female,30,master,employee,40,50000",
  "1,north,male,40,none,unemployed,0,12001",
  "2,islands,female,5,none,child,0,0",
];
/** All, two regions, two sexes, two educations and three occupations, with three measures each. */
const figureCount = 30;

/** A file as the store gives it, piece by piece. */
function pieces(text: string): AsyncGenerator<readonly string[]> {
  const bytes = Buffer.from(text);
  const parts = Array.from({ length: Math.ceil(bytes.length / 40) }, (_, at) => bytes.subarray(at * 40, at * 40 + 40));
  return linesOf(Readable.from(parts) as AsyncIterable<Uint8Array>);
}

async function figuresOf(...lines: string[]): Promise<CensusFigure[]> {
  const sums = new CensusSums(lines.length);
  await sums.add(pieces([header, ...lines].join("\n")));
  return sums.figures();
}

async function problemOf(text: string, rows = 3): Promise<string> {
  const error: unknown = await new CensusSums(rows).add(pieces(text)).catch((reason: unknown) => reason);
  return error instanceof Error ? error.message : "none";
}

describe("census figures", () => {
  it("are those of each measure of each group, of whole numbers without rounding", async () => {
    const figures = await figuresOf(...people);
    expect(figures).to.have.length(figureCount);
    const of = (grouping: string, member: string, measure: string): CensusFigure | undefined =>
      figures.find((one) => one.grouping === grouping && one.member === member && one.measure === measure);
    expect(of("all", "all", "age")).to.deep.equal({
      grouping: "all",
      member: "all",
      measure: "age",
      count: 3,
      mean: 25,
      deviation: Math.sqrt(325),
      minimum: 5,
      maximum: 40,
    });
    expect(of("region", "islands", "income")).to.include({
      count: 1,
      mean: 0,
      deviation: null,
      minimum: 0,
      maximum: 0,
    });
  });

  it("are exact where sums of squares are greater than what a double holds", async () => {
    for (const base of [1_000_000_000, 90_000_000]) {
      const rich = [3, 1, 2].map((more, person) => `${person},north,male,40,none,employee,40,${base + more}`);
      const income = (await figuresOf(...rich)).find(({ measure }) => measure === "income");
      expect(income).to.include({ mean: base + 2, deviation: 1, minimum: base + 1, maximum: base + 3 });
    }
  });

  it("take columns by their names, and refuse a file that lacks one or has a broken line", async () => {
    const sums = new CensusSums(1);
    const names = "income,person,sex,region,age,education,occupation,hours_per_week";
    await sums.add(pieces(`${names}\r\n7,0,male,west,3,none,child,0\r\n`));
    expect(sums.figures().find(({ measure }) => measure === "income")).to.include({ mean: 7 });
    expect(await problemOf("person,age\n1,2\n")).to.equal(
      "its first line lacks region, sex, education, occupation, hours_per_week, income: person,age",
    );
    expect(await problemOf(`${header}\n1,north,male`)).to.equal("line 2 has 3 columns: 1,north,male");
    expect(await problemOf(`${header}\n1,north,male,old,none,child,0,0`)).to.equal('line 2 has the age "old"');
    expect(await problemOf("")).to.equal("it is empty");
  });

  it("refuse someone who is there twice, or whose number is more than there are people", async () => {
    const [first = ""] = people;
    expect(await problemOf([header, first, first].join("\n"))).to.equal("line 3 has person 0, who was there before");
    expect(await problemOf([header, ...people].join("\n"), 2)).to.equal(
      'line 4 has the person "2", more than there are',
    );
  });
});

describe("hop census", () => {
  let server: FakeServer;
  let files: Record<string, string>;
  let hop: Hop;
  let right: CensusFigure[];
  let states: JobState[];
  before(async () => {
    server = await FakeServer.start();
  });
  after(() => server.stop());
  beforeEach(async () => {
    right = await figuresOf(...people);
    files = {
      "census/part-00000.csv": [header, ...people.slice(0, 2), ""].join("\n"),
      "census/part-00001.csv": [header, ...people.slice(2), ""].join("\n"),
    };
    show("disk");
    const inputs = {
      where: "http://s3/inputs",
      list: (prefix: string) => Promise.resolve(Object.keys(files).filter((key) => key.startsWith(prefix))),
      lines: (key: string) => pieces(files[key] ?? ""),
    };
    const config = { prefix: "census/", rows: 3, run: "static-file" };
    states = [];
    const jobs = { stateOf: () => Promise.resolve<JobState>(states.shift() ?? { kind: "over" }) };
    const batch = { job: "spark-census-driver", jobs, now: () => Date.parse("2026-11-27T10:00:50Z") };
    hop = censusHop({ display: new DisplayClient(server), inputs, config, batch, pauseMs: 5 });
  });

  /** Right answers, of which that from `sink` is changed. */
  function show(sink: "disk" | "cassandra", changes: Partial<CensusAnswer> = {}): void {
    const made = { run: "static-file", runs: ["static-file"], figures: right, madeAt: "2026-11-21T12:00:00Z" };
    const readAt = "2026-11-21T12:00:20.000Z";
    server.reset(
      Object.fromEntries(
        ["disk", "cassandra"].map((name) => [
          `GET /api/spark/${name}/census-data`,
          { body: { sink: name, ...made, readAt, ...(name === sink ? changes : {}) } },
        ]),
      ),
    );
  }

  const failureOf = async (limit: number | RegExp = /shows/): Promise<string> =>
    (await runHop(hop, limit)).result.message;

  it("holds when both sinks have all figures of the files, and no other", async () => {
    const { result } = await runHop(hop);
    expect(result).to.include({
      hop: "census",
      ok: true,
      count: 2 * figureCount,
      distinct: figureCount,
      checksum: "3",
    });
    expect(result.message).to.equal(
      `figures of 2 files in http://s3/inputs/census/, from both sinks of the display at ${server.url}`,
    );
    expect(server.requests.map(({ path }) => path)).to.have.members([
      "/api/spark/disk/census-data?run=static-file",
      "/api/spark/cassandra/census-data?run=static-file",
    ]);
  });

  it("waits while the batch runs, says for how long it has, and asks the display when it is over", async () => {
    const startedAt = new Date("2026-11-27T10:00:00Z");
    states = [{ kind: "running", startedAt: undefined }, { kind: "running", startedAt }, { kind: "over" }];
    const { result, progress } = await runHop(hop);
    expect(result.ok).to.equal(true);
    expect(progress).to.include.members([
      "the Job spark-census-driver, which computes the figures, starts",
      "the Job spark-census-driver has computed the figures for 45 s and still runs",
    ]);
  });

  it("fails at once when the batch has failed, with Kubernetes' words", async () => {
    states = [{ kind: "failed", reason: "BackoffLimitExceeded: too often" }];
    const { result } = await runHop(hop);
    expect(result.message).to.equal(
      "the Job spark-census-driver, which computes the figures, failed (BackoffLimitExceeded: too often)",
    );
  });

  it("says that the batch has written nothing, and which runs there are", async () => {
    show("cassandra", { figures: [], runs: [], madeAt: null });
    expect(await failureOf()).to.match(
      /^after \d+ s: the display at \S+ shows of the census from cassandra 0 of 30 figures; \S+ is missing of run static-file; known are the runs \(none\)$/,
    );
  });

  it("refuses a figure that is missing, more, doubled or wrong", async () => {
    const [first] = right;
    if (first === undefined) throw new Error("there are figures");
    show("disk", { figures: right.slice(1) });
    expect(await failureOf()).to.contain(
      "shows of the census from disk 29 of 30 figures; all/all/age is missing of run static-file",
    );
    show("disk", { figures: [...right, { ...first, member: "nobody" }] });
    expect(await failureOf()).to.contain("figures of all/nobody/age, of whom there is nobody in the files");
    show("cassandra", { figures: [...right, first] });
    expect(await failureOf()).to.contain(
      "shows of the census from cassandra 31 figures where 30 are different: duplicates",
    );
    show("cassandra", { figures: right.map((figure) => ({ ...figure, mean: figure.mean + 1e-3 })) });
    expect(await failureOf()).to.contain("all/all/age with mean 25.001, right is 25");
    show("cassandra", { run: "other" });
    expect(await failureOf()).to.contain("shows of the census from cassandra run other of run static-file");
  });

  it("says when the files are not what the settings say", async () => {
    files = { "census/part-00000.csv": files["census/part-00000.csv"] ?? "" };
    expect(await failureOf(100)).to.match(
      /^not done within \d+ s, the whole time of the proof: http:\/\/s3\/inputs\/census\/ has 2 of 3 people in 1 files: the Job census-file has not made them$/,
    );
    files = { "census/part-00000.csv": "<Error/>" };
    expect(await failureOf()).to.contain(
      "http://s3/inputs/census/part-00000.csv is not the census file: its first line lacks",
    );
  });

  it("tells an outage from an empty answer, in the display's words", async () => {
    server.reset({ "GET /api/spark/disk/census-data": { status: 503, body: { error: "Presto does not answer" } } });
    expect(await failureOf(/status 503/)).to.contain(
      "does not answer /api/spark/disk/census-data: status 503: Presto does not answer",
    );
  });
});
