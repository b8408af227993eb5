/**
 * Which parts of the end-to-end test a run has, and in which stages: a pure function of the paths that a change touches, of
 * the count of commits, and of the parts' minutes. Nothing is stored between runs.
 */
import { createHash } from "node:crypto";
import { matchesGlob } from "node:path";

import type { Profile } from "../../../config/profiles.ts";
import type { ServiceGroup } from "../../../platform/service.ts";
import { needsNoCluster, ownerOf, PLATFORM } from "./owners.ts";

export interface PartFacts {
  /** Measured on two cores with nothing beside it. */
  readonly minutes: number;
  /** Owners of files whose changes ask for it. */
  readonly rooms: readonly string[];
  /** Globs of the files that only it has. */
  readonly files?: readonly string[];
  /** What it needs on top of the data path; what needs profile `full` is only for long runs. @default - nothing */
  readonly needs?: ServiceGroup | "full";
  /** In every run: in its first stage, or in each. @default - only when it is touched or its turn comes */
  readonly spine?: "first" | "each";
  /** Breaks hops, and leaves it to the part `recovery` to see that all is well again. @default false */
  readonly breaksHops?: true;
  /** Takes longer, or a larger machine, than a run that is not for it has. @default false */
  readonly isLong?: true;
}

/** By their names, in the order in which they are run. */
export type Parts = Readonly<Record<string, PartFacts>>;

/** Looks whether all that the parts before have broken is well again. */
export const RECOVERY = "recovery";

/** What brings platforms up and takes them away, in minutes with warm caches. */
export const lifeMinutes = {
  up: { core: 2.5, studio: 3.5, pipeline: 3.5, streams: 3.5, full: 5 },
  switchTo: { core: 3, studio: 5, pipeline: 5, streams: 5, full: 5 },
  down: 1,
} satisfies Readonly<Record<string, number | Readonly<Record<Profile, number>>>>;

export interface Stage {
  readonly profile: Profile;
  readonly parts: readonly string[];
}

/** Why a part is in a run; `partly` when more is touched than fits, so that turns decide among it. */
export type Reason = "spine" | "touched" | "partly" | "sample" | "turn";

export interface Left {
  readonly name: string;
  /** At this many commits from here it is the first in turn, at the latest. */
  readonly dueIn: number;
  readonly isTouched: boolean;
}

export interface Plan {
  readonly stages: readonly Stage[];
  readonly reasons: Readonly<Record<string, Reason>>;
  /** Commits until each part is the first in turn. */
  readonly dueIn: Readonly<Record<string, number>>;
  readonly left: readonly Left[];
  readonly minutes: number;
  /** Whether something that every room stands on has changed, or nobody knows what has. */
  readonly isWide: boolean;
}

export interface Change {
  /** Paths from the root, also of files that are gone. `undefined`: nobody knows. */
  readonly paths: readonly string[] | undefined;
  /** Count of commits, or a number in its place. */
  readonly turn: number;
}

/** The spine, then what the change touches, then what has not run for longest, as far as the budget goes. */
export function planOf(parts: Parts, change: Change, budgetMinutes: number): Plan {
  const optional = Object.keys(parts).filter((name) => isOptional(parts, name));
  const turns = inTurn(optional, change.turn);
  const order = turns.map(({ name }) => name);
  const { touched, isWide } = touchedBy(parts, order, change.paths);
  const sample = isWide ? sampleOf(parts, order, touched) : [];
  const reasons: Record<string, Reason> = {};
  for (const name of [...touched, ...sample, ...order]) {
    if (name in reasons) continue;
    if (minutesOf(parts, stagesWith(parts, [...Object.keys(reasons), name], change.turn)) > budgetMinutes) continue;
    reasons[name] = touched.includes(name) ? "touched" : sample.includes(name) ? "sample" : "turn";
  }
  if (!touched.every((name) => name in reasons))
    for (const name of touched) if (name in reasons) reasons[name] = "partly";
  const stages = stagesWith(parts, Object.keys(reasons), change.turn);
  for (const name of stages.flatMap((stage) => stage.parts)) reasons[name] ??= "spine";
  const left = turns
    .filter(({ name }) => !(name in reasons))
    .map((one) => ({ ...one, isTouched: touched.includes(one.name) }));
  const dueIn = Object.fromEntries(turns.map((one) => [one.name, one.dueIn]));
  return { stages, reasons, dueIn, left, minutes: minutesOf(parts, stages), isWide };
}

function isOptional(parts: Parts, name: string): boolean {
  const part = parts[name];
  return name !== RECOVERY && part !== undefined && part.spine === undefined && part.isLong === undefined;
}

function touchedBy(
  parts: Parts,
  names: readonly string[],
  paths: readonly string[] | undefined,
): { readonly touched: readonly string[]; readonly isWide: boolean } {
  if (paths === undefined) return { touched: [], isWide: true };
  const inCluster = paths.filter((path) => !needsNoCluster(path));
  const owners = new Set(inCluster.map(ownerOf));
  const isTouched = (name: string): boolean => {
    const { rooms = [], files = [] } = parts[name] ?? {};
    return (
      rooms.some((room) => owners.has(room)) || files.some((glob) => inCluster.some((path) => matchesGlob(path, glob)))
    );
  };
  return { touched: names.filter(isTouched), isWide: owners.has(PLATFORM) || owners.has(undefined) };
}

/** Of each room the part whose turn comes first, unless one of its parts is there already. */
function sampleOf(parts: Parts, order: readonly string[], there: readonly string[]): string[] {
  const sampled = new Set(there.flatMap((name) => parts[name]?.rooms ?? []));
  return order.filter((name) => {
    const fresh = (parts[name]?.rooms ?? []).filter((room) => !sampled.has(room));
    for (const room of fresh) sampled.add(room);
    return fresh.length > 0;
  });
}

/**
 * The names in the order of their turns. In each lap every one of them is once the first, in an order that differs from
 * lap to lap: so no length of pushes meets always the same ones.
 */
export function inTurn(names: readonly string[], turn: number): { readonly name: string; readonly dueIn: number }[] {
  if (names.length === 0) return [];
  const lap = Math.floor(turn / names.length);
  const place = turn % names.length;
  const now = orderOfLap(names, lap).slice(place);
  const next = orderOfLap(names, lap + 1).map((name, index) => ({ name, dueIn: names.length - place + index }));
  return [...now.map((name, dueIn) => ({ name, dueIn })), ...next.filter(({ name }) => !now.includes(name))];
}

function orderOfLap(names: readonly string[], lap: number): string[] {
  const key = (name: string): string => createHash("sha256").update(`${lap} ${name}`).digest("hex");
  return names.toSorted((one, other) => (key(one) < key(other) ? -1 : 1));
}

/** Stages on one cluster that have what the parts need, at least two: so each run changes the profile. */
function stagesWith(parts: Parts, names: readonly string[], turn: number): Stage[] {
  const needed = (["studio", "pipeline", "streams"] as const).filter((group) =>
    names.some((name) => parts[name]?.needs === group),
  );
  const [first = turn % 2 === 0 ? "studio" : "pipeline", ...others] = needed;
  return stagesOf(parts, others.length === 0 ? ["core", first] : needed, names);
}

/** Parts of each stage in order: with the spine, and with the recovery of what they break. */
export function stagesOf(parts: Parts, profiles: readonly Profile[], names: readonly string[]): Stage[] {
  return profiles.map((profile, index) => {
    const isHere = ([name, { needs, spine }]: readonly [string, PartFacts]): boolean => {
      if (spine !== undefined) return index === 0 || spine === "each";
      return (
        names.includes(name) &&
        (needs === undefined ? index === 0 : profile === needs || (profile === "full" && needs !== "streams"))
      );
    };
    const chosen = Object.entries(parts).filter(isHere);
    const isBroken = chosen.some(([, { breaksHops }]) => breaksHops);
    const here = new Set(chosen.map(([name]) => name));
    return { profile, parts: Object.keys(parts).filter((name) => (name === RECOVERY ? isBroken : here.has(name))) };
  });
}

/**
 * What is left of a run from a part on; its stage comes first.
 * @throws Error when no stage has the part
 */
export function fromPart(stages: readonly Stage[], name: string): Stage[] {
  const index = stages.findIndex((stage) => stage.parts.includes(name));
  const stage = stages[index];
  if (stage === undefined) {
    const names = [...new Set(stages.flatMap((one) => one.parts))];
    throw new Error(`--from ${name}: there is no such part in this run; there are ${names.join(", ")}`);
  }
  return [{ ...stage, parts: stage.parts.slice(stage.parts.indexOf(name)) }, ...stages.slice(index + 1)];
}

export function minutesOf(parts: Parts, stages: readonly Stage[]): number {
  const life = stages.map(({ profile }, index) => lifeMinutes[index === 0 ? "up" : "switchTo"][profile]);
  const each = stages.flatMap((stage) => stage.parts).map((name) => parts[name]?.minutes ?? 0);
  return [...life, ...each, lifeMinutes.down].reduce((sum, minutes) => sum + minutes, 0);
}
