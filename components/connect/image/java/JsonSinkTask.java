package millrace.connect;

import java.io.ByteArrayOutputStream;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.function.LongSupplier;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTask;

/**
 * Collects the records of each partition and writes them as objects. An object is in S3 before its records are acknowledged
 * to Kafka; what is delivered again after a crash between the two is found there by its name and not written a second time.
 */
public final class JsonSinkTask extends SinkTask {
  /** Most bytes that are collected of all partitions together. */
  private static final long MOST_COLLECTED = 32 << 20;
  private static final int LOOK_MS = 1000;

  private final LongSupplier clock;
  private final Map<TopicPartition, Part> parts = new HashMap<>();
  private Store store;
  private String folder;
  private DeadLetters deadLetters;
  private int mostRecords;
  private int mostBytes;
  private long mostMs;

  public JsonSinkTask() {
    this(System::currentTimeMillis);
  }

  JsonSinkTask(LongSupplier clock) {
    this.clock = clock;
  }

  /** What is collected of a partition. */
  private static final class Part {
    final ByteArrayOutputStream lines = new ByteArrayOutputStream();
    int records;
    /** Of the first and the last of the lines. */
    long first;
    long last;
    long time;
    String date;
    /** When the first of the lines came, in ms. */
    long since;
    /** Offset of the last record that S3 is known to have. */
    long written = -1;
    /** Whether records that come can't be in S3 yet. */
    boolean isAhead;

    void clear() {
      lines.reset();
      records = 0;
    }
  }

  @Override
  public String version() {
    return Version.TEXT;
  }

  @Override
  public void start(Map<String, String> given) {
    AbstractConfig config = new AbstractConfig(JsonSinkConnector.definition(), given);
    start(new S3Store(config), config);
  }

  void start(Store to, AbstractConfig config) {
    store = to;
    folder = S3Store.folder(config);
    deadLetters = new DeadLetters(context.errantRecordReporter());
    mostRecords = config.getInt(JsonSinkConnector.RECORDS);
    mostBytes = config.getInt(JsonSinkConnector.BYTES);
    mostMs = config.getInt(JsonSinkConnector.SECONDS) * 1000L;
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    for (SinkRecord record : records) {
      TopicPartition at = new TopicPartition(record.topic(), record.kafkaPartition());
      Part part = parts.computeIfAbsent(at, ignored -> new Part());
      take(at, part, record);
    }
    writeDue();
    if (parts.values().stream().anyMatch(part -> part.records > 0)) context.timeout(LOOK_MS);
  }

  private void take(TopicPartition at, Part part, SinkRecord record) {
    long offset = record.kafkaOffset();
    if (offset <= part.written) return;
    byte[] line;
    try {
      line = Json.line(Json.bytesOf(record.value()));
    } catch (BadRecord reason) {
      deadLetters.add(record, reason);
      return;
    }
    String date = ObjectName.dateOf(record.timestamp());
    if (part.records > 0 && !part.date.equals(date)) write(at, part);
    if (part.records == 0) {
      part.first = offset;
      part.time = Objects.requireNonNullElse(record.timestamp(), -1L);
      part.date = date;
      part.since = clock.getAsLong();
      if (!part.isAhead) {
        part.written = lastWritten(at, part);
        part.isAhead = part.written < offset;
        if (!part.isAhead) return;
      }
    }
    part.lines.writeBytes(line);
    part.lines.write('\n');
    part.records++;
    part.last = offset;
    if (part.records >= mostRecords || part.lines.size() >= mostBytes) write(at, part);
  }

  /** The last record of an object that begins with this one; -1 where there is none. */
  private long lastWritten(TopicPartition at, Part part) {
    return store.list(nameOf(at, part).begin()).stream()
        .map(item -> ObjectName.read(item.key()))
        .filter(name -> name != null && name.time() == part.time)
        .mapToLong(ObjectName::last)
        .max()
        .orElse(-1);
  }

  private ObjectName nameOf(TopicPartition at, Part part) {
    return new ObjectName(folder, at.topic(), part.date, at.partition(), part.first, part.last, part.time);
  }

  private void write(TopicPartition at, Part part) {
    store.put(nameOf(at, part).key(), part.lines.toByteArray());
    part.clear();
  }

  /** Writes what has waited long enough, and all where they are too many together. */
  private void writeDue() {
    long collected = parts.values().stream().mapToLong(part -> part.lines.size()).sum();
    parts.forEach(
        (at, part) -> {
          boolean isDue = clock.getAsLong() - part.since >= mostMs || collected > MOST_COLLECTED;
          if (part.records > 0 && isDue) write(at, part);
        });
  }

  @Override
  public Map<TopicPartition, OffsetAndMetadata> preCommit(Map<TopicPartition, OffsetAndMetadata> delivered) {
    writeDue();
    Map<TopicPartition, OffsetAndMetadata> done = new HashMap<>(delivered);
    parts.forEach(
        (at, part) -> {
          if (part.records > 0 && done.containsKey(at)) done.put(at, new OffsetAndMetadata(part.first));
        });
    return done;
  }

  @Override
  public void close(Collection<TopicPartition> partitions) {
    partitions.forEach(parts::remove);
  }

  @Override
  public void stop() {
    if (store != null) store.close();
  }
}
