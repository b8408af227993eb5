/**
 * Makes a Cassandra cluster hold exactly the declared roles and rights, and at least the declared keyspaces and tables.
 *
 * Environment: `CASSANDRA_CONTACT_POINTS` (host,host), `CASSANDRA_PORT` (9042), `CASSANDRA_DATACENTER`,
 * `CASSANDRA_USER` and `CASSANDRA_PASSWORD` of the superuser, which is made on a new cluster; `SETUP_CONFIG` =
 * `{"replicationFactor": 1, "keyspaces": {"streaming": {"tables": {…}}}, "roles": {"spark": {"streaming":
 * "readWrite"}}}`; `PASSWORDS_DIR` (/run/passwords; holds `<role>/password`); `SETUP_TIMEOUT_SECONDS` (300).
 * Running it again changes nothing. Keyspaces, tables and columns are never dropped; what Cassandra can't do (another
 * type or key) is refused before anything is changed.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { serverWaitMs } from "../../../platform/hops/limits.ts";
import { setupSchema } from "./declaration.ts";
import { connectTo, logIn, RefusedError } from "./login.ts";
import { applyRoles, otherRoles } from "./roles.ts";
import { applySchema, replicateAccounts } from "./schema.ts";
import { endInFailure } from "../../../platform/hops/errors.ts";

const REFUSED_SECONDS = 60;

const environment = z.object({
  CASSANDRA_CONTACT_POINTS: z
    .string()
    .min(1)
    .transform((text) => text.split(",")),
  CASSANDRA_PORT: z.coerce.number().int().positive().default(9042),
  CASSANDRA_DATACENTER: z.string().min(1),
  CASSANDRA_USER: z.string().min(1),
  CASSANDRA_PASSWORD: z.string().min(1),
  SETUP_CONFIG: z
    .string()
    .transform((text): unknown => JSON.parse(text))
    .pipe(setupSchema),
  PASSWORDS_DIR: z.string().min(1).default("/run/passwords"),
  SETUP_TIMEOUT_SECONDS: z.coerce
    .number()
    .positive()
    .default(serverWaitMs / 1000),
});

const log = (line: string): void => void process.stdout.write(`${line}\n`);

async function readPasswords(folder: string, roles: readonly string[]): Promise<Map<string, string>> {
  const passwords = roles.map(
    async (role) => [role, (await readFile(join(folder, role, "password"), "utf8")).trim()] as const,
  );
  return new Map(await Promise.all(passwords));
}

async function main(): Promise<void> {
  const settings = environment.parse(process.env);
  const setup = settings.SETUP_CONFIG;
  const datacenter = settings.CASSANDRA_DATACENTER;
  const passwords = await readPasswords(settings.PASSWORDS_DIR, Object.keys(setup.roles));
  const connect = connectTo({
    contactPoints: settings.CASSANDRA_CONTACT_POINTS,
    port: settings.CASSANDRA_PORT,
    datacenter,
  });
  const canLogIn = async (user: string, password: string): Promise<boolean> => {
    try {
      await (await connect({ user, password })).close();
      return true;
    } catch (error) {
      if (error instanceof RefusedError) return false;
      throw error;
    }
  };
  const superuser = { user: settings.CASSANDRA_USER, password: settings.CASSANDRA_PASSWORD };
  const session = await logIn({
    connect,
    superuser,
    timeoutSeconds: settings.SETUP_TIMEOUT_SECONDS,
    refusedSeconds: REFUSED_SECONDS,
    log,
    prepare: async (first) => {
      (await replicateAccounts(first, setup.replicationFactor, datacenter)).forEach(log);
    },
  });
  try {
    const changes = [
      ...(await applySchema(session, setup, datacenter)),
      // First: accounts that want more copies than there are nodes can't be read. Again at the end, for those made now.
      ...(await replicateAccounts(session, setup.replicationFactor, datacenter)),
      ...(await applyRoles(session, { superuser: superuser.user, roles: setup.roles, passwords, canLogIn })),
      ...(await replicateAccounts(session, setup.replicationFactor, datacenter)),
    ];
    changes.forEach(log);
    log(changes.length === 0 ? "nothing to change" : `${changes.length} changes`);
    const others = await otherRoles(session, { superuser: superuser.user, roles: setup.roles });
    if (others.length > 0) log(`roles that are not declared, left as they are: ${others.join(", ")}`);
  } finally {
    await session.close();
  }
}

await main().catch(endInFailure);
