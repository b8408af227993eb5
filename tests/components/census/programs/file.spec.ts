import { expect } from "chai";
import { createHash } from "node:crypto";
import {
  digestOf,
  type PartBucket,
  type PartDigest,
  partName,
  partText,
  putPart,
} from "../../../../components/census/programs/file.ts";
import { makePerson } from "../../../../components/census/programs/people.ts";

const header = "person,region,sex,age,education,occupation,hours_per_week,income";
const text = (rows: number, part = 0, parts = 1): string => [...partText({ rows, seed: 1, parts, part })].join("");
const linesOf = (content: string): string[] => content.split("\n").slice(1, -1);

/** A bucket in memory that counts what is written. */
class FakeBucket implements PartBucket {
  readonly objects = new Map<string, { content: string; noted: PartDigest | undefined }>();
  writes = 0;

  list(): Promise<string[]> {
    return Promise.resolve([...this.objects.keys()]);
  }
  stat(name: string): ReturnType<PartBucket["stat"]> {
    const found = this.objects.get(name);
    if (found === undefined) return Promise.resolve(undefined);
    return Promise.resolve({ bytes: Buffer.byteLength(found.content), sha256: found.noted?.sha256 });
  }
  put(name: string, content: Iterable<string>, noted: PartDigest): Promise<void> {
    this.objects.set(name, { content: [...content].join(""), noted });
    this.writes++;
    return Promise.resolve();
  }
  remove(name: string): Promise<void> {
    this.objects.delete(name);
    return Promise.resolve();
  }
}

const putAll = async (bucket: PartBucket, rows: number, parts: number): Promise<string[]> => {
  const lines: string[] = [];
  for (let part = 0; part < parts; part++) lines.push(...(await putPart(bucket, { rows, seed: 1, parts, part })));
  return lines;
};

describe("census file", () => {
  it("has a header line and a line for each person, in the order of people", () => {
    const { person, region, sex, age, education, occupation, hours_per_week, income } = makePerson(1, 4500);
    const lines = text(4501).split("\n");
    expect(lines[0]).to.equal(header);
    expect(lines).to.have.length(4503);
    expect(lines[4501]).to.equal(
      [person, region, sex, age, education, occupation, hours_per_week, income].map(String).join(","),
    );
    expect(lines[4502]).to.equal("");
  });

  for (const [rows, parts] of [
    [10, 3],
    [7, 7],
    [2, 5],
    [5000, 2],
  ] as const) {
    it(`holds the same people in ${parts} parts as in one, of ${rows}`, () => {
      const shares = Array.from({ length: parts }, (_, part) => linesOf(text(rows, part, parts)));
      expect(shares.flat()).to.deep.equal(linesOf(text(rows)));
      const sizes = shares.map((lines) => lines.length);
      expect(Math.max(...sizes) - Math.min(...sizes)).to.be.at.most(1);
    });
  }

  it("is described by the bytes and the hash of its text", () => {
    const whole = text(4001);
    expect(digestOf(partText({ rows: 4001, seed: 1, parts: 1, part: 0 }))).to.deep.equal({
      bytes: Buffer.byteLength(whole),
      sha256: createHash("sha256").update(whole).digest("hex"),
    });
  });

  it("names its parts so that they sort", () => {
    expect([0, 12, 100].map(partName)).to.deep.equal(["part-00000.csv", "part-00012.csv", "part-00100.csv"]);
  });

  it("is written once: again nothing is written", async () => {
    const bucket = new FakeBucket();
    const [first] = await putAll(bucket, 100, 2);
    expect(first).to.match(/^part-00000\.csv: written, \d+ bytes$/);
    const again = await putAll(bucket, 100, 2);
    expect(bucket.writes).to.equal(2);
    expect(again[0]).to.match(/^part-00000\.csv: is there already with these \d+ bytes$/);
  });

  it("replaces parts of another content, also of the same size and without a noted hash", async () => {
    const bucket = new FakeBucket();
    await putAll(bucket, 100, 1);
    const right = bucket.objects.get("part-00000.csv")?.content ?? "";
    bucket.objects.set("part-00000.csv", { content: right.replace("\n0,", "\n9,"), noted: undefined });
    expect((await putAll(bucket, 100, 1))[0]).to.match(/^part-00000\.csv: replaced, /);
    expect(bucket.objects.get("part-00000.csv")?.content).to.equal(right);
  });

  it("leaves no parts of a larger set, and leaves alone what is none of its own", async () => {
    const bucket = new FakeBucket();
    await putAll(bucket, 100, 4);
    bucket.objects.set("notes.txt", { content: "mine", noted: undefined });
    const lines = await putAll(bucket, 100, 2);
    expect(bucket.objects).to.have.all.keys("part-00000.csv", "part-00001.csv", "notes.txt");
    expect(lines).to.include("part-00003.csv: removed, for there are 2 parts now");
  });
});
