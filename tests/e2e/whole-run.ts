/** Runs a plan from the first `up` to the last `down`, and keeps to its time. */
import type { Profile } from "../../config/profiles.ts";
import { duration } from "../../cli/table.ts";
import { giveSizes } from "./faults/resize.ts";
import { down, switchTo, up } from "./life.ts";
import { faultsThatNeed } from "./listed/list.ts";
import { type Options, USUAL_KILLS } from "./options.ts";
import { parts } from "./parts.ts";
import type { Runner } from "./runner.ts";
import { type Ahead, type Done, isTooLate, leftOut, overTime, slownessOf } from "./selection/clock.ts";
import { lifeMinutes, type Plan, type Reason, RECOVERY, type Stage } from "./selection/plan.ts";

const MINUTE = 60_000;

export interface Course {
  readonly stages: readonly Stage[];
  /** Why each part is in it. @default - it was asked for, and nothing is left out */
  readonly plan?: Plan;
  /** Time for all of it, in minutes. @default - as long as it takes */
  readonly budgetMinutes?: number | undefined;
  /** After this time nothing more is begun but the end, in minutes. @default - as long as it takes */
  readonly limitMinutes?: number | undefined;
  /** A platform may be up already, from a run that this one goes on with. */
  readonly isContinued?: boolean;
  readonly keep?: boolean;
  readonly options: Options;
}

/** @returns the part that a later run begins with, when the time was over before all were run */
export async function wholeRun(runner: Runner, course: Course): Promise<string | undefined> {
  const run = new Run(runner, course);
  const next = await run.stages();
  if (next === undefined && course.keep !== true) {
    await down(runner, "npm run down leaves nothing");
    await down(runner, "a second down finds nothing to do");
  }
  // A remark and no failure: what a part takes is no matter of right or wrong, and one machine is not the next.
  if (course.options.kills === USUAL_KILLS) for (const words of overTime(run.done)) console.log(`! ${words}`);
  return next;
}

class Run {
  readonly done: Done[] = [];
  readonly #started = Date.now();
  readonly #out = new Set<string>();
  readonly #runner: Runner;
  readonly #course: Course;

  constructor(runner: Runner, course: Course) {
    this.#runner = runner;
    this.#course = course;
  }

  async stages(): Promise<string | undefined> {
    const { stages, isContinued = false } = this.#course;
    if (!isContinued) await faultsThatNeed("nothing")(this.#runner);
    await giveSizes(true);
    for (const [index, { profile, parts: names }] of stages.entries()) {
      if (!(await this.#bring(profile, index))) return undefined;
      let isBroken = false;
      for (const [place, name] of names.entries()) {
        const ahead = this.#ahead(index, place);
        if (this.#isOver(ahead)) return name;
        this.#leaveOut(ahead);
        if (this.#out.has(name) || (name === RECOVERY && !isBroken)) continue;
        if (this.#isTooLate(name, ahead)) continue;
        isBroken ||= parts[name]?.breaksHops === true;
        await this.#part(name, profile);
      }
    }
    return undefined;
  }

  async #bring(profile: Profile, index: number): Promise<boolean> {
    if (index === 0) return await up(this.#runner, profile, "npm run up ends in a proven platform", 55 * MINUTE);
    return await switchTo(this.#runner, profile, 30 * MINUTE);
  }

  async #part(name: string, profile: Profile): Promise<void> {
    const part = parts[name];
    if (part === undefined) return;
    const [started, failed] = [Date.now(), this.#runner.failed];
    await this.#runner.part(name, () => part.run(this.#runner, profile, this.#course.options));
    const tookMinutes = (Date.now() - started) / MINUTE;
    // What fails has waited for its limits, which tells nothing of the machine.
    if (this.#runner.failed === failed) this.done.push({ name, minutes: part.minutes, tookMinutes });
  }

  /** What is still to be run from here on, with the platform's life. */
  #ahead(index: number, place: number): Ahead[] {
    const { stages, plan } = this.#course;
    const dueIn = new Map<string, number>(Object.entries(plan?.dueIn ?? {}));
    const entry = (name: string, minutes: number, reason: Reason): Ahead => ({
      name,
      minutes,
      reason,
      dueIn: dueIn.get(name) ?? 0,
    });
    return [
      ...stages.slice(index).flatMap(({ profile, parts: names }, later) => [
        ...(later === 0 ? [] : [entry(`switch to ${profile}`, lifeMinutes.switchTo[profile], "spine")]),
        ...names
          .slice(later === 0 ? place : 0)
          .filter((name) => !this.#out.has(name))
          .map((name) => entry(name, parts[name]?.minutes ?? 0, plan?.reasons[name] ?? "touched")),
      ]),
      entry("down", lifeMinutes.down, "spine"),
    ];
  }

  get #elapsedMinutes(): number {
    return (Date.now() - this.#started) / MINUTE;
  }

  /** Without a plan nothing is left out: the run ends where its time does. */
  #isOver([next]: readonly Ahead[]): boolean {
    const { budgetMinutes, plan } = this.#course;
    if (budgetMinutes === undefined || plan !== undefined || next === undefined) return false;
    return this.#elapsedMinutes + next.minutes * slownessOf(this.done) > budgetMinutes;
  }

  #leaveOut(ahead: readonly Ahead[]): void {
    const { budgetMinutes, plan } = this.#course;
    if (budgetMinutes === undefined || plan === undefined) return;
    const slowness = slownessOf(this.done);
    const names = leftOut(ahead, budgetMinutes - this.#elapsedMinutes, slowness);
    if (names.length === 0) return;
    for (const name of names) this.#out.add(name);
    const machine = slowness === 1 ? "" : ` on a machine ${slowness.toFixed(1)} times slower`;
    const at = duration(Date.now() - this.#started);
    console.log(`  time runs short after ${at}${machine}; left out, though planned: ${names.join(", ")}`);
  }

  /** Whether the part and the end of the run no longer fit before the limit; for what was touched it is a failure. */
  #isTooLate(name: string, ahead: readonly Ahead[]): boolean {
    const { limitMinutes, plan } = this.#course;
    if (limitMinutes === undefined) return false;
    if (!isTooLate(ahead, limitMinutes - this.#elapsedMinutes, slownessOf(this.done))) return false;
    this.#out.add(name);
    if (plan?.reasons[name] === "touched") {
      this.#runner.fail(
        `part ${name}`,
        `the change touches it, and it did not run: the ${limitMinutes} minutes are over`,
      );
    }
    return true;
  }
}
