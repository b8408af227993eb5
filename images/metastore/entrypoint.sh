#!/bin/bash
# Initialises the metastore's schema if and only if it is absent, then becomes the metastore.
set -euo pipefail

if [ "${SERVICE_NAME:-metastore}" != metastore ]; then
  echo "SERVICE_NAME is \"$SERVICE_NAME\"; this image serves \"metastore\" only" >&2
  exit 2
fi

conf="${HIVE_CUSTOM_CONF_DIR:+$HIVE_CUSTOM_CONF_DIR:}${HIVE_CONF_DIR:-/opt/hive/conf}"
classpath="$conf:/opt/hive/lib/*:/opt/hive/hadoop/*"
data=/opt/hive/data

options=(-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError "-Xmx${HADOOP_HEAPSIZE:-256}m")
for package in java.lang java.net java.util java.util.concurrent.atomic java.io java.nio; do
  options+=(--add-opens "java.base/$package=ALL-UNNAMED")
done
options+=("-Dlog4j.configurationFile=/opt/hive/etc/log4j2.properties"
  "-Dderby.stream.error.file=/tmp/derby.log" "-Dderby.system.home=/tmp")
# Both are lists of words, as in the upstream image.
# shellcheck disable=SC2206
options+=(${HADOOP_CLIENT_OPTS:-} ${SERVICE_OPTS:-})

schema_tool() {
  java "${options[@]}" -cp "$classpath" org.apache.hadoop.hive.metastore.tools.MetastoreSchemaTool \
    -dbType "${DB_DRIVER:-derby}" "$@"
}

derby_url() {
  echo "jdbc:derby:;databaseName=$1;create=${2:-false}"
}

if [ "${DB_DRIVER:-derby}" = derby ]; then
  database="$data/metastore_db"
  if [ ! -d "$database" ]; then
    # A database that was broken off half-way never gets the final name.
    rm -rf "$database.new"
    schema_tool -initSchema -url "$(derby_url "$database.new" true)"
    mv "$database.new" "$database"
  fi
  options+=("-Djavax.jdo.option.ConnectionURL=$(derby_url "$database")")
elif [ "${IS_RESUME:-false}" != true ]; then
  schema_tool -info || schema_tool -initSchema
fi

exec java "${options[@]}" -cp "$classpath" org.apache.hadoop.hive.metastore.HiveMetaStore
