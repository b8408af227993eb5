/** The parts of the census file, and how they come into a bucket. */
import { createHash } from "node:crypto";
import { makePerson } from "./people.ts";

/** Columns of the file, in order; docs/census.md tells what they hold. */
export const columns = [
  "person",
  "region",
  "sex",
  "age",
  "education",
  "occupation",
  "hours_per_week",
  "income",
] as const;

/** Lines of one piece of text: a part is never held as a whole. */
const linesPerPiece = 2000;

/** Which people a part holds, and of how many. */
export interface PartOptions {
  readonly rows: number;
  readonly seed: number;
  readonly parts: number;
  /** From 0. */
  readonly part: number;
}

/** What is needed of a bucket; keys are file names below a prefix. */
export interface PartBucket {
  list(): Promise<readonly string[]>;
  /** Size and hash that were noted when it was put; `undefined`: there is none. */
  stat(name: string): Promise<{ readonly bytes: number; readonly sha256: string | undefined } | undefined>;
  put(name: string, content: Iterable<string>, noted: PartDigest): Promise<void>;
  remove(name: string): Promise<void>;
}

export interface PartDigest {
  readonly bytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

export function partName(part: number): string {
  return `part-${String(part).padStart(5, "0")}.csv`;
}

/** Text of a part, with the header line and a newline after each line. Parts hold equal shares, in the order of people. */
export function* partText({ rows, seed, parts, part }: PartOptions): Generator<string> {
  const end = Math.floor((rows * (part + 1)) / parts);
  let text = `${columns.join(",")}\n`;
  for (let number = Math.floor((rows * part) / parts); number < end; number++) {
    const person = makePerson(seed, number);
    text += `${columns.map((column) => person[column]).join(",")}\n`;
    if (number % linesPerPiece !== 0) continue;
    yield text;
    text = "";
  }
  if (text !== "") yield text;
}

export function digestOf(content: Iterable<string>): PartDigest {
  const hash = createHash("sha256");
  let bytes = 0;
  for (const piece of content) {
    hash.update(piece);
    bytes += Buffer.byteLength(piece);
  }
  return { bytes, sha256: hash.digest("hex") };
}

/**
 * Puts one part into the bucket, unless it is there. Whoever puts the first part also removes those of an older, larger set.
 * @returns what was done, a line each
 */
export async function putPart(bucket: PartBucket, options: PartOptions): Promise<string[]> {
  const name = partName(options.part);
  const lines: string[] = [];
  const wanted = digestOf(partText(options));
  const existing = await bucket.stat(name);
  if (existing?.bytes === wanted.bytes && existing.sha256 === wanted.sha256) {
    lines.push(`${name}: is there already with these ${wanted.bytes} bytes`);
  } else {
    await bucket.put(name, partText(options), wanted);
    lines.push(`${name}: ${existing === undefined ? "written" : "replaced"}, ${wanted.bytes} bytes`);
  }
  if (options.part > 0) return lines;
  for (const old of await bucket.list()) {
    const [, number] = /^part-(\d{5})\.csv$/.exec(old) ?? [];
    if (number === undefined || Number(number) < options.parts) continue;
    await bucket.remove(old);
    lines.push(`${old}: removed, for there are ${options.parts} parts now`);
  }
  return lines;
}
