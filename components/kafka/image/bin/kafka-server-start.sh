#!/bin/bash
# Becomes the broker that the given file describes.
set -euo pipefail

# The options are lists of words.
# shellcheck disable=SC2086
exec /opt/kafka/bin/kafka-java ${KAFKA_HEAP_OPTS:--Xms256m -Xmx512m} \
  ${KAFKA_JVM_PERFORMANCE_OPTS:--XX:+UseSerialGC -XX:+ExitOnOutOfMemoryError} \
  ${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=$(dirname "$1")/log4j2.yaml} \
  ${KAFKA_JMX_OPTS:-} ${KAFKA_OPTS:-} kafka.Kafka "$1"
