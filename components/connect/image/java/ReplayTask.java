package millrace.connect;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.connect.data.Schema;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.header.ConnectHeaders;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTask;

/**
 * Reads what was below a prefix when it started. Objects of one partition are read one after the other, and the partitions in
 * turn, a line each. A place that was read is kept with the record, in the same transaction.
 */
public final class ReplayTask extends SourceTask {
  static final String OBJECT = "object";
  static final String POSITION = "position";
  static final String DONE = "done";
  private static final int MOST_RECORDS = 500;
  private static final int MOST_BYTES = 2 << 20;
  private static final long PAUSE_MS = 100;
  private static final long REST_MS = 1000;

  private final LongSupplier clock;
  private final ArrayDeque<Stream> streams = new ArrayDeque<>();
  private Store store;
  private String topic;
  private String keyField;
  private String deadLetters;
  private int rate;
  private long began;
  private long sent;

  public ReplayTask() {
    this(System::currentTimeMillis);
  }

  ReplayTask(LongSupplier clock) {
    this.clock = clock;
  }

  private record Stream(Map<String, String> partition, Lines lines) {}

  @Override
  public String version() {
    return Version.TEXT;
  }

  @Override
  public void start(Map<String, String> given) {
    AbstractConfig config = new AbstractConfig(ReplayConnector.definition(), given);
    start(new S3Store(config), config);
  }

  void start(Store from, AbstractConfig config) {
    store = from;
    topic = config.getString(ReplayConnector.TOPIC);
    keyField = config.getString(ReplayConnector.KEY);
    deadLetters = config.getString(ReplayConnector.DEAD_LETTERS);
    rate = config.getInt(ReplayConnector.RATE);
    String folder = S3Store.folder(config);
    String bucket = config.getString(S3Store.BUCKET);
    Map<String, List<Store.Item>> objects = streamsOf(store.list(folder));
    if (objects.isEmpty()) throw new ConnectException("bucket " + bucket + " has no objects below \"" + folder + "\"");
    objects.forEach(
        (stream, items) -> {
          Map<String, String> partition = Map.of("bucket", bucket, "folder", folder, "stream", stream);
          Map<String, Object> place = context.offsetStorageReader().offset(partition);
          Object object = place == null ? null : place.get(OBJECT);
          long position = place == null ? 0 : ((Number) place.get(POSITION)).longValue();
          streams.add(new Stream(partition, new Lines(store, items, (String) object, position)));
        });
    began = clock.getAsLong();
  }

  /**
   * Objects by what must stay in order: those of a sink by topic and partition, all others together. Of two that begin with the
   * same record the longer one has all records of the other: a sink that was cut off and its successor have written both.
   */
  static Map<String, List<Store.Item>> streamsOf(List<Store.Item> items) {
    Map<String, Store.Item> kept = new TreeMap<>();
    Map<String, ObjectName> names = new HashMap<>();
    for (Store.Item item : items) {
      if (item.size() == 0) continue;
      ObjectName name = ObjectName.read(item.key());
      String begin = name == null ? item.key() : name.begin() + name.time();
      if (name != null) names.put(item.key(), name);
      kept.merge(begin, item, (one, other) -> names.get(one.key()).last() > names.get(other.key()).last() ? one : other);
    }
    Map<String, List<Store.Item>> streams = new TreeMap<>();
    kept.values().stream()
        .sorted(Comparator.comparing(Store.Item::key))
        .forEach(
            item -> {
              ObjectName name = names.get(item.key());
              String stream = name == null ? "" : name.folder() + name.stream();
              streams.computeIfAbsent(stream, ignored -> new ArrayList<>()).add(item);
            });
    return streams;
  }

  @Override
  public List<SourceRecord> poll() throws InterruptedException {
    if (streams.isEmpty()) {
      Thread.sleep(REST_MS);
      return null;
    }
    long due = rate == 0 ? MOST_RECORDS : Math.min(MOST_RECORDS, (clock.getAsLong() - began) * rate / 1000 - sent);
    List<SourceRecord> records = new ArrayList<>();
    long bytes = 0;
    while (records.size() < due && bytes < MOST_BYTES && !streams.isEmpty()) {
      Stream stream = streams.poll();
      Lines.Line line = stream.lines().read();
      if (line == null) continue;
      records.add(recordOf(stream, line));
      bytes += line.text().length;
      streams.add(stream);
    }
    sent += records.size();
    if (!records.isEmpty()) return records;
    Thread.sleep(PAUSE_MS);
    return null;
  }

  private SourceRecord recordOf(Stream stream, Lines.Line line) {
    Map<String, Object> place = new HashMap<>(Map.of(OBJECT, line.object(), POSITION, line.position()));
    if (line.isLast()) place.put(DONE, true);
    byte[] key;
    try {
      JsonNode value = Json.object(line.text());
      key = keyField.isEmpty() ? null : keyOf(value);
    } catch (BadRecord reason) {
      if (deadLetters.isEmpty()) throw new ConnectException(line.object() + ": " + reason.getMessage());
      ConnectHeaders headers = new ConnectHeaders();
      headers.addString("__connect.errors.exception.message", reason.getMessage());
      headers.addString("__connect.errors.object", line.object());
      headers.addLong("__connect.errors.position", line.position());
      return new SourceRecord(
          stream.partition(), place, deadLetters, null, null, null, Schema.BYTES_SCHEMA, line.text(), null, headers);
    }
    return new SourceRecord(
        stream.partition(), place, topic, null, Schema.OPTIONAL_BYTES_SCHEMA, key, Schema.BYTES_SCHEMA, line.text());
  }

  private byte[] keyOf(JsonNode value) {
    JsonNode field = value.path(keyField);
    if (!field.isValueNode() || field.isNull()) throw new BadRecord("field missing or of a wrong type: " + keyField);
    return field.asText().getBytes(java.nio.charset.StandardCharsets.UTF_8);
  }

  @Override
  public void stop() {
    if (store != null) store.close();
  }
}
