import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { measureInTurn, resultOf, turns } from "../../bench/against.ts";
import type { Bench } from "../../bench/bench.ts";
import type { Copy } from "../../bench/copy.ts";
import { besideWords, causeOf, refuseBesideOthers, trialOf } from "../../bench/trial.ts";
import { UserError } from "../../cli/errors.ts";

/** A CLI that writes down what it is asked, and answers as its folder says. */
const CLI = `#!/bin/sh
echo "$(basename "$(pwd)" | cut -c1-1) $1" >> "$CALLS"
trap 'echo "stopped" >> "$CALLS"; exit 130' INT
[ -f "slow-$1" ] && { sleep 5 >/dev/null 2>&1 & wait; }
[ -f "bad-$1" ] && { cat "bad-$1"; exit 1; }
echo '{"ok":true,"errors":[],"left":[],"changes":{"create":2,"update":1,"same":9}}'
`;
const docker = {
  listImages: () => Promise.resolve([{ RepoTags: ["localhost:1/millrace/kafka:1"], Created: 0 }]),
  getContainer: () => ({ stats: () => Promise.reject(new Error("none")) }),
};
const makeTrial: typeof trialOf = (options) => trialOf({ ...options, docker: docker as never });

describe("two commits in turn", () => {
  let root: string;
  let calls: string;
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), "millrace-against-")));
    calls = join(root, "calls");
    process.env["CALLS"] = calls;
  });
  afterEach(() => {
    delete process.env["CALLS"];
    rmSync(root, { recursive: true, force: true });
  });

  const copyIn = (label: string): Copy => {
    const folder = join(root, label);
    mkdirSync(join(folder, "cli"), { recursive: true });
    writeFileSync(join(folder, "cli", "millrace"), CLI);
    return { folder, label };
  };
  const called = (): string[] => readFileSync(calls, "utf8").trim().split("\n");
  const bench: Bench = {
    name: "some",
    summary: "",
    options: {},
    run: () => Promise.reject(new Error("not here")),
    onTrial: async (_values, trial) => {
      const { changes, builtImages } = await trial.up();
      return {
        document: { bench: "ok", verdicts: {} },
        text: "measured",
        figures: [{ measure: "changes", value: changes + builtImages, unit: "records" }],
      };
    },
  };
  const measure = (copies: readonly Copy[], rounds = 1) =>
    measureInTurn(bench, {
      copies: copies.map((copy) => () => Promise.resolve(copy)),
      plan: { rounds, profile: "core" },
      values: {},
      log: () => undefined,
      makeTrial,
    });

  it("alternate", () => {
    expect(turns(2, ["a", "b"])).to.deep.equal([
      { round: 1, side: "a" },
      { round: 1, side: "b" },
      { round: 2, side: "a" },
      { round: 2, side: "b" },
    ]);
  });

  it("have each a platform of its own that goes before the other's comes, and leave no folder", async () => {
    const copies = [copyIn("before"), copyIn("now")];
    const { runs, failure } = await measure(copies, 2);
    expect(failure).to.equal(undefined);
    expect(called()).to.deep.equal(["b up", "b down", "n up", "n down", "b up", "b down", "n up", "n down"]);
    expect(runs.map(({ round, side, figures }) => [round, side, figures[0]?.value])).to.deep.equal([
      [1, "before", 3],
      [1, "now", 3],
      [2, "before", 3],
      [2, "now", 3],
    ]);
    expect(copies.map(({ folder }) => existsSync(folder))).to.deep.equal([false, false]);
  });

  it("end with the cause of a failing round, and take its platform down", async () => {
    const copies = [copyIn("before"), copyIn("now")];
    writeFileSync(join(root, "now", "bad-up"), '{"ok":false,"errors":["the proof failed at presto"]}');
    const { runs, failure } = await measure(copies, 3);
    expect(failure).to.equal("round 1 of now failed: up failed: the proof failed at presto");
    expect(runs.map(({ side }) => side)).to.deep.equal(["before"]);
    expect(called()).to.deep.equal(["b up", "b down", "n up", "n down"]);
    expect(copies.map(({ folder }) => existsSync(folder))).to.deep.equal([false, false]);
  });

  it("keep the folder of a platform that does not go, and say how to remove it", async () => {
    const copies = [copyIn("before"), copyIn("now")];
    const left = '{"ok":false,"errors":[],"left":[{"kind":"volume","name":"millrace-bench-var","note":""}]}';
    writeFileSync(join(root, "before", "bad-down"), left);
    const { failure } = await measure(copies);
    expect(failure).to.match(
      /^round 1 of before failed: down failed: volume millrace-bench-var is left; to remove what is left: /,
    );
    expect(failure).to.contain(`cd ${root}/before && npm run down -- --yes --name millrace-bench`);
    expect(copies.map(({ folder }) => existsSync(folder))).to.deep.equal([true, false]);
  });

  it("stop an up in an orderly way before they take it down", async () => {
    const copy = copyIn("now");
    writeFileSync(join(copy.folder, "slow-up"), "");
    const stop = new AbortController();
    const trial = makeTrial({ copy, profile: "core", log: () => undefined, signal: stop.signal });
    const up = trial.up().then(
      () => "up",
      (error: unknown) => (error as Error).message,
    );
    while (!existsSync(calls)) await sleep(20);
    await sleep(100);
    stop.abort(new Error("interrupted"));
    await trial.down();
    expect(await up).to.equal("interrupted");
    expect(called()).to.deep.equal(["n up", "stopped", "n down"]);
    const again = await trial.up().catch((error: unknown) => (error as Error).message);
    expect(again).to.equal("interrupted");
  });
});

describe("the result of a series", () => {
  const plan = { rounds: 1, profile: "core" };
  const run = (side: string, bench: "ok" | "failed") => ({
    round: 1,
    side,
    document: { bench, verdicts: { cores: bench === "ok" } },
    figures: [],
  });

  it("is good when all rounds ended and now met every bar, whatever the commit before missed", () => {
    const { document, text } = resultOf(
      { runs: [run("eaf257f", "failed"), run("now", "ok")], failure: undefined },
      plan,
      {},
      ["table"],
    );
    expect(document).to.deep.include({ bench: "ok", verdicts: { complete: true, now: true }, failure: null });
    expect(text).to.equal("table\neaf257f, round 1: cores is not met");
  });

  it("is bad when now missed a bar, or a round failed, whose cause comes last", () => {
    const missed = resultOf({ runs: [run("now", "failed")], failure: undefined }, plan, {}, []);
    expect(missed.document).to.deep.include({ bench: "failed", verdicts: { complete: true, now: false } });
    const broken = resultOf({ runs: [run("now", "ok")], failure: "round 2 of now failed: why" }, plan, {}, ["table"]);
    expect(broken.document).to.deep.include({ bench: "failed", failure: "round 2 of now failed: why" });
    expect(broken.text).to.equal("table\nround 2 of now failed: why");
  });
});

describe("a measurement beside a platform", () => {
  const labels = { "dev.millrace.owner.folder": tmpdir(), "dev.millrace.owner.stack": "dev" };
  const running = { kind: "container" as const, name: "millrace", labels, created: "2026-11-27T07:40:00Z" };

  it("is refused with whose it is, and how to stop it without losing anything", () => {
    expect(besideWords([])).to.equal(undefined);
    expect(besideWords([running])).to.equal(
      `an embedded cluster runs on this machine: "millrace" of stack dev of ${tmpdir()}, since 2026-11-27 07:40 UTC. It was not ` +
        "touched, and nothing is measured beside it. Stop it for the time of the measurement (docker stop millrace; docker start " +
        "millrace continues with its data), or take it down in its folder: npm run down",
    );
  });

  it("asks only for clusters that run, and goes on where no engine does", async () => {
    const asked: unknown[] = [];
    const listContainers = (query: unknown) => {
      asked.push(query);
      return Promise.resolve([{ Names: ["/millrace"], Labels: labels, Created: 0 }]);
    };
    const refused = await refuseBesideOthers({ listContainers: listContainers as never }).then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(UserError);
    expect(asked).to.deep.equal([{ filters: { label: ["dev.millrace.cluster=embedded"] } }]);
    const none = () => Promise.reject(Object.assign(new Error("no socket"), { code: "ENOENT" }));
    await refuseBesideOthers({ listContainers: none as never });
  });
});

describe("the cause of a failed command", () => {
  it("is its own list, else the end of what it said, else its code", () => {
    expect(causeOf({ code: 1, stderr: "noise" }, ["one", "two", "one"])).to.equal("one; two");
    expect(causeOf({ code: 1, stderr: "1\n2\n3\n4\n5\n6\n" })).to.equal("2\n3\n4\n5\n6");
    expect(causeOf({ code: 7, stderr: "" })).to.equal("exit code 7");
  });
});
