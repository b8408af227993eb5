import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { webSources } from "../../../../components/display/image/web.ts";
import { repositoryDir } from "../../../../platform/images/files.ts";

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
}

function manifestOf(folder: string): Manifest {
  return JSON.parse(readFileSync(join(repositoryDir, folder, "package.json"), "utf8")) as Manifest;
}

describe("components/display/image/web", () => {
  it("builds the pages from their own folder and from what they share with the server", () => {
    const sources = webSources();
    expect(sources).to.include.members([
      "display/protocol.ts",
      "display/web/angular.json",
      "display/web/package-lock.json",
      "display/web/src/index.html",
      "display/web/src/main.ts",
    ]);
    expect(sources.filter((file) => /node_modules|\.angular|\/dist\//.test(file))).to.deep.equal([]);
  });

  it("pins every package of the pages, in the versions that the root has of the same", () => {
    const [web, root] = [manifestOf("display/web"), manifestOf(".")];
    const wanted = { ...web.dependencies, ...web.devDependencies };
    const there: Readonly<Record<string, string>> = { ...root.dependencies, ...root.devDependencies };
    for (const [name, version] of Object.entries(wanted)) {
      expect(version, name).to.match(/^\d+\.\d+\.\d+$/);
      if (there[name] !== undefined) expect(version, name).to.equal(there[name]);
    }
  });

  it("locks files by their hash and names no registry", () => {
    const lock = readFileSync(join(repositoryDir, "display/web/package-lock.json"), "utf8");
    expect(lock).to.include('"integrity": "sha512-').and.not.include('"resolved"');
  });
});
