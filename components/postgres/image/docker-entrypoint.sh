#!/bin/bash
# Makes the data if and only if there are none, then becomes the server.
set -euo pipefail

# Sets a variable from the file that its namesake with _FILE names, or to a default.
from_file() {
  local name=$1 file_name=${1}_FILE
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    echo "$name and $file_name are both set; set one of them" >&2
    exit 2
  fi
  if [ -n "${!file_name:-}" ]; then
    printf -v "$name" %s "$(<"${!file_name}")"
  else
    printf -v "$name" %s "${!name:-$2}"
  fi
}

make_data() {
  local new="$PGDATA.new"
  # A mounted folder can't be renamed, so there the data are made in place.
  if mountpoint --quiet "$PGDATA"; then new=$PGDATA; else rm -rf "$new"; fi
  # Word splitting is the contract of POSTGRES_INITDB_ARGS.
  # shellcheck disable=SC2086
  initdb --pgdata="$new" --username="$POSTGRES_USER" --pwfile=<(printf '%s\n' "$POSTGRES_PASSWORD") \
    --auth=scram-sha-256 ${POSTGRES_INITDB_ARGS:-}
  printf '\nhost all all all scram-sha-256\n' >> "$new/pg_hba.conf"

  export PGUSER="$POSTGRES_USER" PGPASSWORD="$POSTGRES_PASSWORD"
  # Nobody reaches this server from outside before the data are complete.
  pg_ctl --pgdata="$new" --wait --options="$(printf '%q ' "$@" -c listen_addresses=)" start
  if [ "$POSTGRES_DB" != postgres ]; then
    psql_once --dbname=postgres --set=name="$POSTGRES_DB" <<< 'CREATE DATABASE :"name";'
  fi
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case $script in
      *.sh) if [ -x "$script" ]; then "$script"; else . "$script"; fi ;;
      *.sql) psql_once --dbname="$POSTGRES_DB" --file="$script" ;;
      *.sql.gz) gunzip --stdout "$script" | psql_once --dbname="$POSTGRES_DB" ;;
    esac
  done
  pg_ctl --pgdata="$new" --mode=fast --wait stop
  unset PGUSER PGPASSWORD

  # Data that were broken off half-way never get the final name.
  [ "$new" = "$PGDATA" ] || mv --no-target-directory "$new" "$PGDATA"
  sync "$PGDATA" "$(dirname "$PGDATA")"
}

psql_once() {
  psql --set=ON_ERROR_STOP=1 --no-psqlrc --no-password "$@"
}

# A kept volume knows only the password that it was made with.
set_password() {
  local role=${POSTGRES_USER//\"/\"\"} password=${POSTGRES_PASSWORD//\'/\'\'}
  printf "ALTER ROLE \"%s\" PASSWORD '%s'\n" "$role" "$password" |
    postgres --single "$@" -c log_min_error_statement=panic postgres > /dev/null
}

if [ $# -eq 0 ] || [ "${1:0:1}" = - ]; then set -- postgres "$@"; fi
if [ "$1" != postgres ]; then exec "$@"; fi

from_file POSTGRES_PASSWORD ''
from_file POSTGRES_USER postgres
from_file POSTGRES_DB "$POSTGRES_USER"
if [ -z "$POSTGRES_PASSWORD" ]; then
  echo "POSTGRES_PASSWORD is not set; set it, or POSTGRES_PASSWORD_FILE, to the password of the superuser \"$POSTGRES_USER\"" >&2
  exit 2
fi
export PGDATA
if [ -s "$PGDATA/PG_VERSION" ]; then
  # The server refuses a folder that others may read, and a volume's group right makes it such.
  chmod 0700 "$PGDATA"
  set_password "${@:2}"
else
  make_data "${@:2}"
fi
unset POSTGRES_PASSWORD POSTGRES_PASSWORD_FILE
exec "$@"
