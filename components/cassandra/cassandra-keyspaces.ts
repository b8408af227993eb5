/** What a Cassandra cluster shall hold, as a declaration: keyspaces, their tables, and what each consumer may do. */

import type { Keyspaces, Table, TableRoles } from "../../platform/tables.ts";

export { columnTypes as cassandraTypes } from "../../platform/tables.ts";
export type {
  ClusteringColumn,
  ColumnType as CassandraType,
  Keyspaces as CassandraKeyspaces,
  Table as CassandraTable,
  TableRight as CassandraRight,
  TableRoles as CassandraRoles,
} from "../../platform/tables.ts";

/** Role that makes everything else; nobody but the setup logs in as it. */
export const SUPERUSER = "admin";
/** Role that sees how the nodes are, and no data. */
export const MONITOR = "metrics";
/** Keyspace of virtual tables, in which each node tells how it is. */
export const VIEWS = "system_views";
/** Role that every new cluster has, with a password that everybody knows. */
export const DEFAULT_ROLE = "cassandra";

const MAX_NAME_LENGTH = 48;

/** What is wrong with the declaration; empty when nothing is. */
export function keyspaceProblems(keyspaces: Keyspaces, roles: TableRoles): string[] {
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

function tableProblems(name: string, table: Table): string[] {
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

function roleProblems(keyspaces: Keyspaces, roles: TableRoles): string[] {
  const problems: string[] = [];
  for (const [role, rights] of Object.entries(roles)) {
    problems.push(...nameProblems("role", role));
    if ([SUPERUSER, DEFAULT_ROLE, MONITOR].includes(role)) {
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
