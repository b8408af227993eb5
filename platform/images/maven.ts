/** Downloads from Maven repositories through `mvn`, so that the host's mirrors, proxies and CAs are honoured. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { store, storedFile, temporaryDir } from "./cache.ts";
import { isForOtherSystem } from "./context.ts";
import { type MavenArtifact, mavenCoordinates, mavenFileName } from "./lock-files.ts";
import { mavenOpts, proxyHint, proxyLogins, withoutPasswords, withProxyLogins } from "./maven-proxy.ts";
import { runTool, type ToolRun } from "./toolbox.ts";
import { limiter, type Work } from "./work.ts";
import { xmlElements } from "./xml.ts";

const COPY = "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy";

/** A throw-away project around some XML. */
export function pomWith(content: string): string {
  return `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>millrace</groupId><artifactId>fetch</artifactId><version>0</version><packaging>pom</packaging>
${content}
</project>
`;
}

/**
 * Runs Maven in a folder, with the proxies of the environment. A password of theirs is in a file that only this user reads.
 * @param args Its arguments.
 */
export async function runMaven(
  args: readonly string[],
  wanted: Pick<ToolRun, "texts" | "out" | "onLine">,
  work: Work,
): Promise<void> {
  const logins = proxyLogins();
  const settings = logins.length === 0 ? undefined : withProxyLogins(await sharedSettings(work), logins);
  const own = settings === undefined ? [] : ["-gs", "proxies.xml"];
  const texts = { ...wanted.texts, ...(settings === undefined ? {} : { "proxies.xml": settings }) };
  const env = { MAVEN_OPTS: mavenOpts() };
  try {
    await runTool({ ...wanted, tool: "maven", script: 'mvn "$@"', args: [...own, ...args], texts, env }, work);
  } catch (error) {
    throw withoutPasswords(proxyHint(error), logins);
  }
}

/** Maven's settings for all users; `undefined`: there are none. */
async function sharedSettings(work: Work): Promise<string | undefined> {
  const script = `
home=$(mvn -B -version | sed -n 's/^.*Maven home: //p')
cat "$home/conf/settings.xml" 2>/dev/null || true
`;
  const text = await runTool({ tool: "maven", script }, work);
  return text.trim() === "" ? undefined : text;
}

/**
 * Downloads the artifacts that the store lacks, all in one run of Maven, without their dependencies.
 * @throws Error naming the artifact and both hashes when a file is not the locked one.
 */
export async function fetchMaven(artifacts: readonly MavenArtifact[], work: Work): Promise<void> {
  await oneMaven(() => copyMissing(artifacts, work));
}

/** Maven's local repository is not made for several runs at once. */
const oneMaven = limiter(1);

async function copyMissing(artifacts: readonly MavenArtifact[], work: Work): Promise<void> {
  const missing = artifacts.filter((artifact) => !existsSync(storedFile(artifact.sha256)));
  if (missing.length === 0) return;
  const folder = await temporaryDir("maven");
  try {
    const files = await downloadMaven(missing, folder, work);
    for (const [index, artifact] of missing.entries()) {
      await store(files[index] ?? "", `Maven artifact ${mavenCoordinates(artifact)}`, artifact.sha256);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Downloads artifacts into a folder, without their dependencies. @returns their files, in the same order */
export async function downloadMaven(
  artifacts: readonly Omit<MavenArtifact, "sha256">[],
  folder: string,
  work: Work,
): Promise<string[]> {
  const count = String(artifacts.length);
  let done = 0;
  const onLine = (line: string): void => {
    if (/Copying .* to /.test(line)) work.report(`${String(++done)} of ${count} jars`);
    const download = /Downloading from \S+: \S*\/([^/]+)$/.exec(line);
    if (download !== null) work.report(`${String(done)} of ${count} jars, ${download[1] ?? ""}`);
  };
  const wanted = { texts: { "pom.xml": copyPom(artifacts) }, out: folder, onLine };
  try {
    await runMaven(["-B", COPY], wanted, work);
  } catch (error) {
    if (work.signal.aborted) throw error;
    // Maven remembers a miss; -U asks again. A second failure is the one to report.
    done = 0;
    await runMaven(["-B", "-U", COPY], wanted, work);
  }
  return artifacts.map((_, index) => join(folder, String(index)));
}

/** Artifacts in what Maven's plug-in lists: lines such as `   group:artifact:type[:classifier]:version:compile -- module name`. */
export function listedArtifacts(list: string): Omit<MavenArtifact, "sha256">[] {
  return list.split("\n").flatMap((line) => {
    const coordinates = /^\s+(\S+:\S+):(?:compile|runtime)(?:\s.*)?$/.exec(line)?.[1];
    if (coordinates === undefined) return [];
    const fields = coordinates.split(":");
    const version = fields.pop() ?? "";
    const [group = "", artifact = "", type = "jar", classifier] = fields;
    const found = { group, artifact, version, type, ...(classifier === undefined ? {} : { classifier }) };
    return isForOtherSystem(mavenFileName(found)) ? [] : [found];
  });
}

function copyPom(artifacts: readonly Omit<MavenArtifact, "sha256">[]): string {
  const items = artifacts.map(({ group, artifact, version, type, classifier }, index) => {
    const own = { groupId: group, artifactId: artifact, version, type, classifier, destFileName: String(index) };
    return `<artifactItem>${xmlElements(own)}</artifactItem>`;
  });
  return pomWith(`<build><plugins><plugin>
<groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.6.1</version>
<configuration><outputDirectory>out</outputDirectory><artifactItems>
${items.join("\n")}
</artifactItems></configuration></plugin></plugins></build>`);
}
