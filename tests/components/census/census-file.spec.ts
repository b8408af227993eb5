import { expect } from "chai";
import { CensusFile, type CensusFileArgs, censusFileProblems } from "../../../components/census/census-file.ts";
import { podProblems } from "../../../platform/hardening.ts";
import { envOf, resources, s3 } from "../../support/fixtures.ts";
import { mock, type Mocked, namesOf } from "../../support/mocks.ts";

describe("CensusFile", () => {
  let mocked: Mocked;
  beforeEach(async () => {
    mocked = await mock();
  });

  const make = (args: Partial<CensusFileArgs> = {}) =>
    new CensusFile("census-file", {
      namespace: "data",
      toolsImage: "tools:1",
      objectStore: s3("census-file"),
      bucket: "inputs",
      rows: 20_000,
      seed: 1,
      resources,
      ...args,
    });

  it("is written by one Job, with the file's own key", async () => {
    const file = make({ parts: 3 });
    const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "census-file");
    expect(envOf(inputs)).to.deep.equal({
      S3_URL: "http://s3.example:9000",
      S3_PATH_STYLE: "true",
      BUCKET: "inputs",
      PREFIX: "census/",
      ROWS: "20000",
      SEED: "1",
      PARTS: "3",
      AWS_ACCESS_KEY_ID: "key-census-file/accessKey",
      AWS_SECRET_ACCESS_KEY: "key-census-file/secretKey",
      AWS_REGION: "eu-1",
    });
    const { containers } = inputs.spec.template.spec;
    expect(containers[0].command).to.deep.equal(["node", "/opt/millrace/components/census/programs/census-file.ts"]);
    expect(podProblems(inputs.spec.template.spec, false)).to.deep.equal([]);
    expect(await namesOf(file.ready)).to.deep.equal(["census-file"]);
    expect(file.prefix).to.equal("census/");
  });

  for (const [parts, parallelism] of [
    [1, 1],
    [3, 3],
    [100, 10],
  ] as const) {
    it(`gives each of ${parts} parts a pod that knows its index, ${parallelism} at the same time`, async () => {
      make({ parts });
      const { inputs } = await mocked.get("kubernetes:batch/v1:Job", "census-file");
      expect(inputs.spec).to.include({ completionMode: "Indexed", completions: parts, parallelism });
    });
  }

  const wrong: [string, Partial<CensusFileArgs>, string][] = [
    ["nobody", { rows: 0 }, "census: rows is 0; give a whole number from 1 to 10000000"],
    ["too many people", { rows: 10_000_001 }, "census: rows is 10000001; give"],
    ["a seed below 0", { seed: -1 }, "census: seed is -1; give a whole number from 0 to 2147483647"],
    ["half a part", { parts: 1.5 }, "census: parts is 1.5; give a whole number from 1 to 100"],
  ];
  for (const [what, args, message] of wrong) {
    it(`refuses ${what}`, () => {
      expect(censusFileProblems({ rows: 1, seed: 0, ...args }).join()).to.contain(message);
      expect(() => make(args)).to.throw(message);
    });
  }

  it("tells all problems together", () => {
    expect(censusFileProblems({ rows: 0, seed: -1, parts: 0 })).to.have.length(3);
  });
});
