package millrace.nifi;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;

/**
 * What one publisher has delivered last, kept in a compacted topic in the same transactions as the records: where NiFi ends after a
 * commit and before it has noted it, the same FlowFiles come again, and are known; so is a post that its sender repeats. The last
 * {@value #SLOTS} transactions are kept: minutes at full load, where each has many FlowFiles or there are some dozen in a second.
 */
final class Delivered {
  static final int SLOTS = 10_000;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** One transaction: its number, and the deliveries in it. */
  record Slot(long number, List<String> ids) {}

  private final Map<Integer, Slot> slots = new HashMap<>();
  private final String topic;
  private final String publisher;
  private final Set<String> ids = new HashSet<>();
  private long last;

  Delivered(String topic, String publisher) {
    this.topic = topic;
    this.publisher = publisher;
  }

  /**
   * Reads what is known of a publisher. No transaction of its may be open.
   * @throws org.apache.kafka.common.KafkaException where Kafka does not answer
   */
  static Delivered read(String topic, String publisher, Properties kafka) {
    Delivered read = new Delivered(topic, publisher);
    Properties own = new Properties();
    own.putAll(kafka);
    own.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    own.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    try (KafkaConsumer<String, String> consumer =
        new KafkaConsumer<>(own, new StringDeserializer(), new StringDeserializer())) {
      List<TopicPartition> parts =
          consumer.partitionsFor(topic).stream().map(part -> new TopicPartition(topic, part.partition())).toList();
      consumer.assign(parts);
      consumer.seekToBeginning(parts);
      Map<TopicPartition, Long> ends = consumer.endOffsets(parts);
      while (parts.stream().anyMatch(part -> consumer.position(part) < ends.get(part))) {
        consumer.poll(Duration.ofMillis(500)).forEach(read::take);
      }
    }
    return read;
  }

  private void take(ConsumerRecord<String, String> record) {
    String[] parts = record.key().split("/");
    if (parts.length != 2 || !parts[0].equals(publisher)) return;
    try {
      Slot slot = JSON.readValue(record.value(), Slot.class);
      put(Integer.parseInt(parts[1]), slot);
    } catch (JsonProcessingException error) {
      throw new IllegalStateException("topic " + topic + " has a record that is not the publisher's: " + record.key(), error);
    }
  }

  private void put(int place, Slot slot) {
    Slot before = slots.put(place, slot);
    if (before != null) before.ids().forEach(ids::remove);
    ids.addAll(slot.ids());
    last = Math.max(last, slot.number());
  }

  boolean has(String id) {
    return ids.contains(id);
  }

  /** What a transaction with these deliveries writes of them. */
  ProducerRecord<byte[], byte[]> record(List<String> delivered) {
    long number = last + 1;
    try {
      byte[] key = (publisher + "/" + number % SLOTS).getBytes(StandardCharsets.UTF_8);
      return new ProducerRecord<>(topic, 0, key, JSON.writeValueAsBytes(new Slot(number, delivered)));
    } catch (JsonProcessingException error) {
      throw new IllegalStateException(error);
    }
  }

  /** The transaction is committed. */
  void add(List<String> delivered) {
    long number = last + 1;
    put((int) (number % SLOTS), new Slot(number, List.copyOf(delivered)));
  }
}
