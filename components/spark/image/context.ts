import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fetchPypi } from "../../../platform/images/fetch.ts";
import { parsePypiLock, readLock } from "../../../platform/images/lock-files.ts";
import {
  type Assemble,
  checkNoTwoVersions,
  isForOtherSystem,
  placeFolder,
  placeMaven,
} from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { run } from "../../../platform/images/run.ts";
import { placePackages } from "../../../platform/images/wheels.ts";
import { executorLibraries, readerCases } from "./recipe.ts";

/** Spark as PySpark ships it, in the upstream image's layout, and the connectors and the packages of executors beside it. */
const assemble: Assemble = async (assembly) => {
  const { context, source, maven, signal, report } = assembly;
  const lockFile = join(source, "pypi.lock.txt");
  const [pyspark] = parsePypiLock(readLock(lockFile), lockFile);
  if (pyspark === undefined) throw new Error(`${lockFile} names no package; run: node images/lock.ts spark`);
  const archive = await fetchPypi(pyspark, lockFile, assembly);

  report("unpacking Spark");
  const top = `${pyspark.name}-${pyspark.version}`;
  const home = join(context, "spark");
  const kept = ["deps/bin", "deps/jars", "deps/sbin", "lib", "pyspark"].map((path) => `${top}/${path}`);
  // The Scala shell for Spark Connect.
  const excluded = `--exclude=${top}/deps/jars/connect-repl`;
  await run("tar", ["-xzf", archive, "-C", context, "--no-same-owner", excluded, ...kept], { signal });
  renameSync(join(context, top, "deps"), home);
  mkdirSync(join(home, "python"));
  renameSync(join(context, top, "lib"), join(home, "python", "lib"));
  renameSync(join(context, top, "pyspark"), join(home, "python", "pyspark"));
  rmSync(join(context, top), { recursive: true });

  const jars = join(home, "jars");
  for (const jar of readdirSync(jars)) if (isForOtherSystem(jar)) rmSync(join(jars, jar));
  const connectors = join(context, "connectors");
  placeMaven(maven, connectors);
  checkNoTwoVersions([...readdirSync(jars), ...readdirSync(connectors)]);
  await placePackages(executorLibraries, join(context, "packages"), assembly);
  if (!existsSync(join(home, "bin", "spark-submit"))) throw new Error(`${top} holds no spark-submit`);
  for (const file of readerCases) placeFolder(join(repositoryDir, file), join(context, "cases", basename(file)));
  const starter = join(home, "bin", "spark-class");
  writeFileSync(starter, withArchive(readFileSync(starter, "utf8")));
};
export default assemble;

/**
 * Spark's `spark-class` that starts Java by our `spark-java`, and looks for its launcher in one jar.
 * @throws Error when the script is not the one that these changes are made for.
 */
export function withArchive(script: string): string {
  const changes: readonly (readonly [string, string])[] = [
    ['LAUNCH_CLASSPATH="$SPARK_JARS_DIR/*"', 'LAUNCH_CLASSPATH="$(echo "$SPARK_JARS_DIR"/spark-launcher_*.jar)"'],
    ['exec "${CMD[@]}"', 'exec "${SPARK_HOME}/bin/spark-java" "${CMD[@]:1}"'],
  ];
  return changes.reduce((text, [from, to]) => {
    const parts = text.split(from);
    if (parts.length !== 2)
      throw new Error(`Spark's spark-class has not one line "${from}"; see components/spark/image`);
    return parts.join(to);
  }, script);
}
