/** How a room gets its place in the program: what it stands on, what it is wired to, and what it offers in return. */
import * as pulumi from "@pulumi/pulumi";
import { Component } from "./component.ts";
import type { GuardedPage, PublishedAddress, Ready } from "./endpoints.ts";
import type { Exposure } from "./exposure.ts";
import type { QuarterName } from "./names.ts";
import { type Destination, type Edge, mergedEdges } from "./network.ts";
import type { Proven } from "./proven.ts";
import type { Quarters } from "./quarters.ts";
import { type Scheduling, schedulingTransformation } from "./scheduling.ts";
import type { Home, PublishedPort, Service, SettingsOf, StoreNames } from "./service.ts";
import type { Storage } from "./storage.ts";
import type { Watchable } from "./watchable.ts";

/** What every room stands on. */
export interface Ground {
  readonly namespace: pulumi.Output<string>;
  /** Where pods of people's programs are: made for who first asks. */
  readonly quarters: (name: QuarterName) => Quarters;
  /** The image to run, by its name in `images/`. */
  readonly image: (name: string) => pulumi.Output<string>;
  readonly storage: Storage;
  readonly exposure: Exposure;
  /** Name of a bucket by what it is for. @throws Error when no room has such a bucket */
  readonly bucket: StoreNames["bucket"];
  /** Homes of users in the object store, by user. */
  readonly homes: Readonly<Record<string, Home>>;
  /** Settings of a service, all defaults filled in. */
  readonly of: <S extends Service>(service: S) => SettingsOf<S>;
  /** Provider and transformations of everything. */
  readonly opts: pulumi.ComponentResourceOptions;
}

/** The ground with the room's own settings. */
export interface Site<S extends Service> extends Ground {
  readonly own: SettingsOf<S>;
}

/** Whom people log in as; never a password. */
export interface Login {
  /** What one logs in to, in the user's words. */
  readonly title: string;
  /** Name of the service for `npm run password`. */
  readonly service: string;
  readonly users: readonly string[];
}

/** What a room offers to people and to the proof. */
export interface Offers {
  /** By the key of the room's published port. */
  readonly addresses?: Readonly<Record<string, PublishedAddress | undefined>>;
  readonly logins?: readonly Login[];
  /** What it tells the proof of itself, and what else it answers for. @default - nothing */
  readonly proves?: readonly Proven[];
  /** What else must be ready before the proof asks. */
  readonly waitFor?: Ready;
  /** What it tells the exporter of its figures. @default - nothing: its pods have them, or nobody does */
  readonly watches?: readonly Watchable[];
  /** What it tells who asks what people did. @default - nothing */
  readonly audits?: readonly Watchable[];
}

type Optional<Wires> = { [Wire in keyof Wires]: undefined extends Wires[Wire] ? Wire : never }[keyof Wires];

/** A room as the program builds it. */
export interface Room<S extends Service, Wires extends object, Built> {
  readonly service: S;
  /** Services that it serves together, where it belongs to none of them alone: it is built where one is enabled. */
  readonly sharedBy?: readonly Service[];
  /** Wires that it can do without; where another one leads nowhere, the room is not built. @default - none */
  readonly without?: readonly Optional<Wires>[];
  build(site: Site<S>, wires: Wires): Built;
  offers?(built: Built, site: Site<S>, wires: Wires): Offers;
}

/** A room; a wire of the wrong kind does not compile where it is placed. */
export function defineRoom<S extends Service, Wires extends object, Built>(
  room: Room<S, Wires, Built>,
): Room<S, Wires, Built> {
  return room;
}

/** Options of components whose pods run where they belong. Who watches what is made sees them there. */
function scheduled(
  opts: pulumi.ComponentResourceOptions,
  scheduling: Scheduling = {},
): pulumi.ComponentResourceOptions {
  return { ...opts, transformations: [schedulingTransformation(scheduling), ...(opts.transformations ?? [])] };
}

/** Places rooms on one ground, each once, and keeps what they offer. */
export class House {
  readonly #ground: Ground;
  readonly #placed: string[] = [];
  readonly #offers: Offers[] = [];
  readonly #components: Component[] = [];

  constructor(ground: Ground) {
    this.#ground = ground;
  }

  /**
   * Builds a room where its service is enabled and every wire leads somewhere.
   * @throws RunError when the room has its place already.
   */
  readonly place = <S extends Service, Wires extends object, Built>(
    room: Room<S, Wires, Built>,
    wires: { readonly [Wire in keyof Wires]: Wires[Wire] | undefined },
  ): Built | undefined => {
    const { service, sharedBy, without = [] } = room;
    if (sharedBy === undefined) {
      if (this.#placed.includes(service.name)) throw new pulumi.RunError(`${service.name} is placed twice`);
      this.#placed.push(service.name);
    }
    if (!(sharedBy ?? [service]).some((one) => this.#ground.of(one).enabled)) {
      return undefined;
    }
    const able = without as readonly (keyof Wires)[];
    const loose = (Object.keys(wires) as (keyof Wires)[]).some(
      (wire) => wires[wire] === undefined && !able.includes(wire),
    );
    if (loose) return undefined;
    const own = this.#ground.of(service);
    const site: Site<S> = { ...this.#ground, own, opts: this.#watched(scheduled(this.#ground.opts, own.scheduling)) };
    const built = room.build(site, wires as Wires);
    const offers = room.offers?.(built, site, wires as Wires);
    if (offers !== undefined) this.#offers.push(offers);
    return built;
  };

  /**
   * Rooms of a list that have no place. It is asked at the end, since each place builds its room at once; a program that
   * lacks one fails in its spec, before anybody runs it.
   */
  unplaced(rooms: readonly Service[]): string[] {
    return rooms.map(({ name }) => name).filter((name) => !this.#placed.includes(name));
  }

  /** Options by which the house sees the components that a room builds, those within others too. */
  #watched(opts: pulumi.ComponentResourceOptions): pulumi.ComponentResourceOptions {
    const watch: pulumi.ResourceTransformation = ({ resource }) => {
      if (resource instanceof Component) this.#components.push(resource);
      return undefined;
    };
    return { ...opts, transformations: [watch, ...(opts.transformations ?? [])] };
  }

  /** Who connects to whom, as far as rooms have their places. */
  get edges(): Edge[] {
    return mergedEdges(this.#components.flatMap(({ edges }) => edges));
  }

  /** What people open, in the order of the ports' ranks. */
  addresses(ports: Readonly<Record<string, PublishedPort>>): PublishedAddress[] {
    return this.openings(ports).map(({ address }) => address);
  }

  /** The same with what each is for. */
  openings(
    ports: Readonly<Record<string, PublishedPort>>,
  ): { readonly key: string; readonly address: PublishedAddress; readonly use: string }[] {
    return this.#offers
      .flatMap(({ addresses = {} }) => Object.entries(addresses))
      .sort(([a], [b]) => (ports[a]?.rank ?? 0) - (ports[b]?.rank ?? 0))
      .flatMap(([key, address]) =>
        address === undefined ? [] : [{ key, address, use: ports[key]?.use ?? ports[key]?.meaning ?? address.title }],
      );
  }

  /** Pages before which somebody else must ask for a login. */
  get guarded(): GuardedPage[] {
    const all = this.#offers.flatMap(({ addresses = {} }) => Object.values(addresses));
    return all.flatMap((address) => address?.guarded ?? []).sort((one, other) => one.port - other.port);
  }

  get logins(): Login[] {
    return this.#offers.flatMap(({ logins = [] }) => [...logins]);
  }

  /** What the rooms tell the proof. */
  get proves(): Proven[] {
    return this.#offers.flatMap(({ proves = [] }) => [...proves]);
  }

  /** What the rooms tell the exporter of their figures. */
  get watches(): Watchable[] {
    return this.#offers.flatMap(({ watches = [] }) => [...watches]);
  }

  /** What the rooms tell who asks what people did. */
  get audits(): Watchable[] {
    return this.#offers.flatMap(({ audits = [] }) => [...audits]);
  }

  /** Pods that have figures to read. */
  get measured(): Destination[] {
    return this.#components.flatMap(({ measured }) => measured);
  }

  get waitFor(): pulumi.Resource[] {
    return this.#offers.flatMap(({ waitFor = [] }) => [...waitFor]);
  }
}
