/** IPv4 networks in CIDR form, `10.244.0.0/16`. */

/** First and last address of a network, as numbers. */
export function rangeOf(cidr: string): { readonly first: number; readonly last: number } {
  const [address = "", bits = "32"] = cidr.split("/");
  const number = address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
  const size = 2 ** (32 - Number(bits));
  const first = Math.floor(number / size) * size;
  return { first, last: first + size - 1 };
}

/** Whether a network lies in another one, or is the same. */
export function within(network: string, other: string): boolean {
  const [inner, outer] = [rangeOf(network), rangeOf(other)];
  return outer.first <= inner.first && inner.last <= outer.last;
}
