#!/bin/bash
# Runs a driver with train.py. When it ends, Java writes the classes that it used to $CLASS_ARCHIVE.
set -euo pipefail

log=/tmp/driver.log
# A build's only network does not know the container's name.
echo "127.0.0.1 $(hostname)" >> /etc/hosts
export SPARK_LOCAL_IP=127.0.0.1 SPARK_DRIVER_BIND_ADDRESS=127.0.0.1 KUBERNETES_REQUEST_RETRY_BACKOFFLIMIT=0
export AWS_ACCESS_KEY_ID=training AWS_SECRET_ACCESS_KEY=training AWS_REGION=training
export SPARK_CONNECT_AUTHENTICATE_TOKEN=training
fail() {
  tail -n 80 "$log" >&2
  echo "train.sh: $1" >&2
  exit 1
}
mkdir /tmp/events
timeout 1800 /opt/entrypoint.sh driver --master 'local[2]' --driver-memory 1g \
  --conf "spark.driver.extraJavaOptions=-XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:ArchiveClassesAtExit=$CLASS_ARCHIVE -Xlog:disable" \
  /train.py > "$log" 2>&1 || fail "the program failed"
grep '^train.py: ' "$log"
[ -s "$CLASS_ARCHIVE" ] || fail "Java wrote no $CLASS_ARCHIVE"
