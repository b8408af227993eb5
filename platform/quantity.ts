/** Kubernetes quantities (`512Mi`, `1Gi`, `250m`) as numbers. */

const BINARY: Readonly<Record<string, number>> = {
  "": 1,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
};

/** Bytes of a quantity of memory or disk; `undefined` when it is none. */
export function quantityBytes(quantity: string): number | undefined {
  const match = /^(\d+(?:\.\d+)?)([A-Za-z]*)$/.exec(quantity);
  const factor = BINARY[match?.[2] ?? ""];
  return match === null || factor === undefined ? undefined : Number(match[1]) * factor;
}

/** The same amount of disk as the API server writes it: `2048Mi` is `2Gi`. Another spelling would look like a change. */
export function canonicalSize(quantity: string): string {
  const match = /^(\d+)(Mi|Gi)$/.exec(quantity);
  if (match === null || Number(match[1]) % 1024 !== 0 || Number(match[1]) === 0) return quantity;
  return canonicalSize(`${Number(match[1]) / 1024}${match[2] === "Mi" ? "Gi" : "Ti"}`);
}

/** Mebibytes of a quantity of memory, rounded down. */
export function mebibytes(quantity: string): number {
  const bytes = quantityBytes(quantity);
  if (bytes === undefined) throw new RangeError(`"${quantity}" is not an amount of memory, for example "512Mi"`);
  return Math.floor(bytes / 2 ** 20);
}

/**
 * Heap of a JVM in a container of the given memory limit, in MiB: a share of it, and the rest is left to the JVM's own
 * needs (metaspace, threads, buffers).
 */
export function heapMebibytes(memoryLimit: string, share: number): number {
  return Math.floor(mebibytes(memoryLimit) * share);
}
