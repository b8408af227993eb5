#!/bin/bash
# Runs a broker until records have gone through it. When it ends, Java writes the classes that it used to $CLASS_ARCHIVE.
set -euo pipefail

bin=/opt/kafka/bin
server=localhost:9092
log=/tmp/broker.log

# A build's only network does not know the container's name.
echo "127.0.0.1 $(hostname)" >> /etc/hosts

KAFKA_OPTS="-XX:ArchiveClassesAtExit=$CLASS_ARCHIVE -Xlog:disable" /etc/kafka/docker/run > "$log" 2>&1 &
broker=$!
fail() {
  tail -n 50 "$log" >&2
  echo "train.sh: $1" >&2
  exit 1
}
for _ in {1..1800}; do
  if (: < /dev/tcp/localhost/9092) 2> /dev/null; then break; fi
  kill -0 "$broker" 2> /dev/null || fail "the broker ended"
  sleep 1
done
"$bin/kafka-topics.sh" --bootstrap-server "$server" --create --topic training --partitions 2 || fail "no topic"
seq 100 | "$bin/kafka-console-producer.sh" --bootstrap-server "$server" --topic training || fail "nothing was written"
read=$("$bin/kafka-console-consumer.sh" --bootstrap-server "$server" --topic training --group training \
  --from-beginning --max-messages 100 --timeout-ms 600000 2> /dev/null | wc -l)
[ "$read" -eq 100 ] || fail "$read of 100 records were read"
kill -TERM "$broker"
wait "$broker" || true
[ -s "$CLASS_ARCHIVE" ] || fail "Java wrote no $CLASS_ARCHIVE"
