#!/bin/bash
# Puts each database that was dumped into DUMPS_DIR back as it was. The dump is loaded beside the live database, and then
# the two change places at once: a restore that fails or is killed has changed nothing, and nothing that came after the
# backup stays behind. Clients of the database are disconnected and come back to the restored one.
#
# Environment: PGHOST, PGPORT, PGUSER and PGPASSWORD of the superuser; DUMPS_DIR, which holds <database>.dump; TIMEOUT_SECONDS to wait
# for the server.
set -euo pipefail
. "$(dirname "$0")/wait.sh"
export PGDATABASE=postgres

run_sql() {
  psql --no-psqlrc --quiet --tuples-only --set=ON_ERROR_STOP=1 --set=name="$database" --set=loaded="${database}_restored" \
    --set=replaced="${database}_replaced" "$@"
}

open_again() {
  run_sql <<'SQL'
ALTER DATABASE :"name" ALLOW_CONNECTIONS true;
SQL
}

for file in "$DUMPS_DIR"/*.dump; do
  database=$(basename "$file" .dump)
  run_sql <<'SQL'
SET client_min_messages = 'warning';
DROP DATABASE IF EXISTS :"loaded" WITH (FORCE);
DROP DATABASE IF EXISTS :"replaced" WITH (FORCE);
CREATE DATABASE :"loaded" OWNER :"name";
REVOKE ALL ON DATABASE :"loaded" FROM PUBLIC;
-- Who else may connect: a dump does not say so.
SELECT format('GRANT CONNECT ON DATABASE %I TO %I', :'loaded', rolname)
  FROM pg_database, aclexplode(datacl) JOIN pg_roles ON pg_roles.oid = grantee
  WHERE datname = :'name' AND privilege_type = 'CONNECT' AND rolname <> :'name' \gexec
SQL
  pg_restore --exit-on-error --single-transaction --dbname="${database}_restored" "$file"
  # A dump from before somebody got rights does not have them.
  psql --no-psqlrc --quiet --tuples-only --no-align --set=ON_ERROR_STOP=1 --set=name="$database" --dbname="$database" <<'SQL' |
SELECT format('GRANT %s (%I) ON %s TO %I;', privilege_type, attname, attrelid::regclass, rolname)
  FROM pg_attribute, aclexplode(attacl) JOIN pg_roles ON pg_roles.oid = grantee WHERE rolname <> :'name';
SQL
    psql --no-psqlrc --quiet --dbname="${database}_restored" >/dev/null

  trap open_again EXIT
  run_sql > /dev/null <<'SQL'
SELECT format('ALTER DATABASE %I ALLOW_CONNECTIONS false', datname) FROM pg_database WHERE datname = :'name' \gexec
SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = :'name';
BEGIN;
SELECT format('ALTER DATABASE %I RENAME TO %I', datname, :'replaced') FROM pg_database WHERE datname = :'name' \gexec
ALTER DATABASE :"loaded" RENAME TO :"name";
COMMIT;
SQL
  trap - EXIT
  run_sql <<'SQL'
SET client_min_messages = 'warning';
DROP DATABASE IF EXISTS :"replaced" WITH (FORCE);
SQL
  echo "database $database: restored"
done
