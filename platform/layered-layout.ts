/**
 * Boxes in layers, so that lines lead from left to right as far as they can: lines against the order are turned round,
 * each box stands one layer before what it leads to, and boxes of a layer are sorted by what they are connected with.
 */

export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

export interface Line {
  readonly from: string;
  readonly to: string;
  readonly title: string;
  /** Where it ends, from the top of the box. */
  readonly enterAt: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export interface DrawnLine extends Line {
  readonly points: readonly Point[];
  /** Whether the points lead from its end to its beginning. */
  readonly isReversed: boolean;
}

export interface Layout {
  /** Upper left corners. */
  readonly places: ReadonlyMap<string, Point>;
  readonly lines: readonly DrawnLine[];
  readonly width: number;
  readonly height: number;
}

const GAP_X = 70;
const GAP_Y = 12;
/** Room of a line that passes a layer. */
const LANE = 5;
const ROUNDS = 24;

/** A box, or a line where it passes a layer. */
interface Cell {
  readonly id: string;
  readonly layer: number;
  readonly height: number;
  readonly before: Cell[];
  readonly after: Cell[];
  /** Of its middle. */
  y: number;
}

export function layeredLayout(boxes: readonly Box[], lines: readonly Line[]): Layout {
  const turned = againstOrder(boxes, lines);
  const arrows = lines.map((line) => {
    const isReversed = turned.has(line);
    return { line, isReversed, left: isReversed ? line.to : line.from, right: isReversed ? line.from : line.to };
  });
  const layerOf = layers(boxes, arrows);
  const last = Math.max(0, ...layerOf.values());
  const columns: Cell[][] = Array.from({ length: last + 1 }, () => []);
  const add = (id: string, layer: number, height: number): Cell => {
    const cell: Cell = { id, layer, height, before: [], after: [], y: 0 };
    columns[layer]?.push(cell);
    return cell;
  };
  const cells = new Map(boxes.map(({ id, height }) => [id, add(id, layerOf.get(id) ?? 0, height)]));
  // Lines between the same boxes pass layers together.
  const lanes = new Map<string, Cell[]>();
  for (const { left, right } of arrows) {
    const key = `${left}\0${right}`;
    const [begin, end] = [cells.get(left), cells.get(right)];
    if (begin === undefined || end === undefined || lanes.has(key)) continue;
    const between = Array.from({ length: end.layer - begin.layer - 1 }, (_, index) =>
      add(key, begin.layer + index + 1, LANE),
    );
    const chain = [begin, ...between, end];
    for (const [index, cell] of chain.slice(1).entries()) {
      cell.before.push(chain[index] ?? begin);
      chain[index]?.after.push(cell);
    }
    lanes.set(key, between);
  }
  sortColumns(columns);
  placeColumns(columns);
  return drawnLayout(boxes, arrows, cells, lanes, columns);
}

interface Arrow {
  readonly line: Line;
  readonly isReversed: boolean;
  readonly left: string;
  readonly right: string;
}

/** Lines that lead back in an order in which few do: those with the most lines out and the fewest in come first. */
function againstOrder(boxes: readonly Box[], lines: readonly Line[]): Set<Line> {
  const left = new Set(boxes.map(({ id }) => id));
  const order = new Map<string, number>();
  while (left.size > 0) {
    const open = lines.filter(({ from, to }) => left.has(from) && left.has(to));
    const surplus = (id: string): number => {
      const [out, into] = [open.filter(({ from }) => from === id).length, open.filter(({ to }) => to === id).length];
      return into === 0 ? Number.MAX_SAFE_INTEGER : out - into;
    };
    const [next = ""] = [...left].sort((one, other) => surplus(other) - surplus(one) || (one < other ? -1 : 1));
    order.set(next, order.size);
    left.delete(next);
  }
  const place = (id: string): number => order.get(id) ?? 0;
  return new Set(lines.filter(({ from, to }) => place(from) > place(to)));
}

/** The layer of each box: one before the first of those that it leads to. */
function layers(boxes: readonly Box[], arrows: readonly Arrow[]): Map<string, number> {
  const depths = new Map<string, number>();
  const depth = (id: string): number => {
    const known = depths.get(id);
    if (known !== undefined) return known;
    const found = Math.max(-1, ...arrows.filter(({ left }) => left === id).map(({ right }) => depth(right))) + 1;
    depths.set(id, found);
    return found;
  };
  const deepest = Math.max(0, ...boxes.map(({ id }) => depth(id)));
  return new Map(boxes.map(({ id }) => [id, deepest - depth(id)]));
}

function sortColumns(columns: readonly Cell[][]): void {
  const mean = (cells: readonly Cell[], places: ReadonlyMap<Cell, number>): number | undefined =>
    cells.length === 0 ? undefined : cells.reduce((sum, cell) => sum + (places.get(cell) ?? 0), 0) / cells.length;
  for (let round = 0; round < ROUNDS; round++) {
    const goesRight = round % 2 === 0;
    const places = new Map(
      columns.flatMap((column) => column.map((cell, index): [Cell, number] => [cell, (index + 0.5) / column.length])),
    );
    for (const column of goesRight ? columns : columns.toReversed()) {
      const weights = new Map(
        column.map((cell, index) => [
          cell,
          mean(goesRight ? cell.before : cell.after, places) ??
            mean(goesRight ? cell.after : cell.before, places) ??
            index,
        ]),
      );
      column.sort((one, other) => (weights.get(one) ?? 0) - (weights.get(other) ?? 0));
      for (const [index, cell] of column.entries()) places.set(cell, (index + 0.5) / column.length);
    }
  }
}

/** Moves cells towards what they are connected with, without a change of their order. */
function placeColumns(columns: readonly Cell[][]): void {
  for (const column of columns)
    settle(
      column,
      column.map(() => 0),
    );
  for (let round = 0; round < ROUNDS; round++) {
    const goesRight = round % 2 === 0;
    for (const column of goesRight ? columns : columns.toReversed()) {
      const wanted = column.map((cell) => {
        const near = round < ROUNDS - 4 ? (goesRight ? cell.before : cell.after) : [...cell.before, ...cell.after];
        return near.length === 0 ? cell.y : near.reduce((sum, one) => sum + one.y, 0) / near.length;
      });
      settle(column, wanted);
    }
  }
}

/** The places nearest to those that are wanted, with room between them: neighbours that would overlap move as one. */
function settle(column: readonly Cell[], wanted: readonly number[]): void {
  let offset = 0;
  const offsets = column.map((cell, index) => {
    const above = column[index - 1];
    if (above !== undefined) offset += (above.height + cell.height) / 2 + GAP_Y;
    return offset;
  });
  const blocks: { sum: number; count: number }[] = [];
  for (const [index, place] of wanted.entries()) {
    blocks.push({ sum: place - (offsets[index] ?? 0), count: 1 });
    for (;;) {
      const [above, below] = blocks.slice(-2);
      if (above === undefined || below === undefined || above.sum / above.count <= below.sum / below.count) break;
      blocks.splice(-2, 2, { sum: above.sum + below.sum, count: above.count + below.count });
    }
  }
  const bases = blocks.flatMap(({ sum, count }) => Array.from({ length: count }, () => sum / count));
  for (const [index, cell] of column.entries()) cell.y = (bases[index] ?? 0) + (offsets[index] ?? 0);
}

function drawnLayout(
  boxes: readonly Box[],
  arrows: readonly Arrow[],
  cells: ReadonlyMap<string, Cell>,
  lanes: ReadonlyMap<string, readonly Cell[]>,
  columns: readonly (readonly Cell[])[],
): Layout {
  const sizes = new Map(boxes.map((box) => [box.id, box]));
  const widths = columns.map((column) => Math.max(0, ...column.map(({ id }) => sizes.get(id)?.width ?? 0)));
  const lefts = widths.map((_, index) => widths.slice(0, index).reduce((sum, width) => sum + width + GAP_X, 0));
  const all = columns.flat();
  const top = Math.min(0, ...all.map(({ y, height }) => y - height / 2));
  const bottom = Math.max(0, ...all.map(({ y, height }) => y + height / 2));
  const corner = (id: string): Point => {
    const cell = cells.get(id);
    return { x: lefts[cell?.layer ?? 0] ?? 0, y: (cell?.y ?? 0) - (cell?.height ?? 0) / 2 - top };
  };
  const lines = arrows.map(({ line, isReversed, left, right }): DrawnLine => {
    const [begin, end] = [corner(left), corner(right)];
    const beginY = begin.y + (isReversed ? line.enterAt : (sizes.get(left)?.height ?? 0) / 2);
    const endY = end.y + (isReversed ? (sizes.get(right)?.height ?? 0) / 2 : line.enterAt);
    const passing = (lanes.get(`${left}\0${right}`) ?? []).flatMap(({ layer, y }) => [
      { x: lefts[layer] ?? 0, y: y - top },
      { x: (lefts[layer] ?? 0) + (widths[layer] ?? 0), y: y - top },
    ]);
    const start = { x: begin.x + (sizes.get(left)?.width ?? 0), y: beginY };
    return { ...line, isReversed, points: [start, ...passing, { x: end.x, y: endY }] };
  });
  const width = (lefts.at(-1) ?? 0) + (widths.at(-1) ?? 0);
  return { places: new Map(boxes.map(({ id }) => [id, corner(id)])), lines, width, height: Math.ceil(bottom - top) };
}
