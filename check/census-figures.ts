/** Figures of the census, computed by the proof itself from the files: in exact whole numbers, unlike Spark's. */
import { figuresDifference } from "./windows.ts";
import type { Figures } from "./windows.ts";

export interface CensusFigure extends Figures {
  readonly grouping: string;
  readonly member: string;
  readonly measure: string;
}

const groupings = ["region", "sex", "education", "occupation"] as const;
const measures = ["age", "hours_per_week", "income"] as const;
/** Columns of a file, in any order. */
const columns = ["person", ...groupings, ...measures] as const;

interface Sums {
  count: number;
  sum: bigint;
  squares: bigint;
  minimum: number;
  maximum: number;
}

/** Takes the files one after the other, so that no more than one is held. */
export class CensusSums {
  readonly #sums = new Map<string, Sums>();
  readonly #people = new Set<string>();
  #rows = 0;

  /** People seen so far. */
  get rows(): number {
    return this.#rows;
  }

  /** People of different numbers; less than {@link rows} when someone is there twice. */
  get people(): number {
    return this.#people.size;
  }

  /** @throws {Error} when the text is not such a file: the words name the line */
  add(csv: string): void {
    const [header = "", ...lines] = csv.replace(/\r?\n$/, "").split(/\r?\n/);
    const names = header.split(",");
    const missing = columns.filter((column) => !names.includes(column));
    if (missing.length > 0) throw new Error(`its first line lacks ${missing.join(", ")}: ${header.slice(0, 200)}`);
    const at = Object.fromEntries(columns.map((column) => [column, names.indexOf(column)]));
    for (const [index, line] of lines.entries()) {
      const cells = line.split(",");
      if (cells.length !== names.length) throw new Error(`line ${index + 2} has ${cells.length} columns: ${line}`);
      this.#addPerson(index + 2, (column) => cells[at[column] ?? -1] ?? "");
    }
  }

  /** Of all groups that have someone. */
  figures(): CensusFigure[] {
    return [...this.#sums].map(([key, { count, sum, squares, minimum, maximum }]) => {
      const [grouping = "", member = "", measure = ""] = key.split("/");
      const n = BigInt(count);
      const deviation = Math.sqrt(Number(n * squares - sum * sum) / (count * (count - 1)));
      return {
        grouping,
        member,
        measure,
        count,
        mean: Number(sum) / count,
        deviation: count < 2 ? null : deviation,
        minimum,
        maximum,
      };
    });
  }

  #addPerson(line: number, cell: (column: (typeof columns)[number]) => string): void {
    this.#rows++;
    this.#people.add(cell("person"));
    for (const measure of measures) {
      const text = cell(measure);
      if (!/^-?\d+$/.test(text)) throw new Error(`line ${line} has the ${measure} "${text}"`);
      const value = Number(text);
      this.#addValue(`all/all/${measure}`, value);
      for (const grouping of groupings) this.#addValue(`${grouping}/${cell(grouping)}/${measure}`, value);
    }
  }

  #addValue(key: string, value: number): void {
    const sums = this.#sums.get(key) ?? { count: 0, sum: 0n, squares: 0n, minimum: value, maximum: value };
    sums.count++;
    sums.sum += BigInt(value);
    sums.squares += BigInt(value) * BigInt(value);
    sums.minimum = Math.min(sums.minimum, value);
    sums.maximum = Math.max(sums.maximum, value);
    this.#sums.set(key, sums);
  }
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
