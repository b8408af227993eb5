#!/bin/bash
# Java on all of Kafka's jars, with the options of KAFKA_*, and settings of the log from the folder of settings.
collector=()
if [ "$1" = -gclog ]; then
  collector=(-Xlog:gc:file=/opt/kafka/logs/gc.log)
  shift
fi
: "${KAFKA_HEAP_OPTS:=-Xmx256M}"
: "${KAFKA_LOG4J_OPTS:=-Dlog4j2.configurationFile=/opt/kafka/config/tools-log4j2.yaml}"
# The options are lists of words.
# shellcheck disable=SC2086
exec java $KAFKA_HEAP_OPTS ${KAFKA_JVM_PERFORMANCE_OPTS:--server -XX:+UseG1GC} "${collector[@]}" \
  -Dkafka.logs.dir=/opt/kafka/logs $KAFKA_LOG4J_OPTS -cp '/opt/kafka/libs/*' ${KAFKA_OPTS:-} "$@"
