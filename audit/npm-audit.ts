/** Known vulnerabilities of packages from npm, as the registry tells `npm audit`. */
import { dirname, join } from "node:path";
import { rooms } from "../components/index.ts";
import { imageFolder, imagesWithNode } from "../images/tags.ts";
import { run } from "../platform/exec.ts";
import { repositoryDir } from "../platform/images/files.ts";
import { imagesOf, type Service } from "../platform/service.ts";
import type { Finding, Severity } from "./findings.ts";

interface Via {
  readonly title: string;
  readonly url: string;
  readonly severity: string;
  readonly range: string;
}

interface Report {
  /** Why the registry has not answered. */
  readonly message?: string;
  readonly auditReportVersion?: number;
  readonly vulnerabilities?: Readonly<Record<string, { readonly via: readonly (Via | string)[] }>>;
}

/** Folders with a `package-lock.json`, by what they are for. */
export function npmFolders(root = repositoryDir): ReadonlyMap<string, string> {
  const pages = Object.values(rooms).flatMap((room: Service) =>
    imagesOf(room).flatMap(({ name }): [string, string][] =>
      room.pages === undefined ? [] : [[`${name}-pages`, join(root, dirname(room.pages.project))]],
    ),
  );
  return new Map([
    ["program", root],
    ...imagesWithNode.map((name): [string, string] => [name, join(root, imageFolder(name))]),
    ...pages,
  ]);
}

/**
 * Asks the registry about everything that the lock files name.
 * @throws Error in the registry's words when it does not answer
 */
export async function npmFindings(report: (detail: string) => void): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const [name, cwd] of npmFolders()) {
    report(name);
    // The exit code says whether something was found, and the same when nobody has answered.
    const { stdout, stderr } = await run("npm", ["audit", "--json", "--package-lock-only"], { cwd, timeoutMs: 60_000 });
    found.push(...readNpm(name, stdout === "" ? JSON.stringify({ message: stderr.trim() }) : stdout));
  }
  return found;
}

const severityOf: Readonly<Record<string, Severity>> = { moderate: "medium", low: "low", info: "low" };

/** @throws Error when this is no report */
export function readNpm(name: string, text: string): Finding[] {
  const { message, auditReportVersion, vulnerabilities = {} } = JSON.parse(text) as Report;
  if (auditReportVersion === undefined) throw new Error(`npm audit has no answer: ${message ?? text.slice(0, 200)}`);
  return Object.entries(vulnerabilities).flatMap(([entry, { via }]) =>
    via.flatMap((one): Finding[] => {
      // A name alone says that a package needs the one that is meant.
      if (typeof one === "string") return [];
      const rule = `npm/${one.url.split("/").at(-1) ?? one.url}`;
      const severity = severityOf[one.severity] ?? "high";
      return [{ rule, title: `${one.title} (${one.range})`, severity, object: `${name}/${entry}`, stacks: [] }];
    }),
  );
}
