/**
 * The whole life of the platform on this machine: up, check, up again, faults, the next profile on the same cluster,
 * down, by the same commands that a user types. The last line is `N passed, N failed`.
 */
import { parseArgs } from "node:util";

import { refusesBadConfig } from "./faults/data-path.ts";
import { down, switchTo, up } from "./life.ts";
import { killsOf, MOST_KILLS, type Options } from "./options.ts";
import { alone, faults, faultsOf, looks, looksOf, onlyNamed, stagesOf } from "./parts.ts";
import { profileNow } from "./platform.ts";
import { Runner } from "./runner.ts";

const MINUTE = 60_000;

const { values } = parseArgs({
  options: {
    /** Services of the platform: `core`, `studio`, `pipeline`, or `all`: studio and then pipeline on the same cluster. */
    profile: { type: "string", default: "all" },
    /** Only these parts, on a platform that is up already and stays up: `--only airflow,browser`; a wrong name lists all. */
    only: { type: "string" },
    /** How often the windows' driver is killed. */
    kills: { type: "string", default: "10" },
    /** Further times up and down at the end. */
    rounds: { type: "string", default: "0" },
    /** Leave the platform up. */
    keep: { type: "boolean", default: false },
    /** Only up, check, up again and down. */
    "no-faults": { type: "boolean", default: false },
  },
});

const runner = new Runner();

async function onlyParts(names: readonly string[], options: Options): Promise<void> {
  const known = { ...looks, ...faults, ...onlyNamed };
  for (const name of names) {
    const part = known[name];
    if (alone[name] !== undefined) await alone[name](runner);
    else if (part === undefined) {
      await runner.step(`--only ${name}`, MINUTE, () =>
        Promise.reject(new Error(`there is no such part; there are ${Object.keys({ ...known, ...alone }).join(", ")}`)),
      );
    } else await part.run(runner, await profileNow(), options);
  }
}

async function wholeLife(options: Options): Promise<void> {
  const stages = stagesOf(values.profile);
  const [first] = stages ?? [];
  if (stages === undefined || first === undefined) {
    await runner.step(`--profile ${values.profile}`, MINUTE, () =>
      Promise.reject(new Error("there is no such profile; there are core, studio, pipeline, all")),
    );
    return;
  }
  await refusesBadConfig(runner);
  for (const profile of stages) {
    const isLater = profile !== first;
    const isUp = isLater
      ? await switchTo(runner, profile, 30 * MINUTE)
      : await up(runner, profile, "npm run up ends in a proven platform", 55 * MINUTE);
    if (!isUp) break;
    for (const name of looksOf(isLater)) await looks[name]?.run(runner, profile, options);
    if (values["no-faults"]) continue;
    for (const name of faultsOf(profile, isLater)) await faults[name]?.run(runner, profile, options);
  }
  if (values.keep) return;
  await down(runner, "npm run down leaves nothing");
  await down(runner, "a second down finds nothing to do");
  for (let round = 1; round <= Number(values.rounds); round++) {
    await up(runner, first, `round ${round}: up again`, 15 * MINUTE);
    await down(runner, `round ${round}: down again`);
  }
}

const kills = killsOf(values.kills);
if (kills === undefined) {
  await runner.step(`--kills ${values.kills}`, MINUTE, () =>
    Promise.reject(new Error(`it must be how often the driver is killed, from 1 to ${MOST_KILLS}`)),
  );
} else if (values.only === undefined) await wholeLife({ kills });
else await onlyParts(values.only.split(","), { kills });
for (const failure of runner.failures) console.log(failure);
console.log(`${runner.passed} passed, ${runner.failed} failed`);
process.exitCode = runner.failed === 0 ? 0 : 1;
// A watch or a socket that a failed step left open must not keep the program.
process.exit();
