/**
 * Who owns each file of the repository: a room, which is a service with all that belongs to it, or the spine, or the docs.
 * The end-to-end run takes from it which parts a change asks for.
 */
import { matchesGlob } from "node:path";

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

/** Files that are named after a room, wherever they are. */
const namedAfter = (name: string): readonly string[] => [
  `**/${name}/**`,
  `**/${name}.*`,
  `**/${name}-*`,
  `**/${name}-*/**`,
];

/**
 * The rooms; those with longer names come before those whose names they begin with. A row is one line of the room's
 * `service.ts` as soon as it has one: its name, and the files that are not named after it.
 */
export const rooms: readonly Owner[] = [
  room("presto"),
  room("object-store", "images/garage/**"),
  room("catalog", ...namedAfter("metastore")),
  room("spark-connect"),
  room("spark-history"),
  room("random-numbers"),
  room("census", "dags/census*"),
  room("windows"),
  room("telemetry", "dags/telemetry*", "notebooks/telemetry*"),
  room("jupyterhub", ...namedAfter("jupyter"), ...namedAfter("notebooks")),
  room("airflow", "dags/**"),
  room("display", "display/**"),
  room("cassandra"),
  room("postgres"),
  room("kafka"),
  room("spark"),
  room("library", "python/**"),
];

function room(name: string, ...others: readonly string[]): Owner {
  return { name, files: [...namedAfter(name), ...others] };
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
      "{check,cli,config,policies,bench,tests,.ci}/**",
      ".*",
      "*.config.js",
      "tsconfig*.json",
    ],
  },
];

const docs: Owner = { name: DOCS, files: ["docs/**", "**/*.md", "LICENSE"] };

/** The first that matches owns the file. */
const owners: readonly Owner[] = [docs, ofAllRooms, ...rooms, ...houses];

/**
 * The owner of a file, by its path from the root with `/`.
 * @returns `undefined`: nobody owns it
 */
export function ownerOf(path: string): string | undefined {
  const folder = /^(?:tests\/)?components\/([^/]+)\//.exec(path)?.[1];
  if (!path.endsWith(".md") && rooms.some(({ name }) => name === folder)) return folder;
  return owners.find(({ files }) => files.some((glob) => matchesGlob(path, glob)))?.name;
}

/** A change that `npm test` holds whole: nothing of it gets to the cluster. */
export function needsNoCluster(path: string): boolean {
  return ownerOf(path) === DOCS || /\.spec\.ts$|^tests\/(?!e2e\/|browser\/)/.test(path);
}
