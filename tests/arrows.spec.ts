import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect } from "chai";
import ts from "typescript";

const root = join(import.meta.dirname, "..");

/** What each part may import beside itself, as beginnings of paths; what imports it is never among them. */
const below: Readonly<Record<string, readonly string[]>> = {
  platform: [],
  // Each image is its room's.
  images: ["platform/", "components/index.ts"],
  display: ["platform/", "components/"],
  components: ["platform/", "display/protocol.ts"],
  check: ["platform/", "components/hops.ts"],
  config: ["platform/", "components/", "images/", "clusters/profile.ts"],
  clusters: ["platform/", "components/index.ts", "config/", "images/"],
  engine: ["platform/", "clusters/kubeconfig.ts", "clusters/kubernetes-client.ts"],
  policies: ["platform/", "config/child.ts"],
  audit: ["platform/", "components/", "images/", "config/", "clusters/profile.ts"],
  cli: ["platform/", "components/", "images/", "check/", "config/", "clusters/", "engine/", "audit/"],
  "index.ts": ["platform/", "components/", "images/", "config/", "clusters/", "guard.ts"],
  "guard.ts": ["config/", "clusters/", "engine/stack-id.ts", "engine/recorded.ts", "platform/names.ts"],
};

/** Each file of TypeScript in the repository, with the files that it imports, types included. */
function readImports(): Map<string, readonly string[]> {
  const listed = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "*.ts"], {
    cwd: root,
    encoding: "utf8",
  });
  const files = listed.split("\n").filter((file) => file !== "" && existsSync(join(root, file)));
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), "utf8"), true, true);
      const own = importedFiles.map(({ fileName }) => fileName).filter((name) => name.startsWith("."));
      return [file, [...new Set(own.map((name) => join(dirname(file), name)))]];
    }),
  );
}

/** The first circle that is found from each file on, as a path back to its beginning. */
function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) circles.push([...path.slice(start), file].join(" → "));
    if (start >= 0 || done.has(file)) return;
    for (const next of imports.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of imports.keys()) visit(file, []);
  return circles;
}

/** Statements of a file that are there at run time, or that nobody outside sees. */
function moreThanTypes(text: string): string[] {
  const source = ts.createSourceFile("endpoint.ts", text, ts.ScriptTarget.Latest);
  const isExported = (node: ts.InterfaceDeclaration | ts.TypeAliasDeclaration): boolean =>
    node.modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false;
  const isType = (statement: ts.Statement): boolean => {
    if (ts.isImportDeclaration(statement)) return statement.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword;
    if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
    return (ts.isInterfaceDeclaration(statement) || ts.isTypeAliasDeclaration(statement)) && isExported(statement);
  };
  return source.statements.filter((one) => !isType(one)).map((one) => one.getText(source));
}

describe("The arrows between files", () => {
  const imports = readImports();
  const partOf = (file: string): string => file.split("/")[0] ?? file;

  it("form no circle, those of types included", () => {
    expect(circlesOf(imports)).to.deep.equal([]);
  });

  it("are seen when they form a circle", () => {
    const some = new Map([
      ["a", ["b", "c"]],
      ["b", ["c"]],
      ["c", ["b"]],
    ]);
    expect(circlesOf(some)).to.deep.equal(["b → c → b"]);
  });

  it("point down: no part imports one that stands on it", () => {
    const up = [...imports].flatMap(([file, targets]) => {
      const allowed = below[partOf(file)];
      if (allowed === undefined) return [];
      const own = targets.filter((target) => partOf(target) !== partOf(file));
      return own.filter((target) => !allowed.some((one) => target.startsWith(one))).map((one) => `${file} → ${one}`);
    });
    expect(up).to.deep.equal([]);
  });

  it("are watched for every part that a run of the platform loads", () => {
    const watched = Object.keys(below);
    const loaded = [...imports].filter(([file]) => watched.includes(partOf(file))).flatMap(([, targets]) => targets);
    expect([...new Set(loaded.map(partOf))].filter((part) => !watched.includes(part))).to.deep.equal([]);
  });

  it("lead to the API server through one client", () => {
    const asks = /\.applyToHTTPSOptions\(|\.makeApiClient\(/;
    const clients = [...imports.keys()].filter(
      (file) => partOf(file) !== "tests" && asks.test(readFileSync(join(root, file), "utf8")),
    );
    expect(clients).to.deep.equal(["clusters/kubernetes-client.ts"]);
  });

  it("cost nothing where a wire is handed over: endpoints are types, and no classes", () => {
    const endpoints = [...imports.keys()].filter((file) =>
      /^(?:components\/[^/]+\/endpoint|platform\/endpoints)\.ts$/.test(file),
    );
    expect(endpoints).to.include.members(["platform/endpoints.ts", "components/kafka/endpoint.ts"]);
    expect(endpoints.flatMap((file) => moreThanTypes(readFileSync(join(root, file), "utf8")))).to.deep.equal([]);
    const types = 'import type { A } from "./a.ts";\nexport type { B } from "./b.ts";\nexport interface C {}\n';
    expect(moreThanTypes(types)).to.deep.equal([]);
    const others = ['import { A } from "./a.ts";', "export class D {}", "interface E {}"];
    expect(moreThanTypes(others.join("\n"))).to.deep.equal(others);
  });
});
