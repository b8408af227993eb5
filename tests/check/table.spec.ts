import { expect } from "chai";
import { hopNames, table, tableOf } from "../../check/table.ts";
import { rooms } from "../../components/index.ts";
import { roomHops } from "../../components/hops.ts";
import { defineHops, type RoomHop, secretVariable } from "../../platform/hops/define-hops.ts";

const make = (): undefined => undefined;
const room = (name: string, ...hops: Omit<RoomHop<object>, "make">[]) =>
  defineHops({ room: name, hops: hops.map((hop) => ({ ...hop, make })) });
const namesOf = (...all: Parameters<typeof tableOf>[0]): string[][] =>
  tableOf(all).map((branch) => branch.map(({ hop }) => hop.name));

describe("the table of hops", () => {
  it("has the path first, then what stands beside it, then what looks at the past", () => {
    expect(table.map((branch) => branch.map(({ hop }) => hop.name))).to.deep.equal([
      ["kafka", "object-store", "spark", "catalog", "presto", "dead-letter"],
      ["telemetry"],
      ["airflow"],
      ["notebooks"],
      ["pump", "live", "cassandra", "presto-cassandra", "lake", "display"],
      ["race"],
      ["race-spark"],
      ["race-flink"],
      ["census"],
      ["connect"],
      ["zookeeper"],
      ["nifi"],
      ["logs"],
      ["metrics"],
      ["audit"],
      ["portal"],
      ["logins"],
      ["spark-history"],
      ["census-dag"],
      ["maintenance"],
      ["backup"],
    ]);
    expect(hopNames).to.deep.equal(table.flat().map(({ hop }) => hop.name));
  });

  it("has one part of each room, under the name of its service", () => {
    const names = roomHops.map((one) => one.room);
    expect(new Set(names).size).to.equal(names.length);
    expect(Object.keys(rooms)).to.include.members(names);
  });

  it("puts a hop right after the one that it names, whichever room is listed first", () => {
    expect(namesOf(room("b", { name: "second", after: "first" }), room("a", { name: "first" }))).to.deep.equal([
      ["first", "second"],
    ]);
    expect(
      namesOf(
        room("a", { name: "late", branch: "past" }, { name: "beside" }),
        room("b", { name: "path", branch: "path" }),
      ),
    ).to.deep.equal([["path"], ["beside"], ["late"]]);
  });

  it("refuses names twice, places that are none, and needs that come later, all at once", () => {
    const wrong = [
      room("a", { name: "one" }, { name: "one" }, { name: "two", after: "none" }),
      room("b", { name: "three", needs: ["four"], waitsFor: ["nine"] }, { name: "four", after: "three" }),
      room("c", { name: "five", after: "six" }, { name: "six", after: "five" }),
      { ...room("d"), cleanups: { seven: () => [] } },
    ];
    expect(() => tableOf(wrong)).to.throw(
      [
        "there are two hops one",
        "hop two comes after none, which begins no branch and is in none",
        "hop five comes after six, which begins no branch and is in none",
        "hop six comes after five, which begins no branch and is in none",
        "hop three needs four, which does not come before it",
        "hop three waits for nine, which does not come before it",
        "d cleans up after hop seven, which there is none of",
      ].join("\n"),
    );
  });

  it("has a variable for each secret, by the names of both", () => {
    expect(secretVariable("objectStore", "accessKey")).to.equal("OBJECT_STORE_ACCESS_KEY");
    const variables = roomHops.flatMap((one) =>
      Object.keys(one.secrets ?? {}).map((secret) => secretVariable(one.room, secret)),
    );
    expect(new Set(variables).size).to.equal(variables.length);
  });
});
