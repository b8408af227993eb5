/** Lock files: one line per artifact with its SHA-256, so that downloads need no resolution and can be checked. */
import { existsSync, readFileSync } from "node:fs";

/** An artifact of a Maven repository. */
export interface MavenArtifact {
  readonly group: string;
  readonly artifact: string;
  readonly version: string;
  /** File type, for example `jar` or `tar.gz`. */
  readonly type: string;
  readonly classifier?: string;
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
}

/** A package named by its registry's own name and version (PyPI, cargo). */
export interface LockedPackage {
  readonly name: string;
  readonly version: string;
  /** SHA-256 in lower-case hex. */
  readonly sha256: string;
}

const SHA256 = /^[0-9a-f]{64}$/;

/** `group:artifact:version[:type[:classifier]]`, without the default type. */
export function mavenCoordinates(a: Omit<MavenArtifact, "sha256">): string {
  const base = `${a.group}:${a.artifact}:${a.version}`;
  if (a.classifier !== undefined) return `${base}:${a.type}:${a.classifier}`;
  return a.type === "jar" ? base : `${base}:${a.type}`;
}

/** File name under which an artifact is put into an image. */
export function mavenFileName(a: Omit<MavenArtifact, "sha256">): string {
  const classifier = a.classifier === undefined ? "" : `-${a.classifier}`;
  return `${a.artifact}-${a.version}${classifier}.${a.type}`;
}

/**
 * Reads a `maven.lock`.
 * @throws Error naming the file, the line and what is wrong with it.
 */
export function parseMavenLock(text: string, file: string): MavenArtifact[] {
  return lockLines(text).map(({ line, number }) => {
    const [coordinates = "", sha256 = "", ...rest] = line.split(/\s+/);
    const [group, artifact, version, type = "jar", classifier, ...more] = coordinates.split(":");
    if (!group || !artifact || !version || more.length > 0 || rest.length > 0) {
      throw lockError(file, number, line, "group:artifact:version[:type[:classifier]] sha256");
    }
    if (!SHA256.test(sha256)) throw lockError(file, number, line, "a SHA-256 of 64 hex digits after the coordinates");
    return { group, artifact, version, type, ...(classifier === undefined ? {} : { classifier }), sha256 };
  });
}

/** Writes a `maven.lock`, sorted so that a change shows as the lines that changed. */
export function formatMavenLock(artifacts: readonly MavenArtifact[]): string {
  const lines = artifacts.map((a) => `${mavenCoordinates(a)} ${a.sha256}`);
  return [...new Set(lines)].sort().join("\n") + "\n";
}

/**
 * Reads a `pypi.lock.txt` in pip's own form: `name==version --hash=sha256:HEX`.
 * @throws Error naming the file, the line and what is wrong with it.
 */
export function parsePypiLock(text: string, file: string): LockedPackage[] {
  return lockLines(text).map(({ line, number }) => {
    const match = /^([\w.-]+)==(\S+) --hash=sha256:([0-9a-f]{64})$/.exec(line);
    if (match === null) throw lockError(file, number, line, "name==version --hash=sha256:HEX");
    return { name: match[1] ?? "", version: match[2] ?? "", sha256: match[3] ?? "" };
  });
}

/** Writes a `pypi.lock.txt`, sorted so that a change shows as the lines that changed. */
export function formatPypiLock(packages: readonly LockedPackage[]): string {
  const lines = packages.map(({ name, version, sha256 }) => `${name}==${version} --hash=sha256:${sha256}`);
  return lines.sort().join("\n") + "\n";
}

/**
 * Reads a `cargo.lock` list: `name version sha256`, the installed crate first, then all crates that it is built from.
 * @throws Error naming the file, the line and what is wrong with it.
 */
export function parseCargoLock(text: string, file: string): LockedPackage[] {
  return lockLines(text).map(({ line, number }) => {
    const [name, version, sha256 = "", ...rest] = line.split(/\s+/);
    if (!name || !version || !SHA256.test(sha256) || rest.length > 0) {
      throw lockError(file, number, line, "name version sha256");
    }
    return { name, version, sha256 };
  });
}

/** Text of a lock file, or nothing when the image has no such lock. */
export function readLock(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

function lockLines(text: string): { line: string; number: number }[] {
  return text
    .split("\n")
    .map((line, index) => ({ line: line.trim(), number: index + 1 }))
    .filter(({ line }) => line !== "" && !line.startsWith("#"));
}

function lockError(file: string, number: number, line: string, expected: string): Error {
  return new Error(
    `${file}, line ${number}: "${line}" is not a lock line; expected: ${expected}. Regenerate it: node images/lock.ts`,
  );
}
