import { expect } from "chai";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { placeLibrary } from "../../../platform/images/library.ts";
import { run } from "../../../platform/images/run.ts";
import { filesBelow, repositoryDir } from "../../../platform/images/files.ts";

const { version } = JSON.parse(readFileSync(join(repositoryDir, "package.json"), "utf8")) as { version: string };
const work = { report: (): void => undefined, signal: new AbortController().signal };

describe("platform/images/library", function () {
  // The build backend comes from the package index once.
  this.timeout(180_000);
  let folder: string;
  const toolsBefore = process.env["MILLRACE_TOOLS"];

  before(async () => {
    process.env["MILLRACE_TOOLS"] = "host";
    folder = mkdtempSync(join(tmpdir(), "millrace-library-"));
    await placeLibrary(folder, work);
  });

  after(() => {
    if (toolsBefore === undefined) delete process.env["MILLRACE_TOOLS"];
    else process.env["MILLRACE_TOOLS"] = toolsBefore;
    rmSync(folder, { recursive: true, force: true });
  });

  it("installs a package that Python imports and knows by the program's version", async () => {
    const program =
      "import millrace, importlib.metadata as m; print(millrace.__file__, millrace.__version__, m.version('millrace'))";
    const env = { PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1" };
    expect((await run("python3", ["-c", program], { env })).trim()).to.equal(
      `${join(folder, "millrace/__init__.py")} ${version} ${version}`,
    );
  });

  it("carries every file of the sources, and nothing of the machine that built it", () => {
    const sources = filesBelow(repositoryDir, "python/millrace").map((file) => file.slice("python/".length));
    expect(filesBelow(folder, "millrace")).to.deep.equal(sources);
    for (const file of sources) {
      expect(readFileSync(join(folder, file)), file).to.deep.equal(readFileSync(join(repositoryDir, "python", file)));
    }
    const metadata = `millrace-${version}.dist-info`;
    expect(readdirSync(folder).sort()).to.deep.equal(["millrace", metadata]);
    // pip writes this file when it installs from a path, and the path is in it.
    expect(existsSync(join(folder, metadata, "direct_url.json"))).to.equal(false);
  });
});
