/** `npm run faults`: tries the faults of docs/faults.md and says what was seen. */
import { parseArgs } from "node:util";

import { messageOf } from "../../../cli/errors.ts";
import { Runner } from "../runner.ts";
import { Site } from "./fault.ts";
import { faults, faultsOf, listText, outcomeText, tryFaults } from "./list.ts";

const help = `npm run faults -- [options]

tries the faults and bad inputs of docs/faults.md, each with what is expected and what was seen

  --only <numbers>  these only: --only 3,9 or --only 1-12,16-20
  --list            prints them, with what each needs, and tries none
  --json            prints one JSON document to stdout; what happens goes to stderr
  --help            this text

Most need nothing or an API server, which is made in a container and removed; 13 to 15 a platform that is up, which stays.
Exit code 0: each was as expected; 1: one was not.`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: "string" },
      list: { type: "boolean", default: false },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.list) {
    process.stdout.write(`${values.help ? help : listText()}\n`);
    return 0;
  }
  const chosen = values.only === undefined ? faults : faultsOf(values.only);
  // The steps' own lines are for people.
  if (values.json) console.log = console.error;
  const site = new Site();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => void site.end().finally(() => process.exit(130)));
  }
  const runner = new Runner();
  const outcomes = await tryFaults(runner, chosen, site);
  const ok = runner.failed === 0;
  const text = values.json
    ? JSON.stringify({ ok, faults: outcomes.map(({ ms, ...rest }) => ({ ...rest, seconds: ms / 1000 })) }, null, 2)
    : `\n${outcomeText(outcomes)}\n\n${runner.passed} passed, ${runner.failed} failed`;
  process.stdout.write(`${text}\n`);
  return ok ? 0 : 1;
}

const code = await main().catch((error: unknown) => {
  process.stderr.write(`error: ${messageOf(error)}\n`);
  return 1;
});
// A watch or a socket that a failed step left open must not keep the program.
process.exit(code);
