import { mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { storedFile } from "../../../platform/images/cache.ts";
import { artifactOf, type Assemble, placeFolder, placeMaven } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { run } from "../../../platform/images/run.ts";

/** The distribution's jars and its schema for PostgreSQL, and beside them the Hadoop client and S3A that it expects from outside. */
const assemble: Assemble = async ({ context, sources, maven, signal }) => {
  for (const file of sources) placeFolder(join(repositoryDir, file), join(context, basename(file)));
  const distribution = artifactOf(maven, "hive-standalone-metastore", "tar.gz");
  const hive = join(context, "hive");
  mkdirSync(hive);
  const kept = ["*/lib/*.jar", "*/scripts/metastore/upgrade/postgres/*"];
  // The distribution's HTTP client is older than the one that S3A needs, and would come first on the class path.
  const options = ["-xzf", storedFile(distribution.sha256), "-C", hive, "--strip-components=1", "--no-same-owner"];
  await run("tar", [...options, "--wildcards", "--exclude=*/lib/httpcore-*", ...kept], { signal });
  placeMaven(
    maven.filter((artifact) => artifact !== distribution),
    join(context, "hadoop"),
  );
};
export default assemble;
