/** What both sides run beside their broker: the same jars, the same options. */

export interface Task {
  readonly bootstrap: string;
  /** Made and removed by the script. */
  readonly topic: string;
  readonly records: number;
  /** Of each record. */
  readonly bytes: number;
}

/** Memory of the client's container, in MiB; half of it is heap. */
export const clientMemoryMi = 768;
/** What a broker that is ended in the middle keeps of the topic, it drops after this. */
const keptMs = 600_000;

/**
 * Makes a topic of its own, fills it, reads it, and removes it also when it is ended early. Whatever a producer or a
 * consumer is told by default, it has here.
 */
export function perfScript({ bootstrap, topic, records, bytes }: Task): string {
  return `set -euo pipefail
tool() { java -Xmx64m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 "\${logging[@]}" -cp '/opt/kafka/libs/*' "$@"; }
load() { java -Xms${clientMemoryMi / 2}m -Xmx${clientMemoryMi / 2}m -XX:+UseSerialGC "\${logging[@]}" -cp '/opt/kafka/libs/*' "$@"; }
logging=(-Dlog4j2.configurationFile=/etc/kafka/docker/tools-log4j2.yaml)
topics() { tool org.apache.kafka.tools.TopicCommand --bootstrap-server ${bootstrap} "$@"; }
remove() { topics --delete --topic ${topic} || true; }
topics --create --topic ${topic} --partitions 1 --config retention.ms=${keptMs} --config segment.bytes=67108864
trap remove EXIT
trap 'exit 143' TERM INT
# In the background, so that a signal is heard at once.
load org.apache.kafka.tools.ProducerPerformance --topic ${topic} --num-records ${records} --record-size ${bytes} \\
  --throughput -1 --producer-props bootstrap.servers=${bootstrap} acks=all &
wait $!
load org.apache.kafka.tools.ConsumerPerformance --bootstrap-server ${bootstrap} --topic ${topic} --messages ${records} \\
  --timeout 60000 &
wait $!
`;
}
