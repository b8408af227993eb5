import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { pastRun, withTimeLeft } from "../../../platform/images/past-runs.ts";

describe("a long step", () => {
  let cache = "";
  let before: string | undefined;
  let clock = 0;
  let said: string[] = [];
  beforeEach(() => {
    before = process.env["MILLRACE_CACHE"];
    cache = mkdtempSync(join(tmpdir(), "past runs-"));
    process.env["MILLRACE_CACHE"] = cache;
    clock = 1000;
    said = [];
  });
  afterEach(() => {
    if (before === undefined) delete process.env["MILLRACE_CACHE"];
    else process.env["MILLRACE_CACHE"] = before;
    rmSync(cache, { recursive: true });
  });

  /** Ten crates of a minute each, and a last one of three. */
  const compile = async (first = 1): Promise<void> => {
    await withTimeLeft(
      { step: "image x/y", folder: "nowhere" },
      (detail) => said.push(detail),
      (report) => {
        for (let crate = first; crate <= 11; crate++) {
          report(`compiling x: crate ${crate - first + 1} of at most 525, c${crate}`);
          clock += crate === 11 ? 180 : 60;
        }
        return Promise.resolve();
      },
      () => clock,
    );
  };

  it("says how far it is the first time, and the next time how long it goes on", async () => {
    await compile();
    expect(said[10]).to.equal("compiling x: crate 11 of at most 525, c11");
    expect(pastRun("image x/y", "nowhere")).to.deep.include({ seconds: 780 });
    said = [];
    await compile();
    expect(said).to.include.members([
      "compiling x: crate 1 of at most 525, c1",
      "about 12 min left; compiling x: crate 2 of at most 525, c2",
      "about 3 min left; compiling x: crate 11 of at most 525, c11",
    ]);
    expect(readdirSync(join(cache, "runs"))).to.deep.equal(["image-x-y.json"]);
  });

  it("keeps what a whole run took when one only ends what was broken off", async () => {
    await compile();
    said = [];
    await compile(6);
    expect(said.at(-1)).to.equal("about 3 min left; compiling x: crate 6 of at most 525, c11");
    expect(pastRun("image x/y", "nowhere")).to.deep.include({ seconds: 780 });
  });

  it("keeps nothing of a step that failed, and ends with its error", async () => {
    const failing = withTimeLeft(
      { step: "image x/y", folder: "nowhere" },
      () => undefined,
      (report) => {
        report("compiling");
        clock += 100;
        return Promise.reject(new Error("no compiler"));
      },
      () => clock,
    );
    expect(await failing.catch((error: unknown) => (error as Error).message)).to.equal("no compiler");
    expect(pastRun("image x/y", "nowhere")).to.equal(undefined);
  });

  it("is judged by what it took elsewhere where nothing is remembered, or nothing that can be read", () => {
    const folder = "components/object-store/image";
    const elsewhere = pastRun("image garage", folder);
    expect(elsewhere?.seconds).to.equal(1672);
    mkdirSync(join(cache, "runs"));
    for (const text of ["{", '{"seconds":0,"marks":[]}', '{"seconds":"9"}']) {
      writeFileSync(join(cache, "runs", "image-garage.json"), text);
      expect(pastRun("image garage", folder), text).to.deep.equal(elsewhere);
    }
  });

  it("goes on where nothing can be remembered", async () => {
    writeFileSync(join(cache, "runs"), "a file in the way");
    await compile();
    expect(said).to.have.length(11);
  });
});
