/** The tables that rooms declare, and whom each reads and writes them as: the same whichever services are enabled. */
import type { ZodType } from "zod";
import type { rooms as all } from "../components/index.ts";
import type { Service } from "../platform/service.ts";
import type { Keyspaces, TableRoles } from "../platform/tables.ts";
import { type Housed, rooms, services, settingsOf } from "./rooms.ts";

type AnyRoom = (typeof all)[keyof typeof all];
type RoleOf<S> = S extends Service<ZodType, string, string, string, infer Role> ? Role : never;

/** Those who read or write tables. */
export type TableRole = RoleOf<AnyRoom>;

// A setup is run again when its text is another one. So the order is what it was: those who declare tables, the last first,
// then the other services, then what is none.
const declarers = rooms.toReversed().filter((room) => room.tables !== undefined);
const ordered = [...new Set([...declarers, ...services, ...rooms])];

/** What all rooms declare. */
export function declaredTables(config: Housed): {
  readonly keyspaces: Keyspaces;
  readonly roles: TableRoles<TableRole>;
} {
  const keyspaces: Record<string, Keyspaces[string]> = {};
  for (const room of declarers) {
    for (const [keyspace, more] of Object.entries(room.tables?.(settingsOf(room.name, config)) ?? {})) {
      keyspaces[keyspace] = { tables: { ...keyspaces[keyspace]?.tables, ...more.tables } };
    }
  }
  const roles = Object.fromEntries(ordered.flatMap(({ tableRoles }) => Object.entries(tableRoles ?? {})));
  return { keyspaces, roles: roles as TableRoles<TableRole> };
}
