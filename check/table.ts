/** The table of the proof: every hop that it can have, in branches, as the rooms place them. */
import { roomHops } from "../components/hops.ts";
import { type AnyRoomHops, branchKinds, type RoomHop } from "../platform/hops/define-hops.ts";

/** A hop with the room that asks it. */
export interface TableHop {
  readonly room: AnyRoomHops;
  readonly hop: RoomHop<object>;
}

/**
 * Branches in order: the path, those beside it, and those that look at the past; of a kind as the list of rooms has them.
 * @throws {Error} when two hops share a name or a place, or one stands where none is
 */
export function tableOf(rooms: readonly AnyRoomHops[]): TableHop[][] {
  const all = rooms.flatMap((room) => room.hops.map((hop): TableHop => ({ room, hop })));
  const branches = branchKinds.flatMap((kind) =>
    all
      .filter(({ hop }) => hop.after === undefined && (hop.branch ?? "beside") === kind)
      .map((first) => [first, ...followersOf(first, all)]),
  );
  const placed = branches.flat().map(({ hop }) => hop.name);
  const problems = [
    ...all.flatMap(({ hop: { name } }, index) =>
      all.findIndex(({ hop }) => hop.name === name) === index ? [] : [`there are two hops ${name}`],
    ),
    ...all.flatMap(({ hop: { name, after = "" } }) =>
      placed.includes(name) ? [] : [`hop ${name} comes after ${after}, which begins no branch and is in none`],
    ),
    ...all.flatMap(({ hop: { name, needs = [], waitsFor = [] } }) => {
      const before = placed.slice(0, placed.indexOf(name));
      return [
        ...needs.map((other) => ({ other, verb: "needs" })),
        ...waitsFor.map((other) => ({ other, verb: "waits for" })),
      ]
        .filter(({ other }) => !before.includes(other))
        .map(({ other, verb }) => `hop ${name} ${verb} ${other}, which does not come before it`);
    }),
    ...rooms.flatMap(({ room, cleanups = {} }) =>
      Object.keys(cleanups)
        .filter((name) => !placed.includes(name))
        .map((name) => `${room} cleans up after hop ${name}, which there is none of`),
    ),
  ];
  if (problems.length > 0) throw new Error(problems.join("\n"));
  return branches;
}

function followersOf({ hop: { name } }: TableHop, all: readonly TableHop[]): TableHop[] {
  return all.filter(({ hop }) => hop.after === name).flatMap((next) => [next, ...followersOf(next, all)]);
}

export const table: readonly (readonly TableHop[])[] = tableOf(roomHops);

/** Every hop that a proof can have, in the order of its table. */
export const hopNames: readonly string[] = table.flat().map(({ hop }) => hop.name);
