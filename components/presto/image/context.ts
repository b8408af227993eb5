import { chmodSync, copyFileSync, existsSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { sha256Of, storedFile } from "../../../platform/images/cache.ts";
import { artifactOf, type Assemble, type Assembly, placeFolder, placeMaven } from "../../../platform/images/context.ts";
import { repositoryDir } from "../../../platform/images/files.ts";
import { run } from "../../../platform/images/run.ts";
import { PRESTO, prestoPlugins } from "./recipe.ts";

/** Folders of jars that bring the ASM that cannot read class files of Java 17. */
const foldersWithAsm = ["lib", "plugin/hive-hadoop2", "plugin/iceberg"];

/**
 * Jars that nothing of ours reaches: a cache service, an authorisation service, another table format. Hive reads fail
 * without the Hudi bundle, so it goes from the Iceberg plugin only.
 */
const unused = ["plugin/*/alluxio-shaded-client-*", "plugin/*/ranger-apache-*", "plugin/iceberg/hudi-presto-bundle-*"];

/** The server with the plugins that we offer, on an ASM that knows Java 17, each distinct jar once. */
const assemble: Assemble = async (assembly) => {
  const { context, sources, maven } = assembly;
  for (const file of sources) placeFolder(join(repositoryDir, file), join(context, basename(file)));
  await unpack(assembly);
  const server = join(context, "presto-server");
  const asm = maven.filter((artifact) => artifact.group === "org.ow2.asm");
  for (const folder of foldersWithAsm) {
    for (const file of readdirSync(join(server, folder))) {
      if (/^asm(-tree|-util|-analysis)?-\d/.test(file)) rmSync(join(server, folder, file));
    }
    placeMaven(asm, join(server, folder));
  }
  assembly.report("linking equal jars");
  await linkEqualJars(server);
  const cli = join(context, "presto-cli");
  copyFileSync(storedFile(artifactOf(maven, "presto-cli").sha256), cli);
  chmodSync(cli, 0o755);
};
export default assemble;

async function unpack({ context, maven, signal, report }: Assembly): Promise<void> {
  report("unpacking the server");
  const archive = storedFile(artifactOf(maven, "presto-server", "tar.gz").sha256);
  const top = `presto-server-${PRESTO}`;
  const kept = ["bin", "lib", ...prestoPlugins.map((plugin) => `plugin/${plugin}`)].map((path) => `${top}/${path}`);
  const excluded = [...unused, "bin/procname/*"].map((pattern) => `--exclude=${top}/${pattern}`);
  await run("tar", ["-xzf", archive, "-C", context, "--no-same-owner", "--wildcards", ...excluded, ...kept], {
    signal,
  });
  renameSync(join(context, top), join(context, "presto-server"));
  await mkdir(join(context, "presto-server", "etc"), { recursive: true });
}

/** Replaces a jar that is there already under the same name and content by a relative link to the first one. */
async function linkEqualJars(server: string): Promise<void> {
  const first = new Map<string, string>();
  const folders = ["lib", ...prestoPlugins.map((plugin) => `plugin/${plugin}`)].map((folder) => join(server, folder));
  for (const folder of folders.filter((path) => existsSync(path))) {
    for (const name of readdirSync(folder).sort()) {
      const file = join(folder, name);
      const key = `${name} ${await sha256Of(file)}`;
      const other = first.get(key);
      if (other === undefined) {
        first.set(key, file);
      } else {
        unlinkSync(file);
        symlinkSync(relative(dirname(file), other), file);
      }
    }
  }
}
