/** What a run is going to do and what it leaves for later, for people. */
import type { Left, Plan, Reason } from "./plan.ts";

const reasons: Readonly<Record<Reason, string>> = {
  spine: "always",
  touched: "by what has changed",
  partly: "by turn, of what has changed, for not all of it fits",
  sample: "of every room, for what all stand on has changed",
  turn: "by turn",
};

export function wordsOf(plan: Plan, change: string, budgetMinutes: number): string[] {
  const names = (reason: Reason): string[] =>
    [...new Set(plan.stages.flatMap((stage) => stage.parts))].filter((name) => plan.reasons[name] === reason);
  const chosen = (Object.keys(reasons) as Reason[])
    .filter((reason) => names(reason).length > 0)
    .map((reason) => `  ${reasons[reason]}: ${names(reason).join(", ")}`);
  const profiles = plan.stages.map(({ profile }) => profile).join(", then ");
  return [
    change,
    `${profiles}: about ${Math.round(plan.minutes)} of ${budgetMinutes} minutes`,
    ...chosen,
    ...later(
      "touched, but more than fits",
      plan.left.filter(({ isTouched }) => isTouched),
    ),
    ...later(
      "not in this run",
      plan.left.filter(({ isTouched }) => !isTouched),
    ),
  ];
}

function later(what: string, left: readonly Left[]): string[] {
  if (left.length === 0) return [];
  const due = ({ name, dueIn }: Left): string =>
    `${name} (first in turn ${dueIn === 1 ? "at the next commit" : `in ${dueIn} commits`})`;
  return [`  ${what}: ${left.map(due).join(", ")}`];
}
