import { expect } from "chai";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type LockedPackage, parsePypiLock, readLock } from "../../../platform/images/lock-files.ts";
import { executorLibraries } from "../../../components/spark/image/recipe.ts";
import { sparkVersions } from "../../../components/spark/image/versions.ts";
import type { Recipe } from "../../../platform/images/recipe.ts";
import { baseOf, imageFolder, imageNames } from "../../../images/tags.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { versions } from "../../../platform/images/versions.ts";
import { parseOffers, pythonLock, sharedLock, sharedPackages } from "../../../platform/images/wheels.ts";

const recipes = new Map<string, NonNullable<Recipe["python"]>>();
for (const name of imageNames) {
  const file = join(repositoryDir, imageFolder(name), "recipe.ts");
  if (!existsSync(file)) continue;
  const { python } = ((await import(file)) as { default: Recipe }).default;
  if (python !== undefined) recipes.set(name, python);
}
const images = [...recipes.keys()];
const lockOf = (name: string): string =>
  name === "python" ? sharedLock : pythonLock(join(repositoryDir, imageFolder(name)));
const locked = (name: string): LockedPackage[] => parsePypiLock(readLock(lockOf(name)), lockOf(name));
const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_.]+/g, "-");

describe("platform/images/wheels", () => {
  it("tells which package each hash of a resolution is a file of", () => {
    const [one, two, three] = ["1", "2", "3"].map((digit) => digit.repeat(64));
    const text = `numpy==2.4.6 \\
    --hash=sha256:${one ?? ""} \\
    --hash=sha256:${two ?? ""}
six==1.17.0 \\
    --hash=sha256:${three ?? ""}
`;
    expect([...parseOffers(text)]).to.deep.equal([
      [one, { name: "numpy", version: "2.4.6" }],
      [two, { name: "numpy", version: "2.4.6" }],
      [three, { name: "six", version: "1.17.0" }],
    ]);
  });

  it("shares what every image has as the same file, and nothing that only some have", () => {
    const entry = (name: string, sha256: string): LockedPackage => ({ name, version: "1", sha256 });
    const [six, numpy, other] = [entry("six", "a"), entry("numpy", "b"), entry("numpy", "c")];
    expect(
      sharedPackages([
        [six, numpy],
        [other, six],
      ]),
    ).to.deep.equal([six]);
    expect(sharedPackages([[six, numpy], [numpy, six], [numpy]])).to.deep.equal([numpy]);
  });
});

describe("the locks of the Python images", () => {
  it("are there for every image on the Python base", () => {
    expect(images).to.have.members(imageNames.filter((name) => baseOf(name) === "python"));
  });

  for (const image of images) {
    const all = [...locked("python"), ...locked(image)];

    it(`hold each package of ${image} once`, () => {
      const names = all.map(({ name }) => plain(name));
      expect(names).to.deep.equal([...new Set(names)]);
    });

    it(`hold what the recipe of ${image} asks for, in the version that it asks for, and not what it leaves out`, () => {
      const of = new Map(all.map(({ name, version }) => [plain(name), version]));
      const { requirements, without = [] } = recipes.get(image)!;
      for (const requirement of requirements) {
        const [, name = "", exact] = /^([\w-]+)(?:==(.+)|[<>].*)?$/.exec(requirement) ?? [];
        expect(of.has(plain(name)), requirement).to.be.true;
        if (exact !== undefined) expect(of.get(plain(name))).to.equal(exact);
      }
      for (const name of without) expect(of.has(name), name).to.be.false;
    });
  }

  it("share the libraries of notebooks, so that a notebook gives the same result wherever it runs", () => {
    const shared = locked("python").map(({ name }) => plain(name));
    expect(shared).to.include.members(["pandas", "pyarrow", "matplotlib", "papermill", "pyspark-client", "boto3"]);
    expect(locked("python").find(({ name }) => name === "pyspark-client")?.version).to.equal(sparkVersions.spark);
  });

  it("share what Spark's executors have, so that a function gives the same there as in the notebook", () => {
    const shared = locked("python").map(({ name }) => name);
    expect(executorLibraries).to.include("numpy");
    expect(shared).to.include.members([...executorLibraries]);
    const dockerfile = readFileSync(join(repositoryDir, imageFolder("spark"), "Dockerfile"), "utf8");
    expect(dockerfile).to.contain(`COPY packages /usr/local/lib/python${versions.python}/dist-packages\n`);
    for (const name of executorLibraries) expect(dockerfile).to.contain(`python3 -c "import ${name};`);
  });

  it("are installed by the same first steps in every image, for else they share no layer", () => {
    const first = images.map((image) => {
      const text = readFileSync(join(repositoryDir, imageFolder(image), "Dockerfile"), "utf8");
      return text.slice(text.indexOf("ARG BASE"), text.indexOf("COPY --from=own"));
    });
    expect(first[0]).to.contain("FROM ${BASE}\nCOPY --from=shared /layer /\n");
    expect(new Set(first).size).to.equal(1);
  });
});
