/** Tables whose rows are found by a key, as a declaration: what a room has declared for it, and another one makes. */

/** Types that a column may have, by their names in CQL. */
export const columnTypes = [
  "text",
  "boolean",
  "int",
  "bigint",
  "float",
  "double",
  "timestamp",
  "date",
  "uuid",
  "timeuuid",
  "blob",
] as const;
export type ColumnType = (typeof columnTypes)[number];

/** A column by which the rows of a partition are sorted. */
export interface ClusteringColumn {
  readonly column: string;
  readonly order: "ASC" | "DESC";
}

export interface Table {
  /** Type of each column by its name. Columns may be added to a live table; their types never change. */
  readonly columns: Readonly<Record<string, ColumnType>>;
  /** Columns that tell on which nodes a row lies; a query names all of them. */
  readonly partitionKey: readonly string[];
  /** Columns that sort the rows of a partition and, with its key, identify a row. @default - one row a partition */
  readonly clustering?: readonly ClusteringColumn[];
  /** Time that a row lives, in seconds. @default - forever */
  readonly ttlSeconds?: number;
  /**
   * How files are merged: by size, or by the time of their rows, so that whole files go when their rows have ended.
   * @default "size-tiered"
   */
  readonly compaction?: "size-tiered" | { readonly timeWindowMinutes: number };
}

/** What a role may do with a keyspace. */
export type TableRight = "read" | "readWrite";

/** For each role its right on each keyspace that it may use. */
export type TableRoles<Role extends string = string> = Readonly<Record<Role, Readonly<Record<string, TableRight>>>>;

/** Tables by the name of their keyspace. */
export type Keyspaces = Readonly<Record<string, { readonly tables: Readonly<Record<string, Table>> }>>;
