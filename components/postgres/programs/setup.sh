#!/bin/bash
# Gives each declared database an owner of its name, with the password of its Secret, and lets nobody else in. Runs
# against a live server; running it again changes nothing but passwords that are others. Nothing is ever dropped.
#
# Environment: PGHOST, PGPORT, PGUSER and PGPASSWORD of the superuser; DATABASES, names separated by spaces; READERS, who
# else may connect, as <role>:<database>; MONITOR, the role that sees the server's statistics; PASSWORDS_DIR
# (/run/passwords), which holds <role>/password, where an owner is called like its database; TIMEOUT_SECONDS to wait for
# the server.
set -euo pipefail
export PASSWORDS_DIR=${PASSWORDS_DIR:-/run/passwords} PGDATABASE=postgres

run_sql() {
  psql --no-psqlrc --quiet --tuples-only --set=ON_ERROR_STOP=1 "$@"
}

. "$(dirname "$0")/wait.sh"

run_sql <<'SQL'
REVOKE ALL ON DATABASE postgres, template1 FROM PUBLIC;
SQL

# A role that logs in with the password of its Secret, and has no power.
login_role() {
  if [ ! -s "$PASSWORDS_DIR/$1/password" ]; then
    echo "there is no password for \"$1\": $PASSWORDS_DIR/$1/password is missing or empty" >&2
    exit 1
  fi
  run_sql --set=name="$1" <<'SQL'
-- No password may come into the server's log.
SET log_statement = 'none';
SET log_min_error_statement = 'panic';
SET log_min_duration_statement = -1;
\set password `cat "$PASSWORDS_DIR"/:name/password`
SELECT format('CREATE ROLE %I', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'name') \gexec
ALTER ROLE :"name" LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS PASSWORD :'password';
SQL
}

for database in $DATABASES; do
  login_role "$database"
  run_sql --set=name="$database" <<'SQL'
SELECT format('CREATE DATABASE %I OWNER %I', :'name', :'name')
  WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'name') \gexec
ALTER DATABASE :"name" OWNER TO :"name";
REVOKE ALL ON DATABASE :"name" FROM PUBLIC;
-- A restore that was killed may have left it closed.
ALTER DATABASE :"name" ALLOW_CONNECTIONS true;
SQL
  echo "database $database: open to its owner"
done

for reader in $READERS; do
  login_role "${reader%%:*}"
  run_sql --set=name="${reader%%:*}" --set=database="${reader#*:}" <<'SQL'
ALTER ROLE :"name" CONNECTION LIMIT 5;
GRANT CONNECT ON DATABASE :"database" TO :"name";
SQL
  echo "role ${reader%%:*}: may connect to database ${reader#*:}"
done

login_role "$MONITOR"
run_sql --set=name="$MONITOR" <<'SQL'
ALTER ROLE :"name" CONNECTION LIMIT 3;
GRANT CONNECT ON DATABASE postgres TO :"name";
-- Numbers alone: who may read all statistics reads the texts of all statements.
CREATE SCHEMA IF NOT EXISTS millrace;
CREATE OR REPLACE FUNCTION millrace.databases() RETURNS TABLE (datname name, numbackends int, xact_commit bigint,
  xact_rollback bigint, blks_read bigint, blks_hit bigint, deadlocks bigint, temp_bytes bigint, size_bytes bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
SELECT d.datname, s.numbackends, s.xact_commit, s.xact_rollback, s.blks_read, s.blks_hit, s.deadlocks, s.temp_bytes,
  pg_database_size(d.oid)
FROM pg_database d JOIN pg_stat_database s ON s.datid = d.oid WHERE NOT d.datistemplate
$$;
CREATE OR REPLACE FUNCTION millrace.server() RETURNS TABLE (max_connections int, waiting bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
SELECT current_setting('max_connections')::int, (SELECT count(*) FROM pg_locks WHERE NOT granted)
$$;
-- A dump is one long transaction, and ends by itself.
CREATE OR REPLACE FUNCTION millrace.transactions() RETURNS TABLE (usename name, application_name text, seconds float8)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
SELECT usename, application_name, max(extract(epoch FROM now() - xact_start))::float8 FROM pg_stat_activity
WHERE backend_type = 'client backend' AND xact_start < now() - interval '1 minute' AND application_name <> 'pg_dump'
GROUP BY usename, application_name
$$;
REVOKE ALL ON SCHEMA millrace FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA millrace FROM PUBLIC;
GRANT USAGE ON SCHEMA millrace TO :"name";
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA millrace TO :"name";
SQL
echo "role $MONITOR: sees the server's figures and no data"
