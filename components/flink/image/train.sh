#!/bin/bash
# Runs a gateway whose jobs run in itself, so that one Java loads what all kinds of pods do, until a job has written windows into a
# table. When it ends, Java writes the classes that it used to $CLASS_ARCHIVE.
set -euo pipefail

log=/tmp/gateway.log
# A build's only network does not know the container's name.
echo "127.0.0.1 $(hostname)" >> /etc/hosts
fail() {
  tail -n 50 "$log" >&2
  echo "train.sh: $1" >&2
  exit 1
}
mkdir /tmp/catalogs
printf '%s\n' 'type: "iceberg"' 'catalog-type: "hadoop"' 'warehouse: "file:///tmp/lake"' > /tmp/catalogs/lake.yaml
FLINK_PROPERTIES='execution.target: local
sql-gateway.endpoint.rest.address: 127.0.0.1
sql-gateway.endpoint.rest.port: 8083
table.catalog-store.kind: file
table.catalog-store.file.path: file:///tmp/catalogs
table.dml-sync: true' \
  FLINK_JAVA_OPTIONS="-Xmx600m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit=$CLASS_ARCHIVE -Xlog:disable" \
  /docker-entrypoint.sh sql-gateway > "$log" 2>&1 &
gateway=$!
for _ in {1..1800}; do
  if (: < /dev/tcp/127.0.0.1/8083) 2> /dev/null; then break; fi
  kill -0 "$gateway" 2> /dev/null || fail "the gateway ended"
  sleep 1
done
timeout 1800 sql-client -f /train.sql > /tmp/client.log 2>&1 || fail "the client failed"
grep -q 'trained *| *1000' <(tr -d '\r' < /tmp/client.log) || {
  cat /tmp/client.log >&2
  fail "the job has not written its windows"
}
kill -TERM "$gateway"
wait "$gateway" || true
[ -s "$CLASS_ARCHIVE" ] || fail "Java wrote no $CLASS_ARCHIVE"
