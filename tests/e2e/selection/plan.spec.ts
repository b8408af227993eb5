import { expect } from "chai";

import { fromPart, inTurn, minutesOf, type PartFacts, planOf, type Reason } from "./plan.ts";

/** Two parts of the spine, six others of 3 minutes each, and one that is too long for any run. */
const parts: Readonly<Record<string, PartFacts>> = {
  check: { minutes: 1, rooms: [], spine: "first" },
  unchanged: { minutes: 1, rooms: [], spine: "each" },
  retry: { minutes: 3, rooms: ["platform"], files: ["tests/e2e/faults/retry.ts"] },
  "hop-kafka": { minutes: 3, rooms: ["kafka"], breaksHops: true },
  dags: { minutes: 3, rooms: ["airflow"], needs: "studio" },
  scheduler: { minutes: 3, rooms: ["airflow"], needs: "studio" },
  windows: { minutes: 3, rooms: ["windows"], needs: "pipeline" },
  cassandra: { minutes: 3, rooms: ["cassandra"], needs: "pipeline" },
  recovery: { minutes: 2, rooms: [] },
  scale: { minutes: 30, rooms: ["kafka"], isLong: true },
};
const optional = ["retry", "hop-kafka", "dags", "scheduler", "windows", "cassandra"];

const plan = (paths: readonly string[] | undefined, budget: number, turn = 12): ReturnType<typeof planOf> =>
  planOf(parts, { paths, turn }, budget);
const because = (found: ReturnType<typeof planOf>, reason: Reason): string[] =>
  Object.keys(found.reasons).filter((name) => found.reasons[name] === reason);
const profilesOf = ({ stages }: ReturnType<typeof planOf>): string[] => stages.map(({ profile }) => profile);

/** The spine with core and one more profile: up 2.5, check 1, unchanged 1, switch 5, unchanged 1, down 1. */
const SPINE = 11.5;

describe("the plan of an end-to-end run", () => {
  it("has the spine and one change of the profile, whatever has changed and however short the time is", () => {
    const found = plan([], 1);
    expect(found.stages).to.deep.equal([
      { profile: "core", parts: ["check", "unchanged"] },
      { profile: "studio", parts: ["unchanged"] },
    ]);
    expect(found.minutes).to.equal(SPINE);
    expect(profilesOf(plan([], 1, 13))).to.deep.equal(["core", "pipeline"]);
  });

  it("has the parts of the rooms that are touched, with only the services that they need", () => {
    const found = plan(["components/airflow/service.ts"], SPINE + 6);
    expect(because(found, "touched")).to.have.members(["dags", "scheduler"]);
    expect(because(found, "turn")).to.deep.equal([]);
    expect(found.stages).to.deep.equal([
      { profile: "core", parts: ["check", "unchanged"] },
      { profile: "studio", parts: ["unchanged", "dags", "scheduler"] },
    ]);
    expect(found.minutes).to.equal(SPINE + 6);
  });

  it("brings up both profiles in turn where the touched rooms are in both", () => {
    const found = plan(["dags/lake_maintenance.py", "components/cassandra/cassandra.ts"], 30);
    expect(profilesOf(found)).to.deep.equal(["studio", "pipeline"]);
    expect(because(found, "touched")).to.have.members(["dags", "scheduler", "cassandra"]);
  });

  it("looks for the recovery of what it breaks, and counts its time", () => {
    const found = plan(["components/kafka/kafka.ts"], SPINE + 5);
    expect(found.stages[0]).to.deep.equal({ profile: "core", parts: ["check", "unchanged", "hop-kafka", "recovery"] });
    expect(found.minutes).to.equal(SPINE + 5);
    expect(because(plan(["components/kafka/kafka.ts"], SPINE + 4), "touched")).to.deep.equal([]);
  });

  it("has a part whose own program was changed", () => {
    expect(because(plan(["tests/e2e/faults/retry.ts"], SPINE + 3), "touched")).to.deep.equal(["retry"]);
  });

  it("goes by turns alone for what every run goes through, for docs and for specs", () => {
    for (const path of ["cli/up.ts", "docs/kafka.md", "tests/components/kafka.spec.ts", "components/kafka/README.md"]) {
      const found = plan([path], 40);
      expect([because(found, "touched"), found.isWide], path).to.deep.equal([[], false]);
      expect(because(found, "turn"), path).to.have.members(optional);
    }
  });

  it("has a part of each room when all rooms stand on what has changed, or nobody knows what has", () => {
    for (const paths of [["engine/apply.ts"], ["images/base/customize.sh"], ["a-new-folder/file"], undefined]) {
      const found = plan(paths, 40);
      expect(found.isWide, String(paths)).to.equal(true);
      const sampled = [...because(found, "sample"), ...because(found, "touched")];
      const airflow = sampled.filter((name) => ["dags", "scheduler"].includes(name));
      expect(airflow, String(paths)).to.have.length(1);
      expect(sampled, String(paths)).to.include.members(["retry", "hop-kafka", "windows", "cassandra"]);
    }
  });

  it("fills its time by turns, and tells when the others are due", () => {
    const found = plan([], SPINE + 3);
    const first = inTurn(optional, 12).map(({ name }) => name);
    expect(because(found, "turn")).to.deep.equal(first.slice(0, 1));
    expect(found.left.map(({ name }) => name)).to.deep.equal(first.slice(1));
    for (const { name, dueIn } of found.left) expect(inTurn(optional, 12 + dueIn)[0]?.name).to.equal(name);
  });

  it("takes by turn what is touched and more than fits, and names the others as touched", () => {
    const found = plan(["dags/lake_maintenance.py"], SPINE + 3);
    expect([because(found, "touched"), because(found, "partly").length]).to.deep.equal([[], 1]);
    expect(found.left.filter(({ isTouched }) => isTouched)).to.have.length(1);
  });

  it("never has what is only for long runs", () => {
    expect(Object.keys(plan(["components/kafka.ts"], 500).reasons)).to.not.include("scale");
  });

  it("never takes longer than its time, but for the spine", () => {
    for (let turn = 0; turn < 60; turn++) {
      for (const budget of [SPINE, 15, 20, 25, 30]) {
        const found = plan(["components/kafka.ts"], budget, turn);
        expect(found.minutes).to.be.at.most(budget);
        expect(minutesOf(parts, found.stages)).to.equal(found.minutes);
      }
    }
  });

  it("goes on from any part of a later or of the same stage", () => {
    const { stages } = plan(["dags/lake_maintenance.py", "components/cassandra/cassandra.ts"], 40);
    expect(fromPart(stages, "cassandra")).to.deep.equal([{ profile: "pipeline", parts: ["cassandra"] }]);
    expect(fromPart(stages, "scheduler").map(({ profile }) => profile)).to.deep.equal(["studio", "pipeline"]);
    expect(fromPart(stages, "scheduler")[0]?.parts[0]).to.equal("scheduler");
    expect(() => fromPart(stages, "skeduler")).to.throw(/--from skeduler: there is no such part.*scheduler/);
  });
});

describe("turns of parts", () => {
  const names = Array.from({ length: 30 }, (_, index) => `part-${index}`);

  it("bring each to the first place once in as many commits as there are parts", () => {
    for (const begin of [0, 7, 300]) {
      const lap = Math.ceil(begin / names.length) * names.length;
      const first = names.map((_, index) => inTurn(names, lap + index)[0]?.name);
      expect(new Set(first).size).to.equal(names.length);
    }
  });

  it("tell in how many commits each is the first", () => {
    for (const turn of [0, 13, 335]) {
      const turns = inTurn(names, turn);
      expect(turns.map(({ name }) => name)).to.have.members(names);
      for (const { name, dueIn } of turns) expect(inTurn(names, turn + dueIn)[0]?.name).to.equal(name);
      for (const { dueIn } of turns) expect(dueIn).to.be.within(0, 2 * names.length - 1);
    }
  });

  it("bring up every part within two laps, or within 16 runs of half of them, however many commits a push has", () => {
    const placesPerRun = 15;
    for (let push = 1; push <= 120; push++) {
      const seen = new Set<string>();
      let runs = 0;
      for (; seen.size < names.length && runs < 100; runs++) {
        for (const { name } of inTurn(names, 335 + runs * push).slice(0, placesPerRun)) seen.add(name);
      }
      const most = Math.max(16, (2 * names.length) / push);
      expect(runs, `pushes of ${push} commits`).to.be.at.most(most);
    }
  });

  it("are none for no parts", () => {
    expect(inTurn([], 5)).to.deep.equal([]);
  });
});
