/** Checkov: its rules for Kubernetes, by the wheels that its lock file names. */
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { temporaryDir } from "../platform/images/cache.ts";
import { parsePypiLock, readLock } from "../platform/images/lock-files.ts";
import { runTool } from "../platform/images/toolbox.ts";
import { versions } from "../platform/images/versions.ts";
import type { Work } from "../platform/images/work.ts";
import type { Checked } from "./checker.ts";

const lockFile = join(import.meta.dirname, "checkov", "pypi.lock.txt");

/** Installed once for each lock, in one step: what a broken-off run leaves is never taken for whole. */
const script = `
python3 -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] != sys.argv[1])' "$2" || {
  echo "the lock of Checkov is for Python $2, and this is $(python3 --version); unset MILLRACE_TOOLS, and a container has it" >&2
  exit 1
}
home=$CACHE/audit/checkov-$1
if [ ! -e "$home" ]; then
  mkdir -p "$CACHE/audit"
  part=$home.$$
  python3 -m pip --disable-pip-version-check install --no-deps --only-binary :all: --require-hashes --target "$part" -r lock.txt
  mv "$part" "$home"
fi
echo "checking: $3 objects"
export PYTHONPATH="$home" BC_SKIP_MAPPING=TRUE LOG_LEVEL=ERROR
python3 -m checkov.main --directory manifests --framework kubernetes --output json --output-file-path out \\
  --compact --quiet --soft-fail --skip-download
`;

interface Report {
  readonly results?: { readonly failed_checks?: readonly FailedCheck[] };
  readonly summary?: { readonly passed: number; readonly failed: number; readonly parsing_errors: number };
}

interface FailedCheck {
  readonly check_id: string;
  readonly check_name: string;
  readonly file_path: string;
}

/**
 * Checks a folder of manifests, one object in each file.
 * @throws Error when Checkov can't be installed, breaks off, or can't read one of the files.
 */
export async function checkov(folder: string, count: number, work: Work): Promise<Checked> {
  const lock = readLock(lockFile);
  const version = parsePypiLock(lock, lockFile).find(({ name }) => name === "checkov")?.version ?? "";
  const out = await temporaryDir("checkov");
  const key = createHash("sha256").update(lock).digest("hex").slice(0, 16);
  let begun = 0;
  const onLine = (line: string): void => {
    const name = /^Collecting ([\w.-]+)/.exec(line)?.[1];
    if (name !== undefined) work.report(`package ${String(++begun)}, ${name}`);
    if (line.startsWith("checking: ")) work.report(line);
  };
  const files = { manifests: folder, "lock.txt": lockFile };
  try {
    await runTool({ tool: "python", script, args: [key, versions.python, String(count)], files, out, onLine }, work);
    return readReport(readFileSync(join(out, "results_json.json"), "utf8"), version);
  } finally {
    rmSync(out, { recursive: true, force: true });
  }
}

/** @throws Error when Checkov could not read a file, or has checked nothing */
export function readReport(text: string, version: string): Checked {
  const { results, summary } = JSON.parse(text) as Report;
  if (summary === undefined || summary.passed + summary.failed === 0) throw new Error("Checkov has checked nothing");
  if (summary.parsing_errors > 0) throw new Error(`Checkov can't read ${summary.parsing_errors} of the manifests`);
  const failed = (results?.failed_checks ?? []).map(({ check_id, check_name, file_path }) => ({
    rule: check_id,
    title: check_name,
    file: basename(file_path),
  }));
  return { version, passed: summary.passed, failed };
}
