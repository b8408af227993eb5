/**
 * The whole life of the platform on this machine: up, check, up again, faults, the next profile on the same cluster,
 * down, by the same commands that a user types. The last line is `N passed, N failed`.
 */
import { parseArgs } from "node:util";

import { messageOf } from "../../cli/errors.ts";
import { projectDir } from "../../cli/paths.ts";
import { type Profile, profiles } from "../../config/profiles.ts";
import { giveSizes } from "./faults/resize.ts";
import { down, up } from "./life.ts";
import { endsByItself, LOOK_ALIKE_MINUTES, lookAlikeOf, onLookAlike } from "./look-alikes/run.ts";
import { countOf, MOST_KILLS, MOST_MINUTES, namedParts, type Options, USUAL_KILLS } from "./options.ts";
import { alone, ordinary, parts } from "./parts.ts";
import { profileNow } from "./platform.ts";
import { Runner } from "./runner.ts";
import { changesSince } from "./selection/changes.ts";
import { fromPart, planOf, type Stage, stagesOf } from "./selection/plan.ts";
import { wordsOf } from "./selection/words.ts";
import { type Course, wholeRun } from "./whole-run.ts";

const MINUTE = 60_000;

const { values } = parseArgs({
  options: {
    /** The parts that changes since this commit ask for, then those whose turn it is; `auto`: git finds the commit. */
    since: { type: "string" },
    /** Everything, also what takes long; together with `--budget` a part of it, for `--from` to go on. */
    all: { type: "boolean", default: false },
    /** Begins with this part, on the platform that is up or on a new one. */
    from: { type: "string" },
    /** Minutes for the whole run. @default 70 with `--since` */
    budget: { type: "string" },
    /** Minutes after which nothing more is begun; what was touched and has not run by then is a failure. */
    limit: { type: "string" },
    /** Only prints what a run would do. */
    plan: { type: "boolean", default: false },
    /** Services of the platform: `core`, `studio`, `pipeline`, `streams`, `full`, or `all`: studio, pipeline and then streams on the same cluster. */
    profile: { type: "string", default: "all" },
    /** Only these parts, on a platform that is up already and stays up: `--only dags,browser`; a wrong name lists all. */
    only: { type: "string" },
    /** How often the windows' driver is killed. */
    kills: { type: "string", default: String(USUAL_KILLS) },
    /** Further times up and down at the end. */
    rounds: { type: "string", default: "0" },
    /** A life of the platform on a cluster of another kind: `minikube-like`, `microk8s-like` or `cloud-like`. */
    target: { type: "string" },
    /** Leave the platform up. */
    keep: { type: "boolean", default: false },
    /** Only up, check, a changed value, up again and down. */
    "no-faults": { type: "boolean", default: false },
  },
});

const runner = new Runner();

const BUDGET_MINUTES = 70;
/** What `--profile all` brings up, one after the other on the same cluster. */
const inTurn: readonly Profile[] = ["studio", "pipeline", "streams"];

async function onlyParts(text: string, options: Options): Promise<void> {
  const names = namedParts(text, [...Object.keys(parts), ...Object.keys(alone)]);
  await giveSizes(false);
  for (const name of names) {
    const [part, single] = [parts[name], alone[name]];
    if (single !== undefined) await runner.part(name, () => single(runner));
    if (part !== undefined) await runner.part(name, async () => part.run(runner, await profileNow(), options));
  }
}

/** The stages of a run that leaves nothing to chance. */
function stagesFor(profile: string, isAll: boolean): readonly Stage[] {
  const named = profile === "all" ? inTurn : profiles.filter((one) => one === profile);
  if (named.length === 0) throw new Error(`--profile ${profile}: there are ${[...profiles, "all"].join(", ")}`);
  if (values["no-faults"]) {
    const isOrdinary = (part: string): boolean => ordinary.includes(part);
    return stagesOf(parts, named, ordinary).map((stage) => ({ ...stage, parts: stage.parts.filter(isOrdinary) }));
  }
  const names = Object.entries(parts).filter(([, { isLong }]) => isAll || isLong === undefined);
  return stagesOf(
    parts,
    named,
    names.map(([name]) => name),
  );
}

/**
 * What is to be run, by the options.
 * @throws Error when an option says what can't be
 */
function courseOf(options: Options): Course & { readonly lookAlike?: string } {
  const minutes = (name: "budget" | "limit"): number | undefined => {
    const text = values[name];
    if (text === undefined) return undefined;
    const count = countOf(text, MOST_MINUTES);
    if (count === undefined)
      throw new Error(`--${name} ${text}: it must be a number of minutes from 1 to ${MOST_MINUTES}`);
    return count;
  };
  const [budgetMinutes, limitMinutes] = [minutes("budget"), minutes("limit")];
  const common = { budgetMinutes, limitMinutes, keep: values.keep, options };
  if (values.since !== undefined) {
    const change = changesSince(projectDir, values.since);
    const budget = (budgetMinutes ?? BUDGET_MINUTES) - LOOK_ALIKE_MINUTES;
    const plan = planOf(parts, change, budget);
    const lookAlike = lookAlikeOf(change.turn);
    for (const line of wordsOf(plan, change.words, budget)) console.log(line);
    console.log(`  then a life on ${lookAlike}, by turn: about ${LOOK_ALIKE_MINUTES} minutes`);
    const limit = limitMinutes === undefined ? {} : { limitMinutes: limitMinutes - LOOK_ALIKE_MINUTES };
    return { ...common, ...limit, budgetMinutes: budget, stages: plan.stages, plan, lookAlike };
  }
  const stages = stagesFor(values.profile, values.all);
  if (values.from === undefined) return { ...common, stages };
  return { ...common, stages: fromPart(stages, values.from), isContinued: true };
}

async function live(options: Options): Promise<void> {
  const { lookAlike, ...course } = courseOf(options);
  if (values.plan) {
    for (const { profile, parts: names } of course.stages) console.log(`${profile}: ${names.join(", ")}`);
    return;
  }
  const next = await wholeRun(runner, course);
  if (next !== undefined) {
    const which = values.all ? "--all" : `--profile ${values.profile}`;
    console.log(`the time is over; the platform stays up. Go on with: npm run e2e -- ${which} --from ${next}`);
    return;
  }
  if (values.keep) return;
  if (lookAlike !== undefined) await runner.part(lookAlike, () => onLookAlike(runner, lookAlike));
  if (values.all) for (const [name, run] of Object.entries(alone)) await runner.part(name, () => run(runner));
  const [first = { profile: "core" as const }] = course.stages;
  for (let round = 1; round <= Number(values.rounds); round++) {
    await up(runner, first.profile, `round ${round}: up again`, 15 * MINUTE);
    await down(runner, `round ${round}: down again`);
  }
}

process.once("exit", () => {
  console.log(runner.ending);
});
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    if (endsByItself()) return;
    runner.fail("end-to-end run", `ended by ${signal}`);
    process.exit(1);
  });
}

async function chosen(options: Options): Promise<void> {
  if (values.target !== undefined) await onLookAlike(runner, values.target);
  else if (values.only !== undefined) await onlyParts(values.only, options);
  else await live(options);
}

const kills = countOf(values.kills, MOST_KILLS);
if (kills === undefined) {
  runner.fail(`--kills ${values.kills}`, `it must be how often the driver is killed, from 1 to ${MOST_KILLS}`);
} else {
  await chosen({ kills }).catch((error: unknown) => {
    runner.fail("end-to-end run", messageOf(error));
  });
}
process.exitCode ??= runner.failed === 0 ? 0 : 1;
// A watch or a socket that a failed step left open must not keep the program.
process.exit();
