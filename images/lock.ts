/**
 * Regenerates an image's lock files: `node images/lock.ts [image...]`. Resolves with the host's own clients, then
 * writes the full flat list of artifacts with their hashes; the Python images are resolved together. Run it after a change of `versions.ts` or `recipes.ts`.
 */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { sha256Of, temporaryDir } from "./cache.ts";
import { downloadedCrate } from "./fetch.ts";
import { formatMavenLock, type MavenArtifact, readLock } from "./lock-files.ts";
import { pomWith, runMaven } from "./maven.ts";
import { xmlElements } from "./xml.ts";
import { isForOtherSystem, type MavenRecipe, type MavenRoot, mavenRecipes, pythonRecipes } from "./recipes.ts";
import { run } from "./run.ts";
import { imageNames, imagesWithNode, isImage } from "./tags.ts";
import { versions } from "./versions.ts";
import { lockPython } from "./wheels.ts";

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

/** Resolves a recipe by a throw-away pom and hashes what Maven has put into its local repository. */
async function resolveMaven(recipe: MavenRecipe): Promise<MavenArtifact[]> {
  const folder = await temporaryDir("lock");
  const list = join(folder, "list.txt");
  const dependencies = recipe.roots.map((root) => dependencyXml(root, recipe.without)).join("\n");
  writeFileSync(join(folder, "pom.xml"), pomWith(`<dependencies>${dependencies}</dependencies>`));
  await runMaven([
    "-q",
    "-B",
    "-f",
    join(folder, "pom.xml"),
    "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:list",
    "-DincludeScope=runtime",
    `-DoutputFile=${list}`,
    "-DoutputAbsoluteArtifactFilename=true",
  ]);
  const artifacts: MavenArtifact[] = [];
  for (const line of readFileSync(list, "utf8").split("\n")) {
    const match = /^\s+(\S+:\S+):(?:compile|runtime):(\/.*?)(?: -- .*)?$/.exec(line);
    if (match === null) continue;
    const [coordinates = "", file = ""] = match.slice(1);
    const fields = coordinates.split(":");
    const version = fields.pop() ?? "";
    const [group = "", artifact = "", type = "jar", classifier] = fields;
    if (isForOtherSystem(basename(file))) continue;
    const sha256 = await sha256Of(file);
    artifacts.push({ group, artifact, version, type, ...(classifier === undefined ? {} : { classifier }), sha256 });
  }
  rmSync(folder, { recursive: true, force: true });
  return artifacts;
}

/** Downloads the pinned PySpark, unless it is locked already, and writes pip's own lock form. */
async function lockPypi(file: string): Promise<void> {
  const name = `pyspark==${versions.spark}`;
  if (readLock(file).startsWith(`${name} `)) return;
  const folder = await temporaryDir("lock");
  await run("python3", ["-m", "pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", folder, name]);
  const [downloaded] = readdirSync(folder);
  if (downloaded === undefined) throw new Error(`pip download ${name} left no file in ${folder}`);
  writeFileSync(file, `${name} --hash=sha256:${await sha256Of(join(folder, downloaded))}\n`);
  rmSync(folder, { recursive: true, force: true });
}

/** Lists the crate and, from the lock file inside it, every crate that it is built from. */
async function lockCargo(file: string): Promise<void> {
  const folder = await temporaryDir("lock");
  const crate = `garage-${versions.garage}`;
  writeFileSync(
    join(folder, "Cargo.toml"),
    `[package]\nname = "lock"\nversion = "0.0.0"\nedition = "2021"\n[lib]\npath = "lib.rs"\n` +
      `[dependencies]\ngarage = "=${versions.garage}"\n`,
  );
  writeFileSync(join(folder, "lib.rs"), "");
  await run("cargo", ["fetch", "--manifest-path", join(folder, "Cargo.toml")]);
  const archive = downloadedCrate("garage", versions.garage);
  const lines = [`garage ${versions.garage} ${await sha256Of(archive)}`];
  const inner = await run("tar", ["-xzOf", archive, `${crate}/Cargo.lock`]);
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

async function lock(name: string): Promise<void> {
  if (!isImage(name)) throw new Error(`"${name}" is not an image; the images are ${imageNames.join(", ")}`);
  const folder = join(import.meta.dirname, name);
  const recipe = mavenRecipes[name];
  if (recipe !== undefined) {
    writeFileSync(join(folder, "maven.lock"), formatMavenLock(await resolveMaven(recipe)));
  }
  if (name === "spark") await lockPypi(join(folder, "pypi.lock.txt"));
  if (name === "garage") await lockCargo(join(folder, "cargo.lock"));
  if (imagesWithNode.includes(name)) {
    await run("npm", ["install", "--package-lock-only", "--ignore-scripts", "--omit=dev"], { cwd: folder });
  }
  process.stdout.write(`locked ${name}\n`);
}

const wanted = process.argv.slice(2);
const names = wanted.length === 0 ? imageNames : wanted;
for (const name of names) await lock(name);
if (names.some((name) => name in pythonRecipes)) await lockPython();
