/**
 * Regenerates an image's lock files: `node images/lock.ts [image...]`. Resolves with the ordinary clients, then
 * writes the full flat list of artifacts with their hashes; the Python images are resolved together. Run it after a change of a recipe or a version.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Of, temporaryDir } from "../platform/images/cache.ts";
import { copyCrate, downloadPypi, type PypiForm } from "../platform/images/fetch.ts";
import { formatMavenLock, type MavenArtifact, readLock } from "../platform/images/lock-files.ts";
import { downloadMaven, listedArtifacts, pomWith, runMaven } from "../platform/images/maven.ts";
import { xmlElements } from "../platform/images/xml.ts";
import { repositoryDir } from "../platform/images/files.ts";
import type { MavenRecipe, MavenRoot, PythonRecipe, Recipe } from "../platform/images/recipe.ts";
import { run } from "../platform/images/run.ts";
import { imageFolder, imageNames, imagesWithNode, isImage } from "./tags.ts";
import { runTool } from "../platform/images/toolbox.ts";
import { lockPython } from "../platform/images/wheels.ts";
import type { Work } from "../platform/images/work.ts";

function dependencyXml(root: MavenRoot, without: readonly string[]): string {
  const [groupId = "", artifactId = "", version = "", type = "jar", classifier] = root.coordinates.split(":");
  const excluded = root.transitive === false ? ["*:*"] : without;
  const exclusions = excluded.map((pattern) => {
    const [group = "", artifact = ""] = pattern.split(":");
    return `<exclusion>${xmlElements({ groupId: group, artifactId: artifact })}</exclusion>`;
  });
  const own = xmlElements({ groupId, artifactId, version, type, classifier });
  return `<dependency>${own}<exclusions>${exclusions.join("")}</exclusions></dependency>`;
}

const work: Work = {
  report(detail) {
    process.stdout.write(`${detail}\n`);
  },
  signal: new AbortController().signal,
};

/** Resolves a recipe by a throw-away pom, and hashes what it comes to. */
async function resolveMaven(recipe: MavenRecipe): Promise<MavenArtifact[]> {
  const folder = await temporaryDir("lock");
  const dependencies = recipe.roots.map((root) => dependencyXml(root, recipe.without ?? [])).join("\n");
  const list = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:list";
  const texts = { "pom.xml": pomWith(`<dependencies>${dependencies}</dependencies>`) };
  const options = ["-q", "-B", list, "-DincludeScope=runtime", "-DoutputFile=out/list.txt"];
  await runMaven(options, { texts, out: folder }, work);
  const artifacts = listedArtifacts(readFileSync(join(folder, "list.txt"), "utf8"));
  const files = await downloadMaven(artifacts, folder, work);
  const hashes = await Promise.all(files.map((file) => sha256Of(file)));
  rmSync(folder, { recursive: true, force: true });
  return artifacts.map((artifact, index) => ({ ...artifact, sha256: hashes[index] ?? "" }));
}

/** Downloads a pinned package, unless it is locked already, and writes pip's own lock form. */
async function lockPypi(name: string, file: string, form: PypiForm): Promise<void> {
  if (readLock(file).startsWith(`${name} `)) return;
  const folder = await temporaryDir("lock");
  const downloaded = await downloadPypi([name], {}, folder, work, form);
  writeFileSync(file, `${name} --hash=sha256:${await sha256Of(downloaded)}\n`);
  rmSync(folder, { recursive: true, force: true });
}

/** Lists the crate and, from the lock file inside it, every crate that it is built from. */
async function lockCargo(crate: NonNullable<Recipe["crate"]>, file: string): Promise<void> {
  const folder = await temporaryDir("lock");
  const id = `${crate.name}-${crate.version}`;
  const manifest =
    `[package]\nname = "lock"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n` +
    `[dependencies]\n${crate.name} = "=${crate.version}"\n`;
  const script = `
cargo fetch
${copyCrate}
tar -xzOf "out/$1.crate" "$1/Cargo.lock" >out/Cargo.lock
`;
  const texts = { "Cargo.toml": manifest, "lib.rs": "" };
  await runTool({ tool: "rust", script, args: [id], texts, out: folder }, work);
  const lines = [`${crate.name} ${crate.version} ${await sha256Of(join(folder, `${id}.crate`))}`];
  const inner = readFileSync(join(folder, "Cargo.lock"), "utf8");
  for (const block of inner.split("[[package]]")) {
    const name = /^name = "(.+)"$/m.exec(block)?.[1];
    const version = /^version = "(.+)"$/m.exec(block)?.[1];
    const checksum = /^checksum = "(.+)"$/m.exec(block)?.[1];
    if (name !== undefined && version !== undefined && checksum !== undefined) {
      lines.push(`${name} ${version} ${checksum}`);
    }
  }
  writeFileSync(file, lines.join("\n") + "\n");
  rmSync(folder, { recursive: true, force: true });
}

/** Brings `go.mod` up to date with the programs that it names, and `go.sum` with that. */
async function lockGo(module: string): Promise<void> {
  const script = `
cd module
go mod tidy
cp go.mod go.sum ../out/
`;
  await runTool({ tool: "go", script, files: { module }, out: module }, work);
}

/** What an image's `recipe.ts` says. */
async function recipeOf(name: string): Promise<Recipe> {
  const file = join(repositoryDir, imageFolder(name), "recipe.ts");
  return existsSync(file) ? ((await import(file)) as { default: Recipe }).default : {};
}

async function lock(name: string): Promise<void> {
  if (!isImage(name)) throw new Error(`"${name}" is not an image; the images are ${imageNames.join(", ")}`);
  const folder = join(repositoryDir, imageFolder(name));
  const { maven, pypiSource, pypiWheel, crate } = await recipeOf(name);
  if (maven !== undefined) writeFileSync(join(folder, "maven.lock"), formatMavenLock(await resolveMaven(maven)));
  if (pypiSource !== undefined) await lockPypi(pypiSource, join(folder, "pypi.lock.txt"), "source");
  if (pypiWheel !== undefined) await lockPypi(pypiWheel, join(folder, "pypi.lock.txt"), "wheel");
  if (crate !== undefined) await lockCargo(crate, join(folder, "cargo.lock"));
  if (existsSync(join(folder, "go.mod"))) await lockGo(folder);
  if (imagesWithNode.includes(name)) {
    await run("npm", ["install", "--package-lock-only", "--ignore-scripts", "--omit=dev"], { cwd: folder });
  }
  process.stdout.write(`locked ${name}\n`);
}

const wanted = process.argv.slice(2);
const names = wanted.length === 0 ? imageNames : wanted;
for (const name of names) await lock(name);
const python = new Map<string, PythonRecipe>();
for (const name of imageNames) {
  const recipe = await recipeOf(name);
  if (recipe.python !== undefined) python.set(join(repositoryDir, imageFolder(name)), recipe.python);
}
if (names.some((name) => python.has(join(repositoryDir, imageFolder(name))))) await lockPython(python, work);
