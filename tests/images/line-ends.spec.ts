import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { filesBelow, repositoryDir } from "../../platform/images/files.ts";

/** What runs or is read in a Linux container. */
const inContainers = /\.(sh|py|ts|yaml|json|cql|lock|txt)$|(^|\/)Dockerfile$/;
const folders = ["images", "clusters", "python", "dags", "notebooks", "components"];

describe("line ends", () => {
  it("are LF in every file that comes into a container, whatever machine it was written on", () => {
    const files = folders
      .flatMap((folder) => filesBelow(repositoryDir, folder))
      .filter((file) => inContainers.test(file));
    const wrong = files.filter((file) => readFileSync(join(repositoryDir, file), "latin1").includes("\r\n"));
    expect(wrong).to.deep.equal([]);
    expect(files).to.not.be.empty;
  });

  it("are kept LF by Git on a machine whose own are others", function () {
    if (!existsSync(join(repositoryDir, ".git"))) this.skip();
    const said = execFileSync("git", ["check-attr", "eol", "--", "cli/millrace", "components/spark/image/Dockerfile"], {
      cwd: repositoryDir,
      encoding: "utf8",
    });
    expect(said.trim().split("\n")).to.deep.equal([
      "cli/millrace: eol: lf",
      "components/spark/image/Dockerfile: eol: lf",
    ]);
  });
});
