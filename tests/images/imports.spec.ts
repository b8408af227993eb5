import { expect } from "chai";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import ts from "typescript";
import { filesBelow, type ImageName, repositoryDir, sourceFolders } from "../../images/tags.ts";

/** Images whose programs Node runs from the repository's own sources; the display's are in `tests/display/settings.spec.ts`. */
const programs: readonly ImageName[] = ["tools"];

/** Modules of the repository that a file loads when it runs: imports of types are gone by then. */
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
    )
    .filter((specifier) => specifier.startsWith("."))
    .map((specifier) => join(dirname(file), specifier));
}

describe("images/imports", () => {
  for (const name of programs) {
    it(`carries every module that the programs of ${name} load`, () => {
      const carried = sourceFolders(name)
        .flatMap((folder) => filesBelow(repositoryDir, folder))
        .filter((file) => file.endsWith(".ts"));
      const missing = carried.flatMap((file) =>
        loadedBy(file)
          .filter((module) => !carried.includes(module))
          .map((module) => `${file} loads ${module}`),
      );
      expect(missing).to.deep.equal([]);
      expect(carried).to.not.be.empty;
    });
  }
});
