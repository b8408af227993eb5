/** `npm run bench`: runs measurements; `--help` lists them, docs/performance.md says what their figures mean. */
import { renderError } from "../cli/errors.ts";
import { text } from "../cli/options.ts";
import { measureAgainst } from "./against.ts";
import { benches } from "./benches.ts";
import { readCommandLine } from "./command-line.ts";

const log = (line: string): void => void process.stderr.write(`${line}\n`);

async function main(args: readonly string[]): Promise<number> {
  const read = readCommandLine(args, benches);
  if ("help" in read) {
    process.stdout.write(`${read.help}\n`);
    return 0;
  }
  let isGood = true;
  for (const bench of read.benches) {
    const why = read.isNamed ? undefined : await bench.absent?.(read.values);
    if (why !== undefined) {
      log(`${bench.name} is left out: ${why}`);
      continue;
    }
    const commit = text(read.values, "against");
    const measuring =
      commit === undefined ? bench.run(read.values, log) : measureAgainst(bench, commit, read.values, log);
    const { document, text: words } = await measuring;
    isGood &&= document.bench === "ok";
    process.stdout.write(`${read.json ? JSON.stringify(document) : words}\n`);
  }
  return isGood ? 0 : 1;
}

const code = await main(process.argv.slice(2)).catch((error: unknown) => {
  log(renderError(error));
  return 1;
});
process.exit(code);
