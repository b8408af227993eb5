import { expect } from "chai";
import { readFileSync } from "node:fs";
import { iostatParser } from "../../../../components/telemetry/programs/iostat.ts";
import { vmstatParser } from "../../../../components/telemetry/programs/vmstat.ts";

const fixture = (name: string): string[] =>
  readFileSync(new URL(`fixtures/${name}`, import.meta.url), "utf8").split("\n");

describe("vmstat parser", () => {
  it("names each figure by its column and leaves out the averages since boot", () => {
    const parser = vmstatParser();
    const samples = fixture("vmstat.txt")
      .map((line) => parser.push(line))
      .filter((sample) => sample.length > 0);
    expect(samples).to.have.length(2);
    const metrics = samples[0]!.map(({ metric }) => metric);
    expect(metrics).to.include.members(["vmstat.r", "vmstat.free", "vmstat.us", "vmstat.id"]);
    expect(samples[0]!.every(({ value }) => Number.isFinite(value))).to.equal(true);
  });

  it("follows the header when a version of procps has other columns", () => {
    const parser = vmstatParser();
    parser.push(" r  b   swpd   free   us sy id wa st gu");
    parser.push(" 1  0      0 100000    1  2 97  0  0  0");
    expect(parser.push(" 2  0      0 200000    3  4 93  0  0  5")).to.deep.include({ metric: "vmstat.gu", value: 5 });
  });

  it("gives nothing for lines that fit no header", () => {
    const parser = vmstatParser();
    expect(parser.push("1 2 3")).to.deep.equal([]);
    parser.push(" r  free us");
    expect(parser.push("vmstat: something went wrong")).to.deep.equal([]);
    expect(parser.push("1 2")).to.deep.equal([]);
  });
});

describe("iostat parser", () => {
  it("gives each device's figures from a document that is still being written", () => {
    const parser = iostatParser();
    const samples = fixture("iostat.txt")
      .map((line) => parser.push(line))
      .filter((sample) => sample.length > 0);
    expect(samples).to.have.length(2);
    expect(samples[0]!.map(({ metric }) => metric)).to.include.members(["iostat.vda.r/s", "iostat.vda.util"]);
  });

  it("leaves out loop devices and lines that are cut off", () => {
    const parser = iostatParser();
    expect(parser.push('{"disk_device": "loop0", "r/s": 1.00},')).to.deep.equal([]);
    expect(parser.push('{"disk_device": "sda", "r/s": 1.')).to.deep.equal([]);
    expect(parser.push('{"disk_device": "sda", "r/s": 1.00},')).to.deep.equal([{ metric: "iostat.sda.r/s", value: 1 }]);
  });
});
