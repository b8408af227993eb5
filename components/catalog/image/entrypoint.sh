#!/bin/bash
# Becomes the metastore, which makes its database ready first.
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
# The jars come first, and one by one: the archive fits one order of them, and * stands for that of the file system. No jar
# has a file of settings that the folders have.
jars=(/opt/hive/lib/*.jar /opt/hive/hadoop/*.jar)
classpath=$(IFS=: && echo "${jars[*]}:$conf")

options=(-XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError "-Xmx${HADOOP_HEAPSIZE:-256}m")
for package in java.lang java.net java.util java.util.concurrent.atomic java.io java.nio; do
  options+=(--add-opens "java.base/$package=ALL-UNNAMED")
done
options+=("-Dlog4j.configurationFile=/opt/hive/etc/log4j2.properties"
  "-Dderby.stream.error.file=/tmp/derby.log" "-Dderby.system.home=/tmp")
# Both are lists of words, as in the upstream image.
# shellcheck disable=SC2206
options+=(${HADOOP_CLIENT_OPTS:-} ${SERVICE_OPTS:-})

# At the address that it was made for: Debian's Java moves archives by default, and changes every page of them for that.
options+=(-XX:+UnlockDiagnosticVMOptions -XX:ArchiveRelocationMode=0)
if [ -e "$CLASS_ARCHIVE" ]; then options+=("-XX:SharedArchiveFile=$CLASS_ARCHIVE"); fi

server=(org.apache.hadoop.hive.metastore.HiveMetaStore)
if [ "${IS_RESUME:-false}" != true ]; then
  server=(CatalogDatabase /opt/hive/scripts/metastore/upgrade/postgres/hive-schema-3.1.0.postgres.sql /opt/hive/data/metastore_db)
fi
exec java "${options[@]}" -cp "$classpath" "${server[@]}"
