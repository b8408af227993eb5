/** The steps from the roles that a cluster has to those that are declared, with their passwords and rights. */
import { randomBytes } from "node:crypto";
import { quoted, resourceCql, roleCql } from "./cql.ts";
import type { Right, Session, Setup } from "./declaration.ts";

/** Role that every new cluster has, with its own name as password. */
export const DEFAULT_ROLE = "cassandra";

const permissions: Readonly<Record<Right, readonly string[]>> = { read: ["SELECT"], readWrite: ["SELECT", "MODIFY"] };

/** A role as the cluster has it. */
interface ExistingRole {
  readonly login: boolean;
  readonly superuser: boolean;
  readonly memberOf: readonly string[];
}

/** What the setup of roles needs besides a session. */
export interface RolesArgs {
  /** Role that the session is logged in as. */
  readonly superuser: string;
  readonly roles: Setup["roles"];
  readonly passwords: ReadonlyMap<string, string>;
  /** Whether the cluster takes this password. */
  readonly canLogIn: (role: string, password: string) => Promise<boolean>;
}

/**
 * Makes each declared role able to do what it is declared for and nothing else, and closes the role that new clusters
 * come with. Roles of other names are left as they are, and named.
 * @returns what was changed, a line each
 */
export async function applyRoles(session: Session, args: RolesArgs): Promise<string[]> {
  const existing = await existingRoles(session);
  const changes = await closeDefaultRole(session, existing.get(DEFAULT_ROLE));
  for (const [role, rights] of Object.entries(args.roles)) {
    const password = args.passwords.get(role);
    if (password === undefined) throw new Error(`no password for role ${role}`);
    changes.push(...(await applyRole(session, role, password, existing.get(role), args.canLogIn)));
    changes.push(...(await applyRights(session, role, rights)));
  }
  return changes;
}

/** Roles that are neither declared nor the server's own: someone else made them. */
export async function otherRoles(session: Session, args: Pick<RolesArgs, "superuser" | "roles">): Promise<string[]> {
  const known = [DEFAULT_ROLE, args.superuser, ...Object.keys(args.roles)];
  return [...(await existingRoles(session)).keys()].filter((role) => !known.includes(role)).sort();
}

async function closeDefaultRole(session: Session, found: ExistingRole | undefined): Promise<string[]> {
  if (found === undefined || (!found.login && !found.superuser)) return [];
  const password = randomBytes(24).toString("hex");
  await session.execute(roleCql("ALTER", DEFAULT_ROLE, { password, login: false, superuser: false }));
  return [`role ${DEFAULT_ROLE}: can no longer log in`];
}

async function applyRole(
  session: Session,
  role: string,
  password: string,
  found: ExistingRole | undefined,
  canLogIn: RolesArgs["canLogIn"],
): Promise<string[]> {
  if (found === undefined) {
    await session.execute(roleCql("CREATE", role, { password, login: true, superuser: false }));
    return [`role ${role}: created`];
  }
  const changes: string[] = [];
  if (!found.login || found.superuser) {
    await session.execute(roleCql("ALTER", role, { login: true, superuser: false }));
    changes.push(`role ${role}: is an ordinary role that can log in again`);
  }
  for (const group of found.memberOf) {
    await session.execute(`REVOKE ${quoted(group)} FROM ${quoted(role)}`);
    changes.push(`role ${role}: no longer has the rights of ${group}`);
  }
  if (!(await canLogIn(role, password))) {
    await session.execute(roleCql("ALTER", role, { password, login: true, superuser: false }));
    changes.push(`role ${role}: has another password`);
  }
  return changes;
}

async function applyRights(session: Session, role: string, rights: Readonly<Record<string, Right>>): Promise<string[]> {
  const changes: string[] = [];
  const held = await heldPermissions(session, role);
  const wanted = new Map(
    Object.entries(rights).map(
      ([keyspace, right]) => [`data/${keyspace}`, permissions[right]] as [string, readonly string[]],
    ),
  );
  for (const [resource, names] of wanted) {
    for (const permission of names.filter((name) => !(held.get(resource) ?? []).includes(name))) {
      await session.execute(`GRANT ${permission} ON ${known(resource, role)} TO ${quoted(role)}`);
      changes.push(`role ${role}: may ${permission} on ${resource}`);
    }
  }
  for (const [resource, names] of held) {
    for (const permission of names.filter((name) => !(wanted.get(resource) ?? []).includes(name))) {
      await session.execute(`REVOKE ${permission} ON ${known(resource, role)} FROM ${quoted(role)}`);
      changes.push(`role ${role}: may no longer ${permission} on ${resource}`);
    }
  }
  return changes;
}

function known(resource: string, role: string): string {
  const cql = resourceCql(resource);
  if (cql !== undefined) return cql;
  throw new Error(`role ${role} has a right on ${resource}, which the setup does not know; take it back by hand`);
}

async function existingRoles(session: Session): Promise<Map<string, ExistingRole>> {
  const rows = await session.execute("SELECT role, can_login, is_superuser, member_of FROM system_auth.roles");
  return new Map(
    rows.map((row) => [
      String(row["role"]),
      {
        login: row["can_login"] === true,
        superuser: row["is_superuser"] === true,
        memberOf: textsOf(row["member_of"]),
      },
    ]),
  );
}

async function heldPermissions(session: Session, role: string): Promise<Map<string, string[]>> {
  const rows = await session.execute("SELECT resource, permissions FROM system_auth.role_permissions WHERE role = ?", [
    role,
  ]);
  return new Map(rows.map((row) => [String(row["resource"]), textsOf(row["permissions"])]));
}

/** A set of texts; an empty one is null. */
function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String).sort() : [];
}
