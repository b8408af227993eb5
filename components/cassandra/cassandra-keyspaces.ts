/** What a Cassandra cluster shall hold, as a declaration: keyspaces, their tables, and what each consumer may do. */

/** Types of CQL that a column may have. */
export const cassandraTypes = [
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
export type CassandraType = (typeof cassandraTypes)[number];

/** A column by which the rows of a partition are sorted. */
export interface ClusteringColumn {
  readonly column: string;
  readonly order: "ASC" | "DESC";
}

export interface CassandraTable {
  /** Type of each column by its name. Columns may be added to a live table; their types never change. */
  readonly columns: Readonly<Record<string, CassandraType>>;
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

/** Tables by the name of their keyspace. */
export type CassandraKeyspaces = Readonly<
  Record<string, { readonly tables: Readonly<Record<string, CassandraTable>> }>
>;

/** What a consumer may do with a keyspace. */
export type CassandraRight = "read" | "readWrite";

/** For each consumer its right on each keyspace that it may use. */
export type CassandraRoles = Readonly<Record<string, Readonly<Record<string, CassandraRight>>>>;

/** Role that makes everything else; nobody but the setup logs in as it. */
export const SUPERUSER = "admin";
/** Role that every new cluster has, with a password that everybody knows. */
export const DEFAULT_ROLE = "cassandra";

const MAX_NAME_LENGTH = 48;

/** What is wrong with the declaration; empty when nothing is. */
export function keyspaceProblems(keyspaces: CassandraKeyspaces, roles: CassandraRoles): string[] {
  const problems: string[] = [];
  for (const [keyspace, { tables }] of Object.entries(keyspaces)) {
    problems.push(...nameProblems("keyspace", keyspace));
    if (/^(system|dse)(_|$)/.test(keyspace)) {
      problems.push(`cassandra: keyspace "${keyspace}" has a name of the server's own; give it another one`);
    }
    for (const [table, definition] of Object.entries(tables)) {
      problems.push(...nameProblems("table", table), ...tableProblems(`${keyspace}.${table}`, definition));
    }
  }
  return [...problems, ...roleProblems(keyspaces, roles)];
}

function tableProblems(name: string, table: CassandraTable): string[] {
  const problems = Object.keys(table.columns).flatMap((column) => nameProblems("column", column));
  const key = [...table.partitionKey, ...(table.clustering ?? []).map(({ column }) => column)];
  if (table.partitionKey.length === 0) {
    problems.push(`cassandra: table ${name} has no partition key; name the columns that a query always knows`);
  }
  for (const [index, column] of key.entries()) {
    if (!(column in table.columns)) {
      const known = Object.keys(table.columns).join(", ");
      problems.push(`cassandra: table ${name} has "${column}" in its key, which is no column; it has ${known}`);
    } else if (key.indexOf(column) !== index) {
      problems.push(`cassandra: table ${name} has "${column}" twice in its key; name it once`);
    }
  }
  if (table.ttlSeconds !== undefined && !isWhole(table.ttlSeconds, 20 * 365 * 86_400)) {
    problems.push(
      `cassandra: table ${name} has ttlSeconds ${table.ttlSeconds}; give a whole number of seconds from 1 to 20 years`,
    );
  }
  const compaction = table.compaction ?? "size-tiered";
  if (compaction !== "size-tiered" && !isWhole(compaction.timeWindowMinutes, 525_600)) {
    problems.push(
      `cassandra: table ${name} has timeWindowMinutes ${compaction.timeWindowMinutes}; give a whole number from 1 to ` +
        "525600, about a thirtieth of the time that rows live",
    );
  }
  return problems;
}

function roleProblems(keyspaces: CassandraKeyspaces, roles: CassandraRoles): string[] {
  const problems: string[] = [];
  for (const [role, rights] of Object.entries(roles)) {
    problems.push(...nameProblems("role", role));
    if (role === SUPERUSER || role === DEFAULT_ROLE) {
      problems.push(`cassandra: "${role}" is a role of the server's own; give the consumer another name`);
    }
    for (const keyspace of Object.keys(rights).filter((name) => !(name in keyspaces))) {
      problems.push(
        `cassandra: consumer "${role}" has a right on keyspace "${keyspace}", which is not declared; ` +
          `the keyspaces are ${Object.keys(keyspaces).join(", ")}`,
      );
    }
  }
  return problems;
}

function nameProblems(what: string, name: string): string[] {
  if (/^[a-z][a-z0-9_]*$/.test(name) && name.length <= MAX_NAME_LENGTH) return [];
  return [
    `cassandra: "${name}" can't be a ${what}; use up to ${MAX_NAME_LENGTH} lower-case letters, digits and _, ` +
      "starting with a letter",
  ];
}

function isWhole(value: number, most: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= most;
}
