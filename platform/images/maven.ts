/** Downloads from Maven repositories through the host's `mvn`, so that its mirrors, proxies and CAs are honoured. */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { store, storedFile, temporaryDir } from "./cache.ts";
import { type MavenArtifact, mavenCoordinates } from "./lock-files.ts";
import { mavenOpts, proxyHint, proxyLogins, withoutPasswords, withProxyLogins } from "./maven-proxy.ts";
import { type Output, run, type RunOptions } from "./run.ts";
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

/** Runs the host's Maven, with the proxies of the environment. A password of theirs is in a file that only this user reads. */
export async function runMaven(args: readonly string[], options: RunOptions = {}): Promise<Output> {
  const logins = proxyLogins();
  const settings = logins.length === 0 ? undefined : withProxyLogins(await sharedSettings(), logins);
  const folder = settings === undefined ? undefined : await temporaryDir("maven-settings");
  try {
    const own = folder === undefined ? [] : ["-gs", join(folder, "settings.xml")];
    if (own[1] !== undefined) writeFileSync(own[1], settings ?? "", { mode: 0o600 });
    return await run("mvn", [...own, ...args], { ...options, env: { ...options.env, MAVEN_OPTS: mavenOpts() } });
  } catch (error) {
    throw withoutPasswords(proxyHint(error), logins);
  } finally {
    if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
  }
}

/** Maven's settings for all users of this machine; `undefined`: there are none. */
async function sharedSettings(): Promise<string | undefined> {
  const home = /Maven home: (.*)/.exec(await run("mvn", ["-B", "-version"]))?.[1]?.trim();
  const file = home === undefined ? undefined : join(home, "conf", "settings.xml");
  return file === undefined || !existsSync(file) ? undefined : readFileSync(file, "utf8");
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

async function copyMissing(artifacts: readonly MavenArtifact[], { report, signal }: Work): Promise<void> {
  const missing = artifacts.filter((artifact) => !existsSync(storedFile(artifact.sha256)));
  if (missing.length === 0) return;
  const folder = await temporaryDir("maven");
  try {
    const pom = join(folder, "pom.xml");
    writeFileSync(pom, copyPom(missing, folder));
    let done = 0;
    const follow = (line: string): void => {
      if (/Copying .* to /.test(line)) report(`${String(++done)} of ${String(missing.length)} jars`);
      const download = /Downloading from \S+: \S*\/([^/]+)$/.exec(line);
      if (download !== null) report(`${String(done)} of ${String(missing.length)} jars, ${download[1] ?? ""}`);
    };
    try {
      await runMaven(["-B", "-f", pom, COPY], { onLine: follow, signal });
    } catch (error) {
      if (signal.aborted) throw error;
      // Maven remembers a miss; -U asks again. A second failure is the one to report.
      done = 0;
      await runMaven(["-B", "-U", "-f", pom, COPY], { onLine: follow, signal });
    }
    for (const [index, artifact] of missing.entries()) {
      await store(join(folder, String(index)), `Maven artifact ${mavenCoordinates(artifact)}`, artifact.sha256);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function copyPom(artifacts: readonly MavenArtifact[], folder: string): string {
  mkdirSync(folder, { recursive: true });
  const items = artifacts.map(({ group, artifact, version, type, classifier }, index) => {
    const own = { groupId: group, artifactId: artifact, version, type, classifier, destFileName: String(index) };
    return `<artifactItem>${xmlElements(own)}</artifactItem>`;
  });
  return pomWith(`<build><plugins><plugin>
<groupId>org.apache.maven.plugins</groupId><artifactId>maven-dependency-plugin</artifactId><version>3.6.1</version>
<configuration><outputDirectory>${folder}</outputDirectory><artifactItems>
${items.join("\n")}
</artifactItems></configuration></plugin></plugins></build>`);
}
