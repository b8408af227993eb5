import { expect } from "chai";
import { literal, resourceCql, roleCql } from "../../../../components/cassandra/programs/cql.ts";
import type { Row } from "../../../../components/cassandra/programs/declaration.ts";
import { applyRoles, otherRoles } from "../../../../components/cassandra/programs/roles.ts";
import { FakeSession } from "./fake-session.ts";

const roles = { spark: { streaming: "readWrite" }, display: { streaming: "read" } } as const;
const passwords = new Map([
  ["spark", "p1"],
  ["display", "p2"],
]);
const role = (name: string, fields: Row = {}): Row => ({
  role: name,
  can_login: true,
  is_superuser: false,
  member_of: null,
  ...fields,
});
const held = (name: string, resource: string, permissions: readonly string[]): Row => ({
  role: name,
  resource,
  permissions,
});
const closed = role("cassandra", { can_login: false });
const everything = {
  "system_auth.roles": [closed, role("admin", { is_superuser: true }), role("spark"), role("display")],
  "system_auth.role_permissions": [
    held("spark", "data/streaming", ["MODIFY", "SELECT"]),
    held("display", "data/streaming", ["SELECT"]),
  ],
};

/** @param taken Passwords that the cluster takes, besides the declared ones. */
const apply = (session: FakeSession, taken: (role: string) => boolean = () => true) =>
  applyRoles(session, {
    superuser: "admin",
    roles,
    passwords,
    canLogIn: (name, password) => Promise.resolve(taken(name) && passwords.get(name) === password),
  });

describe("cassandra/roles", () => {
  it("makes the roles with their rights and closes the one that new clusters come with", async () => {
    const session = new FakeSession({ "system_auth.roles": [role("cassandra", { is_superuser: true })] });
    expect(await apply(session)).to.deep.equal([
      "role cassandra: can no longer log in",
      "role spark: created",
      "role spark: may SELECT on data/streaming",
      "role spark: may MODIFY on data/streaming",
      "role display: created",
      "role display: may SELECT on data/streaming",
    ]);
    expect(session.statements[0]).to.match(
      /^ALTER ROLE "cassandra" WITH PASSWORD = '[0-9a-f]{48}' AND LOGIN = false AND SUPERUSER = false$/,
    );
    expect(session.statements.slice(1)).to.deep.equal([
      `CREATE ROLE IF NOT EXISTS "spark" WITH PASSWORD = 'p1' AND LOGIN = true AND SUPERUSER = false`,
      'GRANT SELECT ON KEYSPACE "streaming" TO "spark"',
      'GRANT MODIFY ON KEYSPACE "streaming" TO "spark"',
      `CREATE ROLE IF NOT EXISTS "display" WITH PASSWORD = 'p2' AND LOGIN = true AND SUPERUSER = false`,
      'GRANT SELECT ON KEYSPACE "streaming" TO "display"',
    ]);
  });

  it("changes nothing the second time", async () => {
    const session = new FakeSession(everything);
    expect(await apply(session)).to.deep.equal([]);
    expect(session.statements).to.deep.equal([]);
  });

  it("gives a role another password only where the cluster does not take the declared one", async () => {
    const session = new FakeSession(everything);
    expect(await apply(session, (name) => name !== "spark")).to.deep.equal(["role spark: has another password"]);
    expect(session.statements).to.deep.equal([
      `ALTER ROLE "spark" WITH PASSWORD = 'p1' AND LOGIN = true AND SUPERUSER = false`,
    ]);
  });

  it("takes back whatever a role has more than is declared", async () => {
    const session = new FakeSession({
      "system_auth.roles": [closed, role("spark", { is_superuser: true }), role("display", { member_of: ["spark"] })],
      "system_auth.role_permissions": [
        held("spark", "data/streaming", ["MODIFY", "SELECT"]),
        held("display", "data/streaming", ["MODIFY", "SELECT"]),
        held("display", "data", ["DROP"]),
        held("display", "data/census/summary", ["SELECT"]),
      ],
    });
    expect(await apply(session)).to.deep.equal([
      "role spark: is an ordinary role that can log in again",
      "role display: no longer has the rights of spark",
      "role display: may no longer MODIFY on data/streaming",
      "role display: may no longer DROP on data",
      "role display: may no longer SELECT on data/census/summary",
    ]);
    expect(session.statements).to.deep.equal([
      'ALTER ROLE "spark" WITH LOGIN = true AND SUPERUSER = false',
      'REVOKE "spark" FROM "display"',
      'REVOKE MODIFY ON KEYSPACE "streaming" FROM "display"',
      'REVOKE DROP ON ALL KEYSPACES FROM "display"',
      'REVOKE SELECT ON TABLE "census"."summary" FROM "display"',
    ]);
  });

  it("stops at a right on something that it does not know, naming it", async () => {
    const session = new FakeSession({
      ...everything,
      "system_auth.role_permissions": [held("spark", "mbean/java.lang", ["SELECT"])],
    });
    const error = await apply(session).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("role spark has a right on mbean/java.lang, which the setup does not know");
  });

  it("stops at a role without a password", async () => {
    const error = await applyRoles(new FakeSession(everything), {
      superuser: "admin",
      roles: { proof: {} },
      passwords,
      canLogIn: () => Promise.resolve(true),
    }).catch((reason: unknown) => reason);
    expect(String(error)).to.contain("no password for role proof");
  });

  it("names the roles that someone else made, and leaves them", async () => {
    const session = new FakeSession({
      ...everything,
      "system_auth.roles": [...everything["system_auth.roles"], role("guest")],
    });
    expect(await otherRoles(session, { superuser: "admin", roles })).to.deep.equal(["guest"]);
    expect(await apply(session)).to.deep.equal([]);
  });

  it("quotes what could be taken for CQL", () => {
    expect(literal("it's")).to.equal("'it''s'");
    expect(roleCql("ALTER", 'a"b', { password: "c'd", login: true, superuser: false })).to.equal(
      `ALTER ROLE "a""b" WITH PASSWORD = 'c''d' AND LOGIN = true AND SUPERUSER = false`,
    );
    expect(resourceCql("functions/ks")).to.equal('ALL FUNCTIONS IN KEYSPACE "ks"');
    expect(resourceCql("roles/x")).to.equal('ROLE "x"');
  });
});
