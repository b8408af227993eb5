/** Known vulnerabilities of what the images and the embedded node are made of, from the databases that can be had. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { imageFolder, imageNames } from "../images/tags.ts";
import { cacheDir, once } from "../platform/images/cache.ts";
import { repositoryDir } from "../platform/images/files.ts";
import { runTool } from "../platform/images/toolbox.ts";
import type { Work } from "../platform/images/work.ts";
import { linkedModules } from "./bill.ts";
import type { Finding } from "./findings.ts";

/** An entry of Go's database, in the OSV format. */
export interface Advisory {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly summary?: string;
  readonly withdrawn?: string;
  readonly affected?: readonly {
    readonly package: { readonly name: string };
    readonly ranges?: readonly { readonly type: string; readonly events: readonly Event[] }[];
    readonly ecosystem_specific?: { readonly imports?: readonly { readonly path: string }[] };
  }[];
}

interface Event {
  readonly introduced?: string;
  readonly fixed?: string;
}

/** A Go program and the modules that it is built from. */
export interface GoProgram {
  /** An image, or `node`. */
  readonly name: string;
  /** `module version`. */
  readonly modules: ReadonlySet<string>;
}

const database = join(import.meta.dirname, "vulndb");
const MODULE = "golang.org/x/vulndb";

/** Pinned like every module: whoever checks the same commit finds the same. @returns its version and day */
export function databaseVersion(): { readonly version: string; readonly day: string } {
  const text = readFileSync(join(database, "go.mod"), "utf8");
  const [, version = "", day = ""] = new RegExp(`${MODULE} (v\\S+-(\\d{8})\\d+-\\w+)`).exec(text) ?? [];
  return { version, day: day.replace(/(....)(..)(..)/, "$1-$2-$3") };
}

/** All Go programs that are built for the platform. */
export function goPrograms(root = repositoryDir): GoProgram[] {
  const folders = [
    ...imageNames.map((name) => [name, imageFolder(name)] as const),
    ["node", join("clusters", "embedded", "node")] as const,
  ];
  return folders.flatMap(([name, folder]) => {
    const modules = linkedModules(join(root, folder, "go.mod"));
    return modules.size === 0 ? [] : [{ name, modules }];
  });
}

/** Downloads Go's database as a module, unless it is there. */
export async function goAdvisories(work: Work): Promise<Advisory[]> {
  const { version } = databaseVersion();
  const folder = await once(cacheDir("audit", `vulndb-${version}`), async (temporary) => {
    work.report("Go's database of vulnerabilities");
    const script = `
cd module
go mod download "$1@$2"
cp -R "$(go list -mod=readonly -m -f '{{.Dir}}' "$1")/data/osv" ../out/
chmod -R u+w ../out
`;
    await runTool({ tool: "go", script, args: [MODULE, version], files: { module: database }, out: temporary }, work);
    return join(temporary, "osv");
  });
  const files = readdirSync(folder).filter((file) => /^GO-.*\.json$/.test(file));
  if (files.length === 0) throw new Error("Go's database of vulnerabilities has no entries");
  return files.map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")) as Advisory);
}

/** Every entry that a program has a module of in a version that it names. */
export function affecting(programs: readonly GoProgram[], advisories: readonly Advisory[]): Finding[] {
  const known = advisories.filter(({ withdrawn }) => withdrawn === undefined);
  return programs.flatMap(({ name, modules }) => {
    const versions = new Map([...modules].map((module) => module.split(" ") as [string, string]));
    return known.flatMap(({ id, aliases = [], summary = "", affected = [] }) =>
      affected.flatMap(
        ({ package: { name: module }, ranges = [], ecosystem_specific: { imports = [] } = {} }): Finding[] => {
          const version = versions.get(module);
          if (version === undefined || !ranges.some(({ events }) => isWithin(version, events))) return [];
          const cve = aliases.find((alias) => alias.startsWith("CVE-"));
          const fixes = ranges.flatMap(({ events }) => events.flatMap(({ fixed }) => fixed ?? []));
          const way = fixes.length === 0 ? "no version mends it" : `mended in ${fixes.join(", ")}`;
          const where = imports.length === 0 ? "" : `; in ${imports.map(({ path }) => path).join(", ")}`;
          const title = `${cve === undefined ? "" : `${cve}: `}${summary} (${version.slice(1)}; ${way}${where})`;
          return [{ rule: `go/${id}`, title, severity: "high", object: `${name}/${module}`, stacks: [] }];
        },
      ),
    );
  });
}

/** Whether a version lies in one of the ranges that events open and close. */
export function isWithin(version: string, events: readonly Event[]): boolean {
  let within = false;
  for (const { introduced, fixed } of events) {
    if (introduced !== undefined && (introduced === "0" || compare(version, introduced) >= 0)) within = true;
    if (fixed !== undefined && compare(version, fixed) >= 0) within = false;
  }
  return within;
}

/** Order of two semantic versions, with or without `v`; build metadata is ignored. */
export function compare(one: string, other: string): number {
  const [a, b] = [one, other].map((text) => {
    const [core = "", ...pre] = text.replace(/^v/, "").replace(/\+.*$/, "").split("-");
    return { core: core.split(".").map(Number), pre: pre.join("-") };
  });
  if (a === undefined || b === undefined) return 0;
  for (let place = 0; place < 3; place++) {
    const difference = (a.core[place] ?? 0) - (b.core[place] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  if (a.pre === b.pre) return 0;
  // What comes before a release is less than the release.
  if (a.pre === "" || b.pre === "") return a.pre === "" ? 1 : -1;
  return a.pre.localeCompare(b.pre, "en", { numeric: true });
}
