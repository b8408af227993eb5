/** The flow definitions of the repository. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { repositoryDir } from "../../platform/images/files.ts";
import { readFlow } from "./programs/flow-file.ts";

const FOLDER = join(repositoryDir, "flows");
/** A ConfigMap has 1 MiB. */
const MOST_BYTES = 900_000;

/** Texts of `flows/*.json` by the files' names. */
export function flowFiles(folder = FOLDER): Record<string, string> {
  const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(join(folder, name), "utf8")]));
}

/** All that is wrong with the files, a sentence each. */
export function flowProblems(folder = FOLDER): string[] {
  const files = flowFiles(folder);
  const owners = new Map<string, string>();
  const problems = Object.entries(files).flatMap(([file, text]) => {
    const { flow, problems: own } = readFlow(`flows/${file}`, text);
    if (flow === undefined) return own;
    const { name } = flow.flowContents;
    const owner = owners.get(name);
    owners.set(name, file);
    return owner === undefined
      ? own
      : [...own, `flows/${owner} and flows/${file} both have a group "${name}"; give one of them another name`];
  });
  const bytes = Object.values(files).reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes > MOST_BYTES) problems.push(`flows/ has ${bytes} bytes of flow definitions; allowed ${MOST_BYTES}`);
  return problems;
}
