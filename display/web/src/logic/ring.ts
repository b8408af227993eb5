/** Points of one line, the oldest dropped when there are too many: memory is bounded whatever the rate is. */

/** Time (ms since 1970) and value. */
export type Point = readonly [ts: number, value: number];

const FIRST_CAPACITY = 64;

export class PointRing {
  readonly #limit: number;
  #times = new Float64Array(FIRST_CAPACITY);
  #values = new Float64Array(FIRST_CAPACITY);
  #begin = 0;
  #length = 0;

  /** @param limit most points that are kept */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get length(): number {
    return this.#length;
  }

  /** The point that came last. */
  get newest(): Point | undefined {
    return this.#length === 0 ? undefined : this.#at(this.#length - 1);
  }

  push(ts: number, value: number): void {
    if (this.#length === this.#times.length && this.#length < this.#limit) this.#grow();
    const capacity = Math.min(this.#times.length, this.#limit);
    const slot = (this.#begin + this.#length) % capacity;
    this.#times[slot] = ts;
    this.#values[slot] = value;
    if (this.#length < capacity) this.#length++;
    else this.#begin = (this.#begin + 1) % capacity;
  }

  /** Points not older than `from`, in order of time. */
  since(from: number): Point[] {
    const points: Point[] = [];
    let inOrder = true;
    for (let index = 0; index < this.#length; index++) {
      const point = this.#at(index);
      if (point[0] < from) continue;
      inOrder &&= point[0] >= (points.at(-1)?.[0] ?? -Infinity);
      points.push(point);
    }
    return inOrder ? points : points.sort((a, b) => a[0] - b[0]);
  }

  #at(index: number): Point {
    const slot = (this.#begin + index) % Math.min(this.#times.length, this.#limit);
    return [this.#times[slot] ?? NaN, this.#values[slot] ?? NaN];
  }

  #grow(): void {
    const ordered = Array.from({ length: this.#length }, (_, index) => this.#at(index));
    const capacity = Math.min(this.#limit, this.#times.length * 2);
    this.#times = new Float64Array(capacity);
    this.#values = new Float64Array(capacity);
    this.#begin = 0;
    for (const [index, [ts, value]] of ordered.entries()) {
      this.#times[index] = ts;
      this.#values[index] = value;
    }
  }
}
