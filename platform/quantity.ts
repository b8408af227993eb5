/** Kubernetes quantities (`512Mi`, `1Gi`, `250m`) as numbers. */

/** An amount of memory or disk as settings have it. */
export type Quantity = `${number}Mi` | `${number}Gi`;

const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
};

/** Bytes or cores of a quantity; `undefined` when there is none, or it is no quantity. */
export function quantityOf(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(text ?? "");
  const unit = UNITS[match?.[2] ?? ""];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}

/** The same amount of memory or disk as the API server writes it: `2048Mi` is `2Gi`. Another spelling would look like a change. */
export function canonicalSize(quantity: string): string {
  const match = /^(\d+)(Mi|Gi)$/.exec(quantity);
  if (match === null || Number(match[1]) % 1024 !== 0 || Number(match[1]) === 0) return quantity;
  return canonicalSize(`${Number(match[1]) / 1024}${match[2] === "Mi" ? "Gi" : "Ti"}`);
}

/** Mebibytes of a quantity of memory, rounded down. */
export function mebibytes(quantity: string): number {
  const bytes = quantityOf(quantity);
  if (bytes === undefined) throw new RangeError(`"${quantity}" is not an amount of memory, for example "512Mi"`);
  return Math.floor(bytes / 2 ** 20);
}

/** An amount of CPU in thousandths of a core as the API server writes it: `250m`, and `2` for 2000. */
export function canonicalCpu(millis: number): string {
  return millis % 1000 === 0 ? String(millis / 1000) : `${millis}m`;
}

/** Thousandths of a core of an amount of CPU: `250m`, `"1.5"` or 2. */
export function cpuMillis(cpu: string | number): number {
  return Math.round((quantityOf(String(cpu)) ?? Number.NaN) * 1000);
}

/**
 * Heap of a JVM in a container of the given memory limit, in MiB: a share of it, and the rest is left to the JVM's own
 * needs (metaspace, threads, buffers).
 */
export function heapMebibytes(memoryLimit: string, share: number): number {
  return Math.floor(mebibytes(memoryLimit) * share);
}
