/** Figures of the census, computed by the proof itself from the files: in exact whole numbers, unlike Spark's. */
import { figuresDifference } from "../../windows/hops/windows.ts";
import type { Figures } from "../../windows/hops/windows.ts";

export interface CensusFigure extends Figures {
  readonly grouping: string;
  readonly member: string;
  readonly measure: string;
}

const groupings = ["region", "sex", "education", "occupation"] as const;
const measures = ["age", "hours_per_week", "income"] as const;
/** Columns of a file, in any order. */
const columns = ["person", ...groupings, ...measures] as const;
type Column = (typeof columns)[number];

/** Sums of whole numbers, exact however many there are. */
class Sums {
  count = 0;
  minimum = Infinity;
  maximum = -Infinity;
  #sum = 0n;
  #squares = 0n;
  /** Not yet in the sums: as long as they are small enough, doubles are exact too, and much faster. */
  #recent = { sum: 0, squares: 0 };

  add(value: number): void {
    this.count++;
    this.minimum = Math.min(this.minimum, value);
    this.maximum = Math.max(this.maximum, value);
    const square = value * value;
    if (this.#recent.squares + square > Number.MAX_SAFE_INTEGER) this.#flush();
    if (square > Number.MAX_SAFE_INTEGER) {
      this.#sum += BigInt(value);
      this.#squares += BigInt(value) ** 2n;
    } else {
      this.#recent.sum += value;
      this.#recent.squares += square;
    }
  }

  figures(): Figures {
    this.#flush();
    const { count, minimum, maximum } = this;
    const spread = BigInt(count) * this.#squares - this.#sum * this.#sum;
    return {
      count,
      mean: Number(this.#sum) / count,
      deviation: count < 2 ? null : Math.sqrt(Number(spread) / (count * (count - 1))),
      minimum,
      maximum,
    };
  }

  #flush(): void {
    this.#sum += BigInt(this.#recent.sum);
    this.#squares += BigInt(this.#recent.squares);
    this.#recent = { sum: 0, squares: 0 };
  }
}

/** Takes the files one after the other, line by line, so that memory does not grow with them. */
export class CensusSums {
  /** By grouping and member, in the order of the measures. */
  readonly #sums = new Map<string, readonly Sums[]>();
  readonly #seen: Uint8Array;
  #rows = 0;

  /** @param expected - people that there should be; their numbers are 0 up to one less */
  constructor(expected: number) {
    this.#seen = new Uint8Array(expected);
  }

  /** People seen so far. */
  get rows(): number {
    return this.#rows;
  }

  /** @throws {Error} when the text is not such a file: the words name the line */
  async add(lines: AsyncIterable<readonly string[]>): Promise<void> {
    let number = 0;
    let names: readonly string[] = [];
    let at: Readonly<Record<Column, number>> | undefined;
    for await (const some of lines) {
      for (const line of some) {
        number++;
        const cells = line.split(",");
        if (at === undefined) {
          names = cells;
          at = placesOf(names);
          continue;
        }
        if (cells.length !== names.length) throw new Error(`line ${number} has ${cells.length} columns: ${line}`);
        this.#addPerson(number, cells, at);
      }
    }
    if (at === undefined) throw new Error("it is empty");
  }

  /** Of all groups that have someone. */
  figures(): CensusFigure[] {
    return [...this.#sums].flatMap(([key, sums]) => {
      const [grouping = "", member = ""] = key.split("/");
      return measures.flatMap((measure, index) => {
        const figures = sums[index]?.figures();
        return figures === undefined ? [] : [{ grouping, member, measure, ...figures }];
      });
    });
  }

  #addPerson(line: number, cells: readonly string[], at: Readonly<Record<Column, number>>): void {
    const wholeNumber = (column: Column): number => {
      const text = cells[at[column]] ?? "";
      if (!/^-?\d{1,15}$/.test(text)) throw new Error(`line ${line} has the ${column} "${text}"`);
      return Number(text);
    };
    const person = wholeNumber("person");
    if (this.#seen[person] === undefined)
      throw new Error(`line ${line} has the person "${person}", more than there are`);
    if (this.#seen[person] !== 0) throw new Error(`line ${line} has person ${person}, who was there before`);
    this.#seen[person] = 1;
    this.#rows++;
    const values = measures.map(wholeNumber);
    this.#addValues("all/all", values);
    for (const grouping of groupings) this.#addValues(`${grouping}/${cells[at[grouping]] ?? ""}`, values);
  }

  #addValues(group: string, values: readonly number[]): void {
    let sums = this.#sums.get(group);
    if (sums === undefined) {
      sums = measures.map(() => new Sums());
      this.#sums.set(group, sums);
    }
    values.forEach((value, index) => sums[index]?.add(value));
  }
}

/** @throws {Error} when a column is not there */
function placesOf(names: readonly string[]): Readonly<Record<Column, number>> {
  const missing = columns.filter((column) => !names.includes(column));
  if (missing.length > 0) {
    throw new Error(`its first line lacks ${missing.join(", ")}: ${names.join(",").slice(0, 200)}`);
  }
  return Object.fromEntries(columns.map((column) => [column, names.indexOf(column)])) as Record<Column, number>;
}

/** @returns what differs from what the proof has computed, in words; `undefined`: nothing */
export function censusDifference(seen: readonly CensusFigure[], right: readonly CensusFigure[]): string | undefined {
  const own = new Map(right.map((figure) => [nameOf(figure), figure]));
  const names = new Set(seen.map(nameOf));
  const missing = [...own.keys()].filter((name) => !names.has(name));
  if (missing.length > 0) return `${own.size - missing.length} of ${own.size} figures; ${missing[0] ?? ""} is missing`;
  if (names.size < seen.length) return `${seen.length} figures where ${names.size} are different: duplicates`;
  for (const figure of seen) {
    const computed = own.get(nameOf(figure));
    if (computed === undefined) return `figures of ${nameOf(figure)}, of whom there is nobody in the files`;
    const problem = figuresDifference(figure, computed);
    if (problem !== undefined) return `${nameOf(figure)} with ${problem}`;
  }
  return undefined;
}

function nameOf({ grouping, member, measure }: CensusFigure): string {
  return `${grouping}/${member}/${measure}`;
}
