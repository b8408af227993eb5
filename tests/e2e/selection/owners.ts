/**
 * Who owns each file of the repository: a room, which is a service with all that belongs to it, or the spine, or the docs.
 * The end-to-end run takes from it which parts a change asks for.
 */
import { matchesGlob } from "node:path";
import { rooms as services } from "../../../config/rooms.ts";

export interface Owner {
  readonly name: string;
  /** Globs of its files; `*` does not cross a folder. */
  readonly files: readonly string[];
}

/** What stands under every room: a change of it asks for a part of each. */
export const PLATFORM = "platform";
/** What every run goes through: a change of it asks for nothing more. */
export const SPINE = "spine";
/** What no cluster is needed for. */
export const DOCS = "docs";

/** Rooms that every run asks, or that stand under all. */
const ofNone = ["proof", "tools"];

interface Named {
  readonly name: string;
  /** Words that stand first in the names of its files and folders: its own, and others. */
  readonly own: readonly string[];
  readonly also: readonly string[];
}

const named: readonly Named[] = services
  .filter(({ name }) => !ofNone.includes(name))
  .map(({ name, alsoCalled = [] }) => ({ name: folderOf(name), own: [folderOf(name)], also: alsoCalled }));

/** The Python library, which has parts of its own and is no service. */
const library: Owner = { name: "library", files: ["python/**", "{,tests/}platform/images/library.*"] };

/** Names of those that a change may ask parts of: the rooms', and the library's. */
export const rooms: readonly string[] = [...named.map(({ name }) => name), library.name];

function folderOf(name: string): string {
  return name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** The room that a file is named after: by the outermost part of its path that bears a name, and by own names first. */
function roomOf(path: string): string | undefined {
  const parts = path.split("/");
  for (const words of ["own", "also"] as const) {
    for (const part of parts) {
      const [found] = named
        .flatMap((room) => room[words].map((word) => ({ room: room.name, word })))
        .filter(({ word }) => part.startsWith(word) && /^(?:[-_.]|$)/.test(part.slice(word.length)))
        .sort((one, other) => other.word.length - one.word.length);
      if (found !== undefined) return found.room;
    }
  }
  return undefined;
}

/** What tests or shows all rooms, whatever its files are called after. */
const ofAllRooms: Owner = { name: SPINE, files: ["tests/e2e/**", "tests/browser/**", "tests/support/**"] };

/** Folders that no room has as a whole. */
const houses: readonly Owner[] = [
  {
    name: PLATFORM,
    files: [
      "{engine,platform,clusters,images}/**",
      "{index,guard}.ts",
      "node24.js",
      "Pulumi*.yaml",
      "package*.json",
      "components/*.ts",
      "components/tools/**",
      "platform/describe-error.ts",
    ],
  },
  {
    name: SPINE,
    files: [
      "components/proof/**",
      "{audit,check,cli,config,policies,bench,tests,.ci}/**",
      ".*",
      "*.config.js",
      "tsconfig*.json",
    ],
  },
];

const docs: Owner = { name: DOCS, files: ["docs/**", "**/*.md", "LICENSE"] };

/**
 * The owner of a file, by its path from the root with `/`.
 * @returns `undefined`: nobody owns it
 */
export function ownerOf(path: string): string | undefined {
  const folder = /^(?:tests\/)?components\/([^/]+)\//.exec(path)?.[1];
  if (folder !== undefined && !path.endsWith(".md") && rooms.includes(folder)) return folder;
  const among = (owners: readonly Owner[]): string | undefined =>
    owners.find(({ files }) => files.some((glob) => matchesGlob(path, glob)))?.name;
  return among([docs, ofAllRooms, library]) ?? roomOf(path) ?? among(houses);
}

/** A change that `npm test` holds whole: nothing of it gets to the cluster. */
export function needsNoCluster(path: string): boolean {
  return ownerOf(path) === DOCS || /\.spec\.ts$|^tests\/(?!e2e\/|browser\/)/.test(path);
}
