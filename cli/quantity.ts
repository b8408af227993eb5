/** Kubernetes quantities as numbers. */

const units: Readonly<Record<string, number>> = {
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

/** Bytes or cores; `undefined` for an absent or unreadable quantity. */
export function quantity(text: string | undefined): number | undefined {
  const match = /^([0-9.]+)([A-Za-z]*)$/.exec(text ?? "");
  const unit = units[match?.[2] ?? ""];
  return match === null || unit === undefined ? undefined : Number(match[1]) * unit;
}
