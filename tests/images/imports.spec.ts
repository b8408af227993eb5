import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import ts from "typescript";
import { imageFolder, sourceFolders } from "../../images/tags.ts";
import { filesBelow, repositoryDir } from "../../platform/images/files.ts";

/** Images whose programs Node runs from the repository's own sources, with the folders where these begin. */
const programs: Readonly<Record<string, readonly string[]>> = {
  tools: ["check", ...sourceFolders("tools").filter((folder) => folder.endsWith("/programs"))],
  display: ["display/server"],
};

/** Modules that a file loads when it runs: imports of types are gone by then. */
function loadedBy(file: string): string[] {
  const source = ts.createSourceFile(file, readFileSync(join(repositoryDir, file), "utf8"), ts.ScriptTarget.Latest);
  return source.statements
    .filter((statement) => ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement))
    .filter((statement) =>
      ts.isImportDeclaration(statement)
        ? statement.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword
        : !statement.isTypeOnly,
    )
    .flatMap(({ moduleSpecifier }) =>
      moduleSpecifier !== undefined && ts.isStringLiteral(moduleSpecifier) ? [moduleSpecifier.text] : [],
    );
}

/** Files that are loaded by these and by what they load, as `<file>`, or `<file>, loaded by <file>`, and packages of npm. */
function followed(entries: readonly string[]): { readonly files: Map<string, string>; readonly packages: Set<string> } {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const follow = (file: string, words: string): void => {
    if (files.has(file)) return;
    files.set(file, words);
    for (const specifier of loadedBy(file)) {
      const module = join(dirname(file), specifier);
      if (specifier.startsWith(".")) follow(module, `${module}, loaded by ${file}`);
      else if (!specifier.startsWith("node:")) packages.add(specifier.split("/")[0] ?? "");
    }
  };
  for (const file of entries) follow(file, file);
  return { files, packages };
}

describe("images/imports", () => {
  for (const [name, folders] of Object.entries(programs)) {
    const entries = folders
      .flatMap((folder) => filesBelow(repositoryDir, folder))
      .filter((file) => file.endsWith(".ts"));

    it(`carries every module that the programs of ${name} load`, () => {
      const carried = sourceFolders(name).flatMap((folder) => filesBelow(repositoryDir, folder));
      const missing = [...followed(entries).files]
        .filter(([file]) => !carried.includes(file))
        .map(([, words]) => words);
      expect(missing).to.deep.equal([]);
      expect(entries).to.not.be.empty;
    });

    it(`carries the packages that the programs of ${name} load, and no others`, () => {
      const { dependencies } = JSON.parse(
        readFileSync(join(repositoryDir, imageFolder(name), "package.json"), "utf8"),
      ) as { readonly dependencies: object };
      expect([...followed(entries).packages].sort()).to.deep.equal(Object.keys(dependencies).sort());
    });
  }
});
