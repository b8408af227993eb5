/** Regenerates the lock file of Checkov: `node audit/lock.ts`. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sha256Of, temporaryDir } from "../platform/images/cache.ts";
import { formatPypiLock } from "../platform/images/lock-files.ts";
import { runTool } from "../platform/images/toolbox.ts";
import { versions } from "../platform/images/versions.ts";
import { parseOffers } from "../platform/images/wheels.ts";

/** The newest, and the day after its release: later releases of what it needs were never tried with it. */
const CHECKOV = "3.3.30";
const UNTIL = "2026-11-20";

const script = `
python3 -m pip install --quiet --target uv uv==${versions.uv}
uv/bin/uv pip compile --python-version "$1" --exclude-newer "$2" --no-build --generate-hashes --no-annotate --no-header \\
  --output-file out/resolved.txt wanted.txt
python3 -m pip download --no-deps --only-binary :all: --require-hashes --dest out/files -r out/resolved.txt
`;
const out = await temporaryDir("lock");
try {
  const texts = { "wanted.txt": `checkov==${CHECKOV}\n` };
  const report = (line: string): void => {
    process.stdout.write(`${line}\n`);
  };
  const work = { report, signal: new AbortController().signal };
  await runTool({ tool: "python", script, args: [versions.python, UNTIL], texts, out, onLine: report }, work);
  const offers = parseOffers(readFileSync(join(out, "resolved.txt"), "utf8"));
  const files = readdirSync(join(out, "files")).map((name) => join(out, "files", name));
  const locked = await Promise.all(
    files.map(async (file) => {
      const sha256 = await sha256Of(file);
      const offer = offers.get(sha256);
      if (offer === undefined) throw new Error(`pip has downloaded ${file}, which uv did not name`);
      return { ...offer, sha256 };
    }),
  );
  writeFileSync(join(import.meta.dirname, "checkov", "pypi.lock.txt"), formatPypiLock(locked));
} finally {
  rmSync(out, { recursive: true, force: true });
}
