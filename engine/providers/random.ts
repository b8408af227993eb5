/**
 * The random provider: RandomPassword, RandomString, RandomId, RandomBytes and RandomUuid with the outputs of
 * `@pulumi/random`, except RandomPassword's `bcryptHash`.
 */

import { randomBytes, randomInt, randomUUID } from "node:crypto";
import type { Made, Provider, StepContext } from "../provider.ts";
import { diffPaths, type Props, secret } from "../values.ts";

const lower = "abcdefghijklmnopqrstuvwxyz";
const upper = lower.toUpperCase();
const digits = "0123456789";
const specials = "!@#$%&*()-_=+[]{}<>:?";

export function randomProvider(): Provider {
  return {
    check: ({ type, inputs }) => problems(type, inputs),
    diff: (_type, last, next) => {
      const paths = diffPaths(ofProgram(last), ofProgram(next));
      return { paths, replaces: paths, deleteBeforeReplace: false };
    },
    create: (context) => Promise.resolve(make(context)),
    update: (_context, recorded) => Promise.resolve(recorded),
    delete: () => Promise.resolve(),
  };
}

/** The inputs without what an official provider notes among them, such as `__defaults`: nobody loses a password for that. */
function ofProgram(inputs: Props): Props {
  return Object.fromEntries(Object.entries(inputs).filter(([key]) => !key.startsWith("__")));
}

function problems(type: string, inputs: Props): string[] {
  const key = type.endsWith(":RandomId") ? "byteLength" : "length";
  if (type.endsWith(":RandomUuid")) {
    return [];
  }
  const value = inputs[key];
  if (typeof value === "number" && Number.isInteger(value) && value >= 1) {
    return [];
  }
  return typeof value === "string"
    ? []
    : [`${key} is ${JSON.stringify(value)}; it must be a whole number of at least 1`];
}

function make({ type, inputs }: StepContext): Made {
  const length = Number(inputs["length"] ?? inputs["byteLength"]);
  switch (type.split(":").at(-1)) {
    case "RandomPassword": {
      const { text, settings } = randomText(inputs, length);
      return { id: "none", outputs: { ...inputs, ...settings, result: secret(text) } };
    }
    case "RandomString": {
      const { text, settings } = randomText(inputs, length);
      return { id: text, outputs: { ...inputs, ...settings, result: text } };
    }
    case "RandomId": {
      const bytes = randomBytes(length);
      const prefix = typeof inputs["prefix"] === "string" ? inputs["prefix"] : "";
      return {
        id: bytes.toString("base64url"),
        outputs: {
          ...inputs,
          b64Std: prefix + bytes.toString("base64"),
          b64Url: prefix + bytes.toString("base64url"),
          hex: prefix + bytes.toString("hex"),
          dec: prefix + BigInt(`0x${bytes.toString("hex")}`).toString(),
        },
      };
    }
    case "RandomBytes": {
      const bytes = randomBytes(length);
      return {
        id: "none",
        outputs: { ...inputs, base64: secret(bytes.toString("base64")), hex: secret(bytes.toString("hex")) },
      };
    }
    case "RandomUuid": {
      const uuid = randomUUID();
      return { id: uuid, outputs: { ...inputs, result: uuid } };
    }
    default:
      throw new Error(
        `the local engine does not know ${type}; it knows RandomPassword, RandomString, RandomId, RandomBytes, RandomUuid`,
      );
  }
}

function randomText(inputs: Props, length: number): { text: string; settings: Props } {
  const numeric = inputs["numeric"] ?? inputs["number"] ?? true;
  const sets = [
    { on: inputs["lower"] ?? true, least: inputs["minLower"] ?? 0, letters: lower },
    { on: inputs["upper"] ?? true, least: inputs["minUpper"] ?? 0, letters: upper },
    { on: numeric, least: inputs["minNumeric"] ?? 0, letters: digits },
    {
      on: inputs["special"] ?? true,
      least: inputs["minSpecial"] ?? 0,
      letters: specialLetters(inputs["overrideSpecial"]),
    },
  ];
  const all = sets
    .filter((set) => set.on === true)
    .map((set) => set.letters)
    .join("");
  const least = sets.flatMap((set) => Array.from({ length: Number(set.least) }, () => pick(set.letters)));
  if (all === "" || least.length > length) {
    throw new Error(
      all === ""
        ? "no kind of character is allowed; switch on one of lower, upper, numeric, special"
        : `length ${length} is less than the sum of the min* settings, ${least.length}`,
    );
  }
  const rest = Array.from({ length: length - least.length }, () => pick(all));
  const text = shuffle([...least, ...rest]).join("");
  const settings = {
    lower: sets[0]?.on,
    upper: sets[1]?.on,
    numeric,
    number: numeric,
    special: sets[3]?.on,
    minLower: sets[0]?.least,
    minUpper: sets[1]?.least,
    minNumeric: sets[2]?.least,
    minSpecial: sets[3]?.least,
  };
  return { text, settings };
}

function specialLetters(override: unknown): string {
  return typeof override === "string" && override !== "" ? override : specials;
}

function pick(letters: string): string {
  return letters[randomInt(letters.length)] ?? "";
}

function shuffle(items: string[]): string[] {
  for (let last = items.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    [items[last], items[other]] = [items[other] ?? "", items[last] ?? ""];
  }
  return items;
}
