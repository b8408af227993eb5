/** The steps from the keyspaces and tables that a cluster has to those that are declared. */
import {
  addColumnCql,
  alterTableCql,
  commentCql,
  createTableCql,
  keyspaceCql,
  replicationOf,
  tableName,
  tableOptions,
  type TableOptions,
} from "./cql.ts";
import type { Row, Session, Setup, Table } from "./declaration.ts";

/** Comment of a table whose rows are not yet on all nodes that should have them. */
const INCOMPLETE = "millrace: rows are being copied";

/** A table as the cluster has it. */
export interface ExistingTable {
  readonly columns: Readonly<Record<string, string>>;
  readonly partitionKey: readonly string[];
  /** `window_start DESC` */
  readonly clustering: readonly string[];
  readonly options: TableOptions;
  /** Whether a node may lack rows that it should have a copy of. */
  readonly incomplete: boolean;
}

/** What the cluster has: replication and tables of each keyspace. */
export type ExistingKeyspaces = Readonly<
  Record<
    string,
    { readonly replication: Readonly<Record<string, string>>; readonly tables: Readonly<Record<string, ExistingTable>> }
  >
>;

/** What is asked of Cassandra that it can't do, in words. */
export function schemaProblems(setup: Setup, existing: ExistingKeyspaces): string[] {
  return Object.entries(setup.keyspaces).flatMap(([keyspace, { tables }]) =>
    Object.entries(tables).flatMap(([name, table]) => {
      const found = existing[keyspace]?.tables[name];
      return found === undefined ? [] : tableProblems(`${keyspace}.${name}`, table, found);
    }),
  );
}

function tableProblems(name: string, table: Table, found: ExistingTable): string[] {
  const way = `declare it as it is, or declare a table of another name (or drop ${name}, with its rows)`;
  const problems = Object.entries(table.columns).flatMap(([column, type]) => {
    const has = found.columns[column];
    if (has === undefined || has === type) return [];
    return [`table ${name}: column ${column} is ${has}, and its type can't become ${type}; ${way}`];
  });
  const compare = (what: string, has: readonly string[], wanted: readonly string[]): void => {
    if (has.join() === wanted.join()) return;
    problems.push(`table ${name}: its ${what} is (${has.join(", ")}) and can't become (${wanted.join(", ")}); ${way}`);
  };
  compare("partition key", found.partitionKey, table.partitionKey);
  compare("clustering", found.clustering, clusteringOf(table));
  return problems;
}

/**
 * Creates what is missing, adds columns, and corrects replication, times to live and compaction. Nothing is dropped.
 * @returns what was changed, a line each
 * @throws {Error} with all problems, before anything is changed
 */
export async function applySchema(session: Session, setup: Setup, datacenter: string): Promise<string[]> {
  const existing = await existingKeyspaces(session, Object.keys(setup.keyspaces));
  const problems = schemaProblems(setup, existing);
  if (problems.length > 0) throw new Error(problems.join("\n"));
  const changes: string[] = [];
  const replication = replicationOf(datacenter, setup.replicationFactor);
  for (const [keyspace, { tables }] of Object.entries(setup.keyspaces)) {
    const found = existing[keyspace];
    if (found === undefined) {
      await session.execute(keyspaceCql("CREATE", keyspace, replication));
      changes.push(`keyspace ${keyspace}: created with replication factor ${setup.replicationFactor}`);
    } else if (!sameMap(found.replication, replication)) {
      await completeCopies(session, keyspace, found, setup.replicationFactor, datacenter);
      // A mark in the cluster itself: a setup that is broken off after the change goes on copying at its next run.
      for (const name of Object.keys(found.tables)) await session.execute(commentCql(keyspace, name, INCOMPLETE));
      await session.execute(keyspaceCql("ALTER", keyspace, replication));
      changes.push(`keyspace ${keyspace}: replication factor is now ${setup.replicationFactor}`);
    }
    for (const [name, table] of Object.entries(tables)) {
      changes.push(...(await applyTable(session, keyspace, name, table, found?.tables[name])));
    }
  }
  return [...changes, ...(await copyRows(session, Object.keys(setup.keyspaces)))];
}

/** Before there are fewer copies: the one that stays may be one that was away when a row was written. */
async function completeCopies(
  session: Session,
  keyspace: string,
  found: ExistingKeyspaces[string],
  factor: number,
  datacenter: string,
): Promise<void> {
  if (Number(found.replication[datacenter] ?? 0) <= factor) return;
  for (const table of Object.keys(found.tables)) await session.readOnAll(`SELECT * FROM ${tableName(keyspace, table)}`);
}

/** Gives every copy the rows that are there: a node that is new to a row has none of it until somebody copies it. */
async function copyRows(session: Session, keyspaces: readonly string[]): Promise<string[]> {
  const changes: string[] = [];
  for (const [keyspace, { tables }] of Object.entries(await existingKeyspaces(session, keyspaces))) {
    for (const [name, { incomplete }] of Object.entries(tables)) {
      if (!incomplete) continue;
      const count = await session.readOnAll(`SELECT * FROM ${tableName(keyspace, name)}`);
      await session.execute(commentCql(keyspace, name, ""));
      changes.push(`table ${keyspace}.${name}: ${count} rows are on all nodes that should have them`);
    }
  }
  return changes;
}

/**
 * Gives the accounts as many copies as everything else, and every copy its rows: without them a node would refuse
 * passwords that are right.
 */
export async function replicateAccounts(session: Session, factor: number, datacenter: string): Promise<string[]> {
  const replication = replicationOf(datacenter, factor);
  const found = (await existingKeyspaces(session, ["system_auth"]))["system_auth"];
  if (found === undefined) return [];
  const same = sameMap(found.replication, replication);
  if (same && factor === 1) return [];
  if (!same) {
    await completeCopies(session, "system_auth", found, factor, datacenter);
    await session.execute(keyspaceCql("ALTER", "system_auth", replication));
  }
  // Also when nothing has changed, in case that an earlier setup was broken off: these tables are small.
  for (const table of Object.keys(found.tables)) {
    await session.readOnAll(`SELECT * FROM ${tableName("system_auth", table)}`);
  }
  return same ? [] : [`keyspace system_auth: replication factor is now ${factor}`];
}

async function applyTable(
  session: Session,
  keyspace: string,
  name: string,
  table: Table,
  found: ExistingTable | undefined,
): Promise<string[]> {
  const title = `table ${keyspace}.${name}`;
  if (found === undefined) {
    await session.execute(createTableCql(keyspace, name, table));
    return [`${title}: created`];
  }
  const changes: string[] = [];
  for (const [column, type] of Object.entries(table.columns)) {
    if (column in found.columns) continue;
    await session.execute(addColumnCql(keyspace, name, column, type));
    changes.push(`${title}: column ${column} ${type} added`);
  }
  const wanted = tableOptions(table);
  const differs = optionDifferences(wanted, found.options);
  if (differs.length > 0) {
    await session.execute(alterTableCql(keyspace, name, wanted));
    changes.push(...differs.map((text) => `${title}: ${text}`));
  }
  return changes;
}

function optionDifferences(wanted: TableOptions, found: TableOptions): string[] {
  const differences: string[] = [];
  if (wanted.ttlSeconds !== found.ttlSeconds) {
    const life = wanted.ttlSeconds === 0 ? "for ever" : `${wanted.ttlSeconds} s`;
    differences.push(`new rows now live ${life}; those that are there keep their time`);
  }
  if (wanted.graceSeconds !== found.graceSeconds) {
    differences.push(`deleted rows are now remembered for ${wanted.graceSeconds} s`);
  }
  // The server adds its own defaults to what was asked for.
  const asked = Object.fromEntries(Object.keys(wanted.compaction).map((key) => [key, found.compaction[key] ?? ""]));
  if (!sameMap(asked, wanted.compaction)) {
    differences.push(`compaction is now ${Object.values(wanted.compaction).join(" ")}`);
  }
  return differences;
}

async function existingKeyspaces(session: Session, names: readonly string[]): Promise<ExistingKeyspaces> {
  const keyspaces: Record<string, ExistingKeyspaces[string]> = {};
  for (const row of await session.execute("SELECT keyspace_name, replication FROM system_schema.keyspaces")) {
    const name = String(row["keyspace_name"]);
    if (!names.includes(name)) continue;
    const tables = await session.execute(
      "SELECT table_name, comment, default_time_to_live, gc_grace_seconds, compaction FROM system_schema.tables " +
        "WHERE keyspace_name = ?",
      [name],
    );
    const columns = await session.execute(
      "SELECT table_name, column_name, type, kind, position, clustering_order FROM system_schema.columns " +
        "WHERE keyspace_name = ?",
      [name],
    );
    keyspaces[name] = {
      replication: shortClass(row["replication"]),
      tables: Object.fromEntries(
        tables.map((table) => [
          String(table["table_name"]),
          existingTable(
            table,
            columns.filter((column) => column["table_name"] === table["table_name"]),
          ),
        ]),
      ),
    };
  }
  return keyspaces;
}

function existingTable(table: Row, columns: readonly Row[]): ExistingTable {
  const ofKind = (kind: string): Row[] =>
    columns
      .filter((column) => column["kind"] === kind)
      .sort((left, right) => Number(left["position"]) - Number(right["position"]));
  return {
    columns: Object.fromEntries(columns.map((column) => [String(column["column_name"]), String(column["type"])])),
    partitionKey: ofKind("partition_key").map((column) => String(column["column_name"])),
    clustering: ofKind("clustering").map(
      (column) => `${String(column["column_name"])} ${String(column["clustering_order"]).toUpperCase()}`,
    ),
    options: {
      ttlSeconds: Number(table["default_time_to_live"]),
      graceSeconds: Number(table["gc_grace_seconds"]),
      compaction: shortClass(table["compaction"]),
    },
    incomplete: table["comment"] === INCOMPLETE,
  };
}

function clusteringOf(table: Table): string[] {
  return table.clustering.map(({ column, order }) => `${column} ${order}`);
}

/** A map of the server's, with its class by the name that statements use. */
function shortClass(map: unknown): Record<string, string> {
  const entries = Object.entries(map as Record<string, string>);
  return Object.fromEntries(
    entries.map(([key, value]) => [key, key === "class" ? (value.split(".").pop() ?? "") : value]),
  );
}

function sameMap(left: Readonly<Record<string, string>>, right: Readonly<Record<string, string>>): boolean {
  const keys = new Set([...Object.keys(left), ...Object.keys(right)]);
  return [...keys].every((key) => left[key] === right[key]);
}
