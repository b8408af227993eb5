/** The platform's published addresses, as the program's stack outputs carry them. */
import { table } from "./table.ts";

export interface Address {
  readonly title: string;
  readonly url: string;
}

/** Reads the stack output `addresses`: a list of `{ title, url }`, those without a URL left out. */
export function readAddresses(outputs: Readonly<Record<string, unknown>>): Address[] {
  const listed = outputs["addresses"];
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((entry: unknown) => {
    const { title, url } = (typeof entry === "object" && entry !== null ? entry : {}) as Partial<Address>;
    return typeof title === "string" && typeof url === "string" ? [{ title, url }] : [];
  });
}

export function renderAddresses(addresses: readonly Address[]): string {
  return addresses.length === 0
    ? "no address is published on this target"
    : table(
        ["service", "address"],
        addresses.map(({ title, url }) => [title, url]),
      );
}
