/** What databases of vulnerabilities say, and of which registries none can be asked. */
import { describeError } from "../platform/describe-error.ts";
import { type Ecosystem, listSources } from "../images/sources.ts";
import { type Finding, judge, type Judgement, merged, type Rules } from "./findings.ts";
import { npmFindings } from "./npm-audit.ts";
import { affecting, databaseVersion, goAdvisories, goPrograms } from "./vulnerabilities.ts";

/** What is known of the packages of one registry. */
export interface Asked {
  readonly registry: Ecosystem;
  /** Different packages that the platform takes from it. */
  readonly packages: number;
  /** Who was asked; `null`: there is nobody. */
  readonly database: string | null;
  /** Why there is no answer; `null` when there is one, or nobody to ask. */
  readonly error: string | null;
}

export interface Known extends Judgement {
  readonly asked: readonly Asked[];
}

interface Database {
  readonly name: string;
  find(report: (detail: string) => void): Promise<Finding[]>;
}

/** Of the others no registry has a database: Debian's tracker, PyPI's and Rust's are on hosts of their own. */
export const databases: Readonly<Partial<Record<Ecosystem, Database>>> = {
  go: {
    name: `Go's own, golang.org/x/vulndb of ${databaseVersion().day}`,
    find: async (report) =>
      affecting(goPrograms(), await goAdvisories({ report, signal: new AbortController().signal })),
  },
  npm: { name: "the registry, by npm audit", find: npmFindings },
};

/** Asks all databases. One that does not answer throws nothing: its `error` says why, and nothing of it counts as clean. */
export async function known(
  rules: Omit<Rules, "ran" | "baseline">,
  report: (step: string, detail: string) => void,
  from: typeof databases = databases,
): Promise<Known> {
  const sources = Map.groupBy(listSources(), ({ ecosystem }) => ecosystem);
  const asked: Asked[] = [];
  const found: Finding[] = [];
  for (const registry of [...sources.keys()].sort()) {
    const packages = new Set(sources.get(registry)?.map(({ coordinates, version }) => `${coordinates} ${version}`))
      .size;
    const database = from[registry];
    let error: string | null = null;
    try {
      const some =
        (await database?.find((detail) => {
          report(registry, detail);
        })) ?? [];
      found.push(...some);
      if (database !== undefined) report(registry, `ready, ${some.length} known vulnerabilities`);
    } catch (cause) {
      error = describeError(cause);
      report(registry, "failed");
    }
    asked.push({ registry, packages, database: database?.name ?? null, error });
  }
  const ran = asked
    .filter(({ database, error }) => database !== null && error === null)
    .map(({ registry }) => registry);
  return { asked, ...judge(merged(found), { ...rules, baseline: {}, ran }) };
}

/** Whether every database has answered, and nobody has to decide of anything. */
export function isClean({ asked, open, problems }: Known): boolean {
  return open.length === 0 && problems.length === 0 && asked.every(({ error }) => error === null);
}
