/** Query strings: each page and each answer allows its own parameters, and says so when it gets others. */
import { censusGroupings, censusMeasures, longestMinutes, longestName } from "../protocol.ts";
import { Problem, shown } from "./problem.ts";

/** Says what is allowed when a value is not; `undefined` when it is. */
export type Check = (value: string) => string | undefined;

const controlCharacters = /\p{Cc}/u;

/** A name from outside: any text, for it is only ever compared. */
export const anyName: Check = (value) => {
  if (value.length < 1 || value.length > longestName) {
    return `has ${value.length} characters; give 1 to ${longestName}`;
  }
  return controlCharacters.test(value) ? "has control characters; give a name without" : undefined;
};

export const minutes: Check = (value) => {
  const isAllowed = /^[1-9]\d{0,3}$/.test(value) && Number(value) <= longestMinutes;
  return isAllowed ? undefined : `is ${shown(value)}; give a whole number from 1 to ${longestMinutes}`;
};

const oneOf =
  (allowed: readonly string[]): Check =>
  (value) =>
    allowed.includes(value) ? undefined : `is ${shown(value)}; allowed are ${allowed.join(", ")}`;

/** Parameters of each kind of page, and of the answer that it asks for. */
export const parametersOf = {
  none: {},
  live: { series: anyName, metric: anyName },
  windows: { series: anyName, metric: anyName, minutes },
  race: { car: anyName },
  raceWindows: { car: anyName, minutes },
  census: { run: anyName },
  censusPage: { run: anyName, grouping: oneOf(censusGroupings), measure: oneOf(censusMeasures) },
} as const satisfies Record<string, Readonly<Record<string, Check>>>;

/**
 * Reads the query string of a request.
 * @throws {Problem} 400 with all that is wrong with it
 */
export function readQuery<Name extends string>(
  url: string,
  parameters: Readonly<Record<Name, Check>>,
): Partial<Record<Name, string>> {
  const given = new URLSearchParams(queryOf(url));
  const allowed = Object.keys(parameters);
  const problems: string[] = [];
  for (const name of new Set(given.keys())) {
    const check = (parameters as Readonly<Record<string, Check>>)[name];
    const values = given.getAll(name);
    if (check === undefined || !allowed.includes(name)) {
      const which = allowed.length === 0 ? "none is allowed" : `allowed are ${allowed.join(", ")}`;
      problems.push(`there is no parameter ${shown(name)} here; ${which}`);
    } else if (values.length > 1) {
      problems.push(`${name} is given ${values.length} times; give it once`);
    } else {
      const problem = check(values[0] ?? "");
      if (problem !== undefined) problems.push(`${name} ${problem}`);
    }
  }
  if (problems.length > 0) throw new Problem(400, problems.slice(0, 5).join(". "));
  return Object.fromEntries(given) as Partial<Record<Name, string>>;
}

/** @throws {Problem} 400 when path or query are not text in percent-encoding */
export function checkEncoding(url: string): void {
  try {
    decodeURIComponent(url);
  } catch {
    throw new Problem(
      400,
      `the address ${shown(url)} is malformed: after a % there must be two hexadecimal digits that make UTF-8 text; ` +
        "a percent sign itself is written %25",
    );
  }
}

function queryOf(url: string): string {
  const begin = url.indexOf("?");
  return begin < 0 ? "" : url.slice(begin + 1);
}
