#!/bin/bash
# Makes the metastore's database ready, then becomes the metastore.
set -euo pipefail

if [ "${SERVICE_NAME:-metastore}" != metastore ]; then
  echo "SERVICE_NAME is \"$SERVICE_NAME\"; this image serves \"metastore\" only" >&2
  exit 2
fi
if [ "${DB_DRIVER:-postgres}" != postgres ]; then
  echo "DB_DRIVER is \"$DB_DRIVER\"; this image works with \"postgres\" only" >&2
  exit 2
fi

conf="${HIVE_CUSTOM_CONF_DIR:+$HIVE_CUSTOM_CONF_DIR:}${HIVE_CONF_DIR:-/opt/hive/conf}"
classpath="$conf:/opt/hive/lib/*:/opt/hive/hadoop/*"

options=(-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError "-Xmx${HADOOP_HEAPSIZE:-256}m")
for package in java.lang java.net java.util java.util.concurrent.atomic java.io java.nio; do
  options+=(--add-opens "java.base/$package=ALL-UNNAMED")
done
options+=("-Dlog4j.configurationFile=/opt/hive/etc/log4j2.properties"
  "-Dderby.stream.error.file=/tmp/derby.log" "-Dderby.system.home=/tmp")
# Both are lists of words, as in the upstream image.
# shellcheck disable=SC2206
options+=(${HADOOP_CLIENT_OPTS:-} ${SERVICE_OPTS:-})

if [ "${IS_RESUME:-false}" != true ]; then
  java "${options[@]}" -cp "/opt/hive/classes:$classpath" CatalogDatabase \
    /opt/hive/scripts/metastore/upgrade/postgres/hive-schema-3.1.0.postgres.sql /opt/hive/data/metastore_db
fi

exec java "${options[@]}" -cp "$classpath" org.apache.hadoop.hive.metastore.HiveMetaStore
