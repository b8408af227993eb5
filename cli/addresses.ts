/** The platform's published addresses, as the program's stack outputs carry them. */
import { rooms } from "../config/rooms.ts";
import type { PublishedPort } from "../platform/service.ts";
import { table } from "./table.ts";

export interface Address {
  readonly title: string;
  readonly url: string;
  /** Whether the platform's proxy asks for a login there. @default false */
  readonly login?: true;
}

/** Reads the stack output `addresses`: a list of `{ title, url, login }`, those without a URL left out. */
export function readAddresses(outputs: Readonly<Record<string, unknown>>): Address[] {
  const listed = outputs["addresses"];
  if (!Array.isArray(listed)) return [];
  return listed.flatMap((entry: unknown) => {
    const { title, url, login } = (typeof entry === "object" && entry !== null ? entry : {}) as Partial<Address>;
    return typeof title === "string" && typeof url === "string"
      ? [{ title, url, ...(login === true && { login }) }]
      : [];
  });
}

/** The ports that all rooms publish, by key. */
const ports: Readonly<Record<string, PublishedPort>> = Object.fromEntries(
  rooms.flatMap(({ published }) => Object.entries(published ?? {})),
);

function isOf({ meaning, called }: PublishedPort, { title }: Pick<Address, "title">): boolean {
  return called?.test(title) ?? title === meaning;
}

/** The port that an address publishes; `undefined` for one that no room speaks of by its title. */
export function portOf(address: Pick<Address, "title">): PublishedPort | undefined {
  return Object.values(ports).find((port) => isOf(port, address));
}

/** Where a port is reached, by its key. */
export function addressOf(addresses: readonly Address[], key: string): string | undefined {
  const port = ports[key];
  return port && addresses.find((address) => isOf(port, address))?.url;
}

export function renderAddresses(addresses: readonly Address[]): string {
  return addresses.length === 0
    ? "no address is published on this target"
    : table(
        ["service", "address"],
        addresses.map(({ title, url }) => [title, url]),
      );
}
