package millrace.connect;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import org.apache.iceberg.Schema;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.inmemory.InMemoryCatalog;
import org.apache.iceberg.types.Types;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.metrics.PluginMetrics;
import org.apache.kafka.common.record.TimestampType;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;
import org.apache.kafka.connect.sink.SinkTaskContext;
import org.apache.kafka.connect.source.SourceRecord;
import org.apache.kafka.connect.source.SourceTaskContext;
import org.apache.kafka.connect.storage.OffsetStorageReader;

/** Tests of the connectors, without a worker and without S3. They run while the image is built. */
public final class Tests {
  private static final long DAY = 86_400_000L;
  private static final long NOON = 20_785 * DAY + DAY / 2;
  private static int checks;

  private Tests() {}

  public static void main(String[] args) throws Exception {
    jsonIsAnObjectInUtf8();
    aLineIsTheValueItself();
    columnsTakeWhatFits();
    aTableThatIsMadeMeanwhileIsTaken();
    namesTellTheirRecords();
    aSinkWritesEachRecordOnce();
    aSinkPartsDays();
    aTopicMadeAnewDoesNotHideItsRecords();
    badRecordsAreDeadLetters();
    linesGoOnWhereTheyWere();
    aReplayGoesOnAndKeepsItsSpeed();
    ofTwoObjectsTheLongerCounts();
    System.out.println(checks + " checks passed");
  }

  private static void equal(Object actual, Object expected, String what) {
    checks++;
    if (!String.valueOf(actual).equals(String.valueOf(expected))) {
      throw new AssertionError(what + ": expected " + expected + ", was " + actual);
    }
  }

  private static String reason(Runnable action) {
    try {
      action.run();
      return "none";
    } catch (BadRecord bad) {
      return bad.getMessage();
    }
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void jsonIsAnObjectInUtf8() {
    equal(reason(() -> Json.object(null)), "null value", "no value");
    equal(reason(() -> Json.object(new byte[] {'{', (byte) 0xff, '}'})), "not UTF-8", "bytes");
    equal(reason(() -> Json.object("{\"a\":1}".getBytes(StandardCharsets.UTF_16LE))), "not JSON", "UTF-16");
    equal(reason(() -> Json.object(utf8("{\"a\":1}{}"))), "not JSON", "two values");
    equal(reason(() -> Json.object(utf8("{\"a\":NaN}"))), "not JSON", "NaN");
    equal(reason(() -> Json.object(utf8("")) ), "not JSON", "empty");
    equal(reason(() -> Json.object(utf8("[1]"))), "no JSON object", "list");
    equal(reason(() -> Json.object(utf8("[".repeat(5000)))), "not JSON", "deep");
    equal(reason(() -> Json.object(utf8("{\"a\":\"ä\"}"))), "none", "object");
  }

  private static void aLineIsTheValueItself() {
    equal(new String(Json.line(utf8("{\n\"a\" : 1.10,\r\n\"b\":\"\\n\"}"))), "{ \"a\" : 1.10,  \"b\":\"\\n\"}", "line");
  }

  private static void columnsTakeWhatFits() {
    Columns columns =
        new Columns(
            "{\"id\":\"string\",\"n\":\"int\",\"l\":\"long\",\"d\":\"double\",\"b\":\"boolean\",\"ts\":\"timestamp\",\"any\":\"json\"}",
            List.of("id"));
    Map<String, Object> row =
        columns.rowOf(
            Json.object(
                utf8(
                    "{\"id\":\"a\",\"n\":1,\"l\":4294967296,\"d\":7,\"b\":true,\"ts\":\"2026-11-28T11:00:00.020+01:00\",\"any\":[1.5],\"x\":0}")));
    equal(row, "{id=a, n=1, l=4294967296, d=7.0, b=true, ts=2026-11-28T10:00:00.020, any=[1.5]}", "row");
    equal(row.get("n").getClass(), Integer.class, "int");
    equal(columns.rowOf(Json.object(utf8("{\"id\":\"a\",\"d\":null}"))).get("d"), null, "null");
    equal(columns.rowOf(Json.object(utf8("{\"id\":\"a\",\"ts\":0}"))).get("ts"), "1970-01-01T00:00", "milliseconds");
    Map.of(
            "{}", "field missing or of a wrong type: id",
            "{\"id\":1}", "field missing or of a wrong type: id",
            "{\"id\":\"a\",\"n\":1.5}", "field missing or of a wrong type: n",
            "{\"id\":\"a\",\"n\":2147483648}", "field missing or of a wrong type: n",
            "{\"id\":\"a\",\"l\":9223372036854775808}", "field missing or of a wrong type: l",
            "{\"id\":\"a\",\"d\":1e400}", "field missing or of a wrong type: d",
            "{\"id\":\"a\",\"d\":\"1\"}", "field missing or of a wrong type: d",
            "{\"id\":\"a\",\"b\":\"true\"}", "field missing or of a wrong type: b",
            "{\"id\":\"a\",\"ts\":\"2026-02-30T10:00:00Z\"}", "bad time: ts",
            "{\"id\":\"a\",\"ts\":\"2026-11-28T10:00:00\"}", "bad time: ts")
        .forEach((text, wanted) -> equal(reason(() -> columns.rowOf(Json.object(utf8(text)))), wanted, text));
  }

  private static void aTableThatIsMadeMeanwhileIsTaken() {
    InMemoryCatalog catalog =
        new InMemoryCatalog() {
          private boolean hasLooked;

          @Override
          public boolean tableExists(TableIdentifier name) {
            boolean isSeen = hasLooked && super.tableExists(name);
            hasLooked = true;
            return isSeen;
          }
        };
    catalog.initialize("lake", Map.of());
    TableIdentifier name = TableIdentifier.parse("race.samples");
    catalog.createNamespace(name.namespace());
    Types.NestedField id = Types.NestedField.optional(1, "id", Types.StringType.get());
    catalog.createTable(name, new Schema(id));
    Types.NestedField lap = Types.NestedField.optional(2, "lap", Types.IntegerType.get());
    LakeTable.prepare(catalog, name, new Schema(id, lap), List.of());
    equal(catalog.loadTable(name).schema().columns().size(), 2, "columns of a table that was made meanwhile");
  }

  private static void namesTellTheirRecords() {
    ObjectName name = new ObjectName("a/b/", "race.x", "2026-11-28", 2, 5, 104, 1_764_325_678_123L);
    equal(
        name.key(),
        "a/b/race.x/date=2026-11-28/race.x.p2.o0000000000000000005-0000000000000000104.t1764325678123.jsonl",
        "key");
    equal(ObjectName.read(name.key()), name, "read");
    equal(ObjectName.read("a/b/other.jsonl"), null, "other");
    equal(ObjectName.dateOf(-1L), "unknown", "no time");
    equal(ObjectName.dateOf(NOON), "2026-11-28", "date");
  }

  /** A bucket in memory. */
  private static final class Memory implements Store {
    final TreeMap<String, byte[]> objects = new TreeMap<>();

    @Override
    public List<Item> list(String prefix) {
      List<Item> items = new ArrayList<>();
      objects.forEach((key, content) -> {
        if (key.startsWith(prefix)) items.add(new Item(key, content.length));
      });
      return items;
    }

    @Override
    public void put(String key, byte[] content) {
      objects.put(key, content);
    }

    @Override
    public byte[] get(String key, long position, int length) {
      byte[] all = objects.get(key);
      return Arrays.copyOfRange(all, (int) position, (int) Math.min(all.length, position + length));
    }

    @Override
    public String problem() {
      return null;
    }

    @Override
    public void close() {}
  }

  /** What a sink is told of its worker. */
  private static final class SinkContext implements SinkTaskContext {
    final List<String> reported = new ArrayList<>();

    @Override
    public Map<String, String> configs() {
      return Map.of();
    }

    @Override
    public void offset(Map<TopicPartition, Long> offsets) {}

    @Override
    public void offset(TopicPartition at, long offset) {}

    @Override
    public void timeout(long timeoutMs) {}

    @Override
    public Set<TopicPartition> assignment() {
      return Set.of();
    }

    @Override
    public void pause(TopicPartition... partitions) {}

    @Override
    public void resume(TopicPartition... partitions) {}

    @Override
    public void requestCommit() {}

    @Override
    public PluginMetrics pluginMetrics() {
      return null;
    }

    @Override
    public ErrantRecordReporter errantRecordReporter() {
      return new ErrantRecordReporter() {
        @Override
        public Future<Void> report(SinkRecord record, Throwable error) {
          reported.add(record.kafkaOffset() + " " + error.getMessage());
          return CompletableFuture.completedFuture(null);
        }
      };
    }
  }

  private static AbstractConfig config(ConfigDef definition, Map<String, String> own) {
    Map<String, String> all = new HashMap<>(Map.of("s3.bucket", "b", "s3.url", "http://s3:1", "s3.prefix", "pre"));
    all.putAll(own);
    return new AbstractConfig(definition, all, false);
  }

  private static SinkRecord record(long offset, long time, String value) {
    return new SinkRecord("race", 0, null, null, null, utf8(value), offset, time, TimestampType.CREATE_TIME);
  }

  private static List<SinkRecord> records(long from, long to, long time) {
    List<SinkRecord> records = new ArrayList<>();
    for (long offset = from; offset < to; offset++) records.add(record(offset, time, "{\"n\":" + offset + "}"));
    return records;
  }

  private static JsonSinkTask sink(Memory memory, SinkContext context, long[] now) {
    JsonSinkTask task = new JsonSinkTask(() -> now[0]);
    task.initialize(context);
    task.start(memory, config(JsonSinkConnector.definition(), Map.of("flush.records", "4", "flush.seconds", "10")));
    return task;
  }

  private static final TopicPartition AT = new TopicPartition("race", 0);

  private static String committed(JsonSinkTask task, long delivered) {
    return String.valueOf(task.preCommit(Map.of(AT, new OffsetAndMetadata(delivered))).get(AT).offset());
  }

  private static List<String> lines(Memory memory) {
    List<String> lines = new ArrayList<>();
    memory.objects.values().forEach(content -> Collections.addAll(lines, new String(content, StandardCharsets.UTF_8).split("\n")));
    return lines;
  }

  private static void aSinkWritesEachRecordOnce() {
    Memory memory = new Memory();
    long[] now = {0};
    JsonSinkTask first = sink(memory, new SinkContext(), now);
    first.put(records(0, 6, NOON));
    equal(memory.objects.keySet(), "[pre/race/date=2026-11-28/race.p0.o0000000000000000000-0000000000000000003.t" + NOON + ".jsonl]", "full");
    equal(committed(first, 6), 4, "what waits is not acknowledged");
    now[0] = 10_000;
    first.put(List.of());
    equal(memory.objects.size(), 2, "what has waited is written");
    equal(committed(first, 6), 6, "all is acknowledged");
    // The worker was killed before anything was acknowledged, and its successor gets everything again, in other pieces.
    JsonSinkTask second = sink(memory, new SinkContext(), now);
    second.put(records(0, 3, NOON));
    second.put(records(3, 9, NOON));
    now[0] = 30_000;
    second.put(List.of());
    equal(lines(memory).size(), 9, "each record is there once");
    equal(lines(memory).get(8), "{\"n\":8}", "in order");
    equal(committed(second, 9), 9, "and acknowledged");
  }

  private static void aSinkPartsDays() {
    Memory memory = new Memory();
    long[] now = {0};
    JsonSinkTask task = sink(memory, new SinkContext(), now);
    task.put(records(0, 2, NOON));
    task.put(records(2, 3, NOON + DAY));
    now[0] = 20_000;
    task.put(List.of());
    equal(memory.objects.keySet().stream().map(key -> key.split("/")[2]).toList(), "[date=2026-11-28, date=2026-11-29]", "days");
  }

  private static void aTopicMadeAnewDoesNotHideItsRecords() {
    Memory memory = new Memory();
    long[] now = {0};
    sink(memory, new SinkContext(), now).put(records(0, 4, NOON));
    sink(memory, new SinkContext(), now).put(records(0, 4, NOON + 1));
    equal(lines(memory).size(), 8, "records of both");
  }

  private static void badRecordsAreDeadLetters() {
    Memory memory = new Memory();
    SinkContext context = new SinkContext();
    JsonSinkTask task = sink(memory, context, new long[] {0});
    task.put(List.of(record(0, NOON, "{\"n\":0}"), record(1, NOON, "oops"), record(2, NOON, "[]"), record(3, NOON, "{}")));
    equal(context.reported, "[1 not JSON, 2 no JSON object]", "reasons");
    equal(committed(task, 4), 0, "the good ones wait");
  }

  private static void linesGoOnWhereTheyWere() {
    Memory memory = new Memory();
    memory.put("a", utf8("one\r\n\n  \ntwo\nthree"));
    memory.put("b", utf8("four\n"));
    Lines all = new Lines(memory, memory.list(""), null, 0);
    List<String> read = new ArrayList<>();
    List<Lines.Line> places = new ArrayList<>();
    for (Lines.Line line = all.read(); line != null; line = all.read()) {
      read.add(new String(line.text()));
      places.add(line);
    }
    equal(read, "[one, two, three, four]", "lines");
    equal(places.stream().map(Lines.Line::isLast).toList(), "[false, false, false, true]", "last");
    for (int index = 0; index < places.size() - 1; index++) {
      Lines.Line at = places.get(index);
      Lines rest = new Lines(memory, memory.list(""), at.object(), at.position());
      equal(new String(rest.read().text()), read.get(index + 1), "after " + read.get(index));
    }
    memory.put("c", utf8("x".repeat(3 << 20) + "\nend\n"));
    Lines large = new Lines(memory, memory.list("c"), null, 0);
    equal(large.read().text().length, 3 << 20, "a line of several pieces");
    equal(new String(large.read().text()), "end", "and the one after it");
  }

  private static ReplayTask replay(Memory memory, Map<Map<String, ?>, Map<String, Object>> places, long[] now, Map<String, String> own) {
    ReplayTask task = new ReplayTask(() -> now[0]);
    task.initialize(
        new SourceTaskContext() {
          @Override
          public Map<String, String> configs() {
            return Map.of();
          }

          @Override
          public PluginMetrics pluginMetrics() {
            return null;
          }

          @Override
          public OffsetStorageReader offsetStorageReader() {
            return new OffsetStorageReader() {
              @Override
              public <T> Map<String, Object> offset(Map<String, T> partition) {
                return places.get(partition);
              }

              @Override
              public <T> Map<Map<String, T>, Map<String, Object>> offsets(java.util.Collection<Map<String, T>> partitions) {
                return Map.of();
              }
            };
          }
        });
    Map<String, String> settings = new HashMap<>(Map.of("topic", "again", "dead.letter.topic", "dead"));
    settings.putAll(own);
    task.start(memory, config(ReplayConnector.definition(), settings));
    return task;
  }

  private static List<SourceRecord> polled(ReplayTask task) throws InterruptedException {
    List<SourceRecord> records = task.poll();
    return records == null ? List.of() : records;
  }

  private static String texts(List<SourceRecord> records) {
    return String.join(" ", records.stream().map(record -> record.topic() + ":" + new String((byte[]) record.value())).toList());
  }

  private static void aReplayGoesOnAndKeepsItsSpeed() throws InterruptedException {
    Memory memory = new Memory();
    for (int partition = 0; partition < 2; partition++) {
      ObjectName name = new ObjectName("pre/", "race", "2026-11-28", partition, 0, 1, NOON);
      memory.put(name.key(), utf8("{\"k\":\"%1$d\"}\n{\"k\":%1$d}\n".formatted(partition)));
    }
    memory.put("pre/other.jsonl", utf8("oops\n"));
    memory.put("prefix/none.jsonl", utf8("{}\n"));
    long[] now = {0};
    ReplayTask task = replay(memory, Map.of(), now, Map.of("records.per.second", "2", "key.field", "k"));
    equal(texts(polled(task)), "", "nothing is due");
    now[0] = 1000;
    List<SourceRecord> first = polled(task);
    equal(texts(first), "dead:oops again:{\"k\":\"0\"}", "two in the first second");
    equal(first.get(0).headers().lastWithName("__connect.errors.exception.message").value(), "not JSON", "reason");
    equal(new String((byte[]) first.get(1).key()), "0", "key");
    Map<Map<String, ?>, Map<String, Object>> places = new HashMap<>();
    first.forEach(record -> places.put(record.sourcePartition(), castOffset(record)));
    ReplayTask next = replay(memory, places, now, Map.of());
    List<SourceRecord> rest = polled(next);
    equal(texts(rest), "again:{\"k\":0} again:{\"k\":\"1\"} again:{\"k\":1}", "the rest, partitions in turn");
    equal(rest.stream().map(record -> record.sourceOffset().get("done")).toList(), "[true, null, true]", "done");
    equal(texts(polled(next)), "", "nothing is left");
  }

  @SuppressWarnings("unchecked")
  private static Map<String, Object> castOffset(SourceRecord record) {
    return (Map<String, Object>) record.sourceOffset();
  }

  private static void ofTwoObjectsTheLongerCounts() {
    List<Store.Item> items = new ArrayList<>();
    for (long last : new long[] {3, 7, 5}) {
      items.add(new Store.Item(new ObjectName("", "race", "2026-11-28", 0, 0, last, NOON).key(), 10));
    }
    items.add(new Store.Item(new ObjectName("", "race", "2026-11-28", 0, 0, 2, NOON + 1).key(), 10));
    List<Store.Item> kept = ReplayTask.streamsOf(items).get("race.p0");
    equal(kept.stream().map(item -> ObjectName.read(item.key()).last()).toList(), "[2, 7]", "kept");
  }
}
