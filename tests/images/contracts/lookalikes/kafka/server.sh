#!/bin/bash
# The broker, with its log of the garbage collector.
export KAFKA_LOG4J_OPTS="${KAFKA_LOG4J_OPTS:--Dlog4j2.configurationFile=/opt/kafka/config/log4j2.yaml}"
exec /opt/kafka/bin/kafka-run-class.sh -gclog kafka.Kafka "$@"
