/** The statements that make keyspaces, tables and roles. Every name is quoted, so that it may be a word of CQL. */
import type { Table } from "./declaration.ts";

/**
 * Time that deleted and ended rows are remembered, in seconds: longer than the three hours for which other nodes keep
 * writes for one that is away, and short, because a file of ended rows stays until then.
 */
const AGING_GRACE_SECONDS = 4 * 3600;
const DEFAULT_GRACE_SECONDS = 864_000;

/** Settings of a table that may change while it lives. */
export interface TableOptions {
  readonly ttlSeconds: number;
  readonly graceSeconds: number;
  readonly compaction: Readonly<Record<string, string>>;
}

export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

export function tableName(keyspace: string, table: string): string {
  return `${quoted(keyspace)}.${quoted(table)}`;
}

/** @param replication As the server keeps it. */
export function keyspaceCql(
  verb: "CREATE" | "ALTER",
  name: string,
  replication: Readonly<Record<string, string>>,
): string {
  const condition = verb === "CREATE" ? " IF NOT EXISTS" : "";
  return `${verb} KEYSPACE${condition} ${quoted(name)} WITH replication = ${mapLiteral(replication)}`;
}

export function replicationOf(datacenter: string, factor: number): Record<string, string> {
  return { class: "NetworkTopologyStrategy", [datacenter]: String(factor) };
}

export function createTableCql(keyspace: string, name: string, table: Table): string {
  const columns = Object.entries(table.columns).map(([column, type]) => `${quoted(column)} ${type}`);
  const partition = `(${table.partitionKey.map(quoted).join(", ")})`;
  const key = [partition, ...table.clustering.map(({ column }) => quoted(column))].join(", ");
  const order = table.clustering.map(({ column, order: direction }) => `${quoted(column)} ${direction}`);
  const options = [
    ...(order.length === 0 ? [] : [`CLUSTERING ORDER BY (${order.join(", ")})`]),
    ...optionsCql(tableOptions(table)),
  ];
  return (
    `CREATE TABLE IF NOT EXISTS ${tableName(keyspace, name)} (${columns.join(", ")}, PRIMARY KEY (${key})) ` +
    `WITH ${options.join(" AND ")}`
  );
}

export function alterTableCql(keyspace: string, name: string, options: TableOptions): string {
  return `ALTER TABLE ${tableName(keyspace, name)} WITH ${optionsCql(options).join(" AND ")}`;
}

export function commentCql(keyspace: string, name: string, comment: string): string {
  return `ALTER TABLE ${tableName(keyspace, name)} WITH comment = ${literal(comment)}`;
}

export function addColumnCql(keyspace: string, table: string, column: string, type: string): string {
  return `ALTER TABLE ${tableName(keyspace, table)} ADD ${quoted(column)} ${type}`;
}

/** What a table's declaration comes to in the server's words. */
export function tableOptions(table: Table): TableOptions {
  const compaction: Record<string, string> =
    table.compaction === "size-tiered"
      ? { class: "SizeTieredCompactionStrategy" }
      : {
          class: "TimeWindowCompactionStrategy",
          compaction_window_unit: "MINUTES",
          compaction_window_size: String(table.compaction.timeWindowMinutes),
        };
  const ages = table.ttlSeconds !== undefined;
  return {
    ttlSeconds: table.ttlSeconds ?? 0,
    graceSeconds: ages ? AGING_GRACE_SECONDS : DEFAULT_GRACE_SECONDS,
    compaction,
  };
}

/** @param verb `CREATE` leaves a role that is there as it is. */
export function roleCql(
  verb: "CREATE" | "ALTER",
  role: string,
  options: { readonly password?: string; readonly login: boolean; readonly superuser: boolean },
): string {
  const condition = verb === "CREATE" ? " IF NOT EXISTS" : "";
  const password = options.password === undefined ? [] : [`PASSWORD = ${literal(options.password)}`];
  const rest = [...password, `LOGIN = ${options.login}`, `SUPERUSER = ${options.superuser}`];
  return `${verb} ROLE${condition} ${quoted(role)} WITH ${rest.join(" AND ")}`;
}

/**
 * A resource of the server's, such as `data/streaming`, as statements name it.
 * @returns `undefined` when it is of a kind that the setup does not know
 */
export function resourceCql(resource: string): string | undefined {
  const [kind, first, second] = resource.split("/");
  if (kind === "data" && second !== undefined) return `TABLE ${tableName(first ?? "", second)}`;
  if (kind === "data") return first === undefined ? "ALL KEYSPACES" : `KEYSPACE ${quoted(first)}`;
  if (kind === "roles") return first === undefined ? "ALL ROLES" : `ROLE ${quoted(first)}`;
  if (kind === "functions" && second === undefined) {
    return first === undefined ? "ALL FUNCTIONS" : `ALL FUNCTIONS IN KEYSPACE ${quoted(first)}`;
  }
  return undefined;
}

function optionsCql(options: TableOptions): string[] {
  return [
    `default_time_to_live = ${options.ttlSeconds}`,
    `gc_grace_seconds = ${options.graceSeconds}`,
    `compaction = ${mapLiteral(options.compaction)}`,
  ];
}

function mapLiteral(map: Readonly<Record<string, string>>): string {
  return `{${Object.entries(map)
    .map(([key, value]) => `${literal(key)}: ${literal(value)}`)
    .join(", ")}}`;
}
