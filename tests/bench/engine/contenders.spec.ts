import { expect } from "chai";
import { check, cpuMsOf } from "../../../bench/engine/contenders.ts";
import type { Row } from "../../../bench/engine/figures.ts";
import { objectsOf } from "../../../bench/engine/objects.ts";
import { readSizes, resultOf } from "../../../bench/engine.ts";
import { UserError } from "../../../cli/errors.ts";
import type { EngineResult } from "../../../engine/types.ts";

const result = (changes: Partial<EngineResult["changes"]>, errors: string[] = []): EngineResult => ({
  ok: errors.length === 0,
  changes: { create: 0, update: 0, replace: 0, delete: 0, same: 0, read: 0, ...changes },
  durationMs: 1,
  outputs: {},
  errors,
});

describe("objects of the engines' measurement", () => {
  it("are ConfigMaps and Services in turn, each with a name of its own", () => {
    const objects = objectsOf({ count: 5, revision: 1 });
    expect(objects.map(({ kind }) => kind)).to.deep.equal([
      "ConfigMap",
      "Service",
      "ConfigMap",
      "Service",
      "ConfigMap",
    ]);
    expect(new Set(objects.map(({ metadata }) => metadata.name)).size).to.equal(5);
  });

  it("differ in the first one alone when the revision does", () => {
    const [before, after] = [1, 2].map((revision) => objectsOf({ count: 4, revision }));
    expect(after?.slice(1)).to.deep.equal(before?.slice(1));
    expect(before?.[0]?.data?.["revision"]).to.equal("1");
    expect(after?.[0]?.data?.["revision"]).to.equal("2");
  });
});

describe("a run that is measured", () => {
  it("counts when it did what it should, the stack and the provider beside", () => {
    check("local", "create", 10, result({ create: 12 }));
    check("local", "unchanged", 10, result({ same: 12 }));
    check("local", "change", 10, result({ update: 1, same: 11 }));
    check("local", "destroy", 10, result({ delete: 12 }));
  });

  it("does not when it did something else, or failed", () => {
    expect(() => {
      check("local", "unchanged", 10, result({ create: 10 }));
    }).to.throw("unchanged of 10 objects: 10 × create, expected 0");
    expect(() => {
      check("local", "change", 10, result({ update: 2 }));
    }).to.throw("2 × update, expected 1");
    expect(() => {
      check("local", "destroy", 10, result({ delete: 9 }));
    }).to.throw("9 × delete, expected 10");
    expect(() => {
      check("pulumi", "create", 10, result({}, ["no plugin"]));
    }).to.throw("failed: no plugin");
  });

  it("has the processor's time of all children, user's and system's", () => {
    expect(cpuMsOf("0m0.001s 0m0.002s\n1m2.500s 0m0.250s\n")).to.equal(62_750);
    expect(cpuMsOf("")).to.equal(0);
  });

  it("is of sizes in rising order, and of no others", () => {
    expect(readSizes(undefined)).to.deep.equal([10, 100, 500, 2000]);
    expect(readSizes("100,10,100")).to.deep.equal([10, 100]);
    expect(() => readSizes("10,x,0,9999")).to.throw(
      UserError,
      '--sizes "10,x,0,9999": "x", "0", "9999" is not allowed',
    );
    expect(() => readSizes("")).to.throw(UserError, '"" is not allowed');
  });
});

describe("the verdict about the engines", () => {
  const row: Omit<Row, "cpuMs"> = {
    contender: "local",
    operation: "create",
    ...{ msPerObject: 1, interceptMs: 1, peakMiB: 1 },
    ...{ cpuMsPerObject: 1, cpuInterceptMs: 1, ms: { "10": 1, "100": 1, "500": 1 } },
  };
  const straight: Row = { ...row, cpuMs: { "10": 100, "100": 1000, "500": 5000 } };

  it("is good when nothing is left and the work grows with the number", () => {
    expect(resultOf([straight], 0).document).to.deep.include({ bench: "ok" });
  });

  it("is not when objects are left", () => {
    const { document, text } = resultOf([straight], 3);
    expect(document.bench).to.equal("failed");
    expect(text).to.contain("3 objects are left");
  });

  it("is not when the local engine's work grows faster, whatever kubectl's does", () => {
    const bent: Row = { ...row, cpuMs: { "10": 100, "100": 1000, "500": 50_000 } };
    expect(resultOf([bent], 0).document.verdicts).to.deep.equal({ nothingLeft: true, createLinear: false });
    expect(resultOf([straight, { ...bent, contender: "kubectl" }], 0).document.bench).to.equal("ok");
  });
});
