/**
 * The people of the census, each made from a hash of the seed and the person's number: the same as components/census/programs/census-batch.py
 * makes on Spark's executors.
 */
import { createHash } from "node:crypto";

export interface Person {
  /** From 0. */
  readonly person: number;
  readonly region: string;
  readonly sex: "female" | "male";
  /** Years, 0 to 99. */
  readonly age: number;
  readonly education: string;
  readonly occupation: string;
  /** 0 without work. */
  readonly hours_per_week: number;
  /** A year, in whole euros. */
  readonly income: number;
}

/** Names with their shares in per cent. */
type Shares = readonly (readonly [name: string, share: number])[];

// A hash has 64 hexadecimal digits: nine draws of seven digits each, and one digit that is left.
const drawDigits = 7;
const draws = 9;
const drawEnd = 16 ** drawDigits;

const regions: Shares = [
  ["north", 30],
  ["east", 20],
  ["south", 28],
  ["west", 15],
  ["islands", 7],
];
const educations: Shares = [
  ["none", 3],
  ["primary", 12],
  ["secondary", 35],
  ["vocational", 22],
  ["bachelor", 16],
  ["master", 10],
  ["doctorate", 2],
];
const work: Shares = [
  ["employee", 68],
  ["self-employed", 12],
  ["unemployed", 7],
  ["homemaker", 13],
];
/** Yearly income of full-time work by education, in euros. */
const fullPay: Readonly<Record<string, number>> = {
  none: 16_000,
  primary: 19_000,
  secondary: 27_000,
  vocational: 31_000,
  bachelor: 40_000,
  master: 52_000,
  doctorate: 64_000,
};

/** @param number Of the person, from 0 */
export function makePerson(seed: number, number: number): Person {
  const hash = createHash("sha256").update(`${seed}:${number}`).digest("hex");
  const d = Array.from({ length: draws }, (_, index) =>
    Number.parseInt(hash.slice(index * drawDigits, (index + 1) * drawDigits), 16),
  ) as [number, number, number, number, number, number, number, number, number];
  // The smaller of two numbers, so that there are more young people than old ones.
  const age = Math.min(between(d[0], 0, 99), between(d[1], 0, 120));
  const education = educationOf(age, d[2]);
  const occupation = occupationOf(age, d[3], d[4]);
  const works = occupation === "employee" || occupation === "self-employed";
  const partTime = d[5] * 5 < drawEnd;
  const hours = works ? (partTime ? between(d[6], 10, 30) : between(d[6], 35, 50)) : 0;
  return {
    person: number,
    region: choose(d[8], regions),
    sex: Number.parseInt(hash.slice(-1), 16) < 8 ? "female" : "male",
    age,
    education,
    occupation,
    hours_per_week: hours,
    income: incomeOf(age, fullPay[education] ?? 0, occupation, hours, d[7]),
  };
}

function educationOf(age: number, draw: number): string {
  if (age < 6) return "none";
  return age < 15 ? "primary" : choose(draw, educations);
}

function occupationOf(age: number, studies: number, draw: number): string {
  if (age < 6) return "child";
  if (age < 18 || (age < 25 && studies * 2 < drawEnd)) return "student";
  return age >= 67 ? "retired" : choose(draw, work);
}

/** Whole euros at every step: no figure depends on how doubles are rounded. */
function incomeOf(age: number, pay: number, occupation: string, hours: number, draw: number): number {
  if (hours > 0) return Math.floor((pay * hours * between(draw, 60, 160)) / 4000);
  if (occupation === "retired") return Math.floor((pay * between(draw, 40, 70)) / 100);
  return age < 18 ? 0 : between(draw, 4_000, 14_000);
}

/** One of the names, by their shares. */
function choose(draw: number, shares: Shares): string {
  let bound = 0;
  for (const [name, share] of shares) {
    bound += share;
    if (draw * 100 < bound * drawEnd) return name;
  }
  throw new Error("the shares are less than 100 per cent");
}

/** A whole number of a range, each as likely as the others. */
function between(draw: number, least: number, most: number): number {
  return Math.floor((draw * (most - least + 1)) / drawEnd) + least;
}
