import { expect } from "chai";

import { footprint } from "../../config/fit.ts";
import { loadConfig } from "../../config/index.ts";
import { SMALL_GIB } from "./faults/resize.ts";
import { alone, parts } from "./parts.ts";
import { PLATFORM, rooms } from "./selection/owners.ts";
import { minutesOf, RECOVERY, type Stage, stagesOf } from "./selection/plan.ts";

const names = Object.keys(parts);
const usual = names.filter((name) => parts[name]?.isLong === undefined);
const partsOf = (stages: readonly Stage[], index: number): readonly string[] => stages[index]?.parts ?? [];

describe("parts of the end-to-end test", () => {
  it("are run with the first profile that can, and once in a whole life", () => {
    const stages = stagesOf(parts, ["studio", "pipeline", "streams"], usual);
    const both = partsOf(stages, 0).filter((name) => partsOf(stages, 1).includes(name));
    expect(both).to.deep.equal(["unchanged", "memory", RECOVERY]);
    const run = new Set(stages.flatMap((stage) => stage.parts));
    expect(usual.filter((name) => !run.has(name))).to.deep.equal([]);
  });

  it("are those of the data path for the smallest profile", () => {
    expect(partsOf(stagesOf(parts, ["core"], usual), 0)).to.deep.equal([
      "check",
      "values",
      "logins",
      "unchanged",
      "memory",
      "kafka",
      "stream",
      "time",
      "owners",
      "edges",
      "retry",
      "audit",
      "faults-api-server",
      "faults-pods",
      "catalog",
      "hop-spark",
      "hop-presto",
      "hop-kafka",
      "hop-object-store",
      "hop-catalog",
      "recovery",
      "resize",
    ]);
  });

  it("are all of them but those of streams for the profile that has all other services", () => {
    const others = names.filter((name) => parts[name]?.needs !== "streams");
    expect(partsOf(stagesOf(parts, ["full"], names), 0)).to.deep.equal(others);
  });

  it("look for recovery after all that breaks a hop, and lock accounts after that", () => {
    const order = partsOf(stagesOf(parts, ["studio"], usual), 0);
    const broken = names.filter((name) => parts[name]?.breaksHops);
    expect(broken).to.have.length(27);
    for (const name of broken) expect(names.indexOf(name), name).to.be.lessThan(names.indexOf(RECOVERY));
    expect(order.indexOf("airflow-login")).to.be.greaterThan(order.indexOf(RECOVERY));
  });

  it("are not followed by a recovery where nothing was broken", () => {
    const [stage] = stagesOf(parts, ["studio"], ["dags"]);
    expect(stage?.parts).to.deep.equal(["check", "unchanged", "memory", "kafka", "stream", "dags"]);
  });

  it("belong to rooms that there are, and every room has one", () => {
    const known = [...rooms, PLATFORM];
    const asked = new Set(Object.values(parts).flatMap((part) => part.rooms));
    expect([...asked].filter((room) => !known.includes(room))).to.deep.equal([]);
    expect(known.filter((room) => !asked.has(room))).to.deep.equal([]);
  });

  it("carry their minutes: the spine is a small share of them", () => {
    for (const [name, { minutes }] of Object.entries(parts)) expect(minutes, name).to.be.greaterThan(0);
    expect(minutesOf(parts, stagesOf(parts, ["studio", "pipeline"], []))).to.be.lessThan(20);
  });

  it("leave out of a whole life what takes the platform away", () => {
    expect(Object.keys(alone)).to.deep.equal(["slow-node", "garage"]);
    for (const name of Object.keys(alone)) expect(parts).to.not.have.property(name);
  });

  it("ask for at most 18 GiB of claims, also once each has grown", () => {
    const services = Object.fromEntries(
      Object.entries(SMALL_GIB).map(([key, gibibytes]) => [
        key,
        { storage: { kind: "persistent", size: `${gibibytes + 1}Gi` } },
      ]),
    );
    const rows = footprint(loadConfig({ "millrace:profile": "full", "millrace:services": services }));
    expect(rows.reduce((sum, { diskGi }) => sum + diskGi, 0)).to.equal(18);
  });
});
