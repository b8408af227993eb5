#!/bin/bash
# Dumps each database into a file of its own and reads the list of contents back.
#
# Environment: PGHOST, PGPORT, PGUSER and PGPASSWORD of the superuser; DATABASES, names separated by spaces; DUMPS_DIR;
# TIMEOUT_SECONDS to wait for the server.
set -euo pipefail
. "$(dirname "$0")/wait.sh"

for database in $DATABASES; do
  file="$DUMPS_DIR/$database.dump"
  # A table that is being rebuilt is locked; waiting for ever would hold up everything that waits behind the dump.
  pg_dump --format=custom --lock-wait-timeout=120s --file="$file" "$database"
  entries=$(pg_restore --list "$file" | grep --count --invert-match '^;' || true)
  echo "database $database: $(stat --format=%s "$file") bytes, $entries entries"
done
