import { readdirSync, renameSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { fetchPypi } from "../../../platform/images/fetch.ts";
import { parsePypiLock, readLock } from "../../../platform/images/lock-files.ts";
import { artifactOf, type Assemble, checkNoTwoVersions, placeMaven } from "../../../platform/images/context.ts";
import { run } from "../../../platform/images/run.ts";

/** What of the distribution is used: no Scala, no Python, and of the reporters of metrics the one that is asked. */
const kept = ["lib", "opt/flink-sql-client-*.jar", "plugins/metrics-prometheus", "bin/bash-java-utils.jar"];
const unused = ["lib/flink-scala_*", "lib/log4j-layout-template-json-*"];

/** Flink as its Python packages ship it, the connectors beside it, and S3 for checkpoints as a plugin with classes of its own. */
const assemble: Assemble = async (assembly) => {
  const { context, source, maven, signal, report } = assembly;
  const lockFile = join(source, "pypi.lock.txt");
  const [libraries] = parsePypiLock(readLock(lockFile), lockFile);
  if (libraries === undefined) throw new Error(`${lockFile} names no package; run: node images/lock.ts flink`);
  const archive = await fetchPypi(libraries, lockFile, assembly);

  report("unpacking Flink");
  const top = `${libraries.name.replaceAll("-", "_")}-${libraries.version}`;
  const flink = join(context, "flink");
  const lib = join(context, "lib");
  await mkdir(flink);
  const paths = kept.map((path) => `${top}/deps/${path}`);
  const excluded = unused.map((pattern) => `--exclude=${top}/deps/${pattern}`);
  const options = ["-xzf", archive, "-C", flink, "--strip-components=2", "--no-same-owner", "--wildcards"];
  await run("tar", [...options, ...excluded, ...paths], { signal });
  renameSync(join(flink, "bin", "bash-java-utils.jar"), join(flink, "java-utils.jar"));
  rmSync(join(flink, "bin"), { recursive: true });
  renameSync(join(flink, "lib"), lib);
  for (const jar of readdirSync(join(flink, "opt"))) renameSync(join(flink, "opt", jar), join(lib, jar));
  await mkdir(join(flink, "lib"));
  // The image makes a smaller one of it.
  renameSync(join(lib, `flink-dist-${libraries.version}.jar`), join(flink, "lib", "flink-dist.jar"));

  const s3 = artifactOf(maven, "flink-s3-fs-hadoop");
  placeMaven([s3], join(flink, "plugins", "s3-fs-hadoop"));
  placeMaven(
    maven.filter((artifact) => artifact !== s3),
    lib,
  );
  checkNoTwoVersions(readdirSync(lib));
};
export default assemble;
