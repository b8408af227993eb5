package millrace;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Base64;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;

/**
 * The reader of records by the table of cases that all readers are held to, and by what the table leaves open. They run while the
 * image is built.
 */
public final class RecordTests {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path CASES = Path.of("/tmp/cases");
  private static int checks;

  private RecordTests() {}

  public static void main(String[] args) throws Exception {
    String schema = Files.readString(CASES.resolve("race.v1.json"));
    JsonNode table = JSON.readTree(CASES.resolve("record-cases.json").toFile());
    JsonNode windows = JSON.readTree(CASES.resolve("window-cases.json").toFile());
    long now = Instant.parse(table.get("kafkaTime").asText()).toEpochMilli() * 1000;
    ReadRecord reader = onExecutor(new ReadRecord(schema, "speed,id"));

    ObjectNode sample = windows.get("base").deepCopy();
    sample.setAll((ObjectNode) windows.get("batches").get(0).get(0));
    sample.put("id", "car-01-1").put("ts", "2026-11-28T10:00:00.020Z").put("speed", 12.5);
    Row read = reader.call(bytes(sample.toString()), now);
    equal(read.get(0), null, "a good sample");
    equal(read.get(1), Instant.parse("2026-11-28T10:00:00.020Z").toEpochMilli() * 1000, "its time in microseconds");
    equal(read.getStruct(2), RowFactory.create(12.5, "car-01-1"), "the fields that are asked for");

    for (JsonNode one : table.get("bad")) {
      byte[] value = null;
      if (one.has("with")) {
        ObjectNode changed = sample.deepCopy();
        changed.setAll((ObjectNode) one.get("with"));
        value = bytes(changed.toString());
      } else if (one.has("base64")) {
        value = Base64.getDecoder().decode(one.get("base64").asText());
      } else if (!one.get("raw").isNull()) {
        value = bytes(one.get("raw").asText().repeat(one.path("times").asInt(1)));
      }
      equal(reader.call(value, now).get(0), one.get("reason").asText(), "case " + one);
    }

    Map<String, String> open =
        Map.of(
            "\ufeff" + sample, "not JSON",
            sample + "{", "not JSON",
            "", "not JSON",
            "[".repeat(2000), "not JSON",
            sample.deepCopy().put("seq", 1e300).toString(), "seq out of range: 1e+300, allowed 0 to 4294967295",
            sample.deepCopy().put("speed", 1e-7 - 1).toString(), "speed out of range: -0.9999999, allowed 0 to 200",
            sample.toString().replace("12.5", "1e999"), "speed out of range: Infinity, allowed 0 to 200",
            sample.toString().replace("12.5", "012.5"), "not JSON",
            sample.toString().replace("12.5", "NaN"), "not JSON");
    open.forEach((text, reason) -> equal(reader.call(bytes(text), now).get(0), reason, "value " + text));
    String deep = sample.toString().replace("12.5", "12.5,\"more\":" + "[".repeat(1500) + "]".repeat(1500));
    equal(reader.call(bytes(deep), now).get(0), null, "a field of nobody's that is deep");
    String twice = sample.toString().replace("12.5", "1,\"speed\":2.5");
    equal(speed(reader.call(bytes(twice), now)), 2.5, "the last of two fields of a name");
    equal(speed(reader.call(bytes(sample.toString().replace("12.5", "-0.0")), now)), 0.0, "a negative zero");
    ObjectNode without = sample.deepCopy();
    without.put("speed", "fast");
    Row bad = reader.call(bytes(without.toString()), now);
    equal(bad.getStruct(2), RowFactory.create(null, "car-01-1"), "what can be read of a bad one: a field of a wrong type is null");
    System.out.println(checks + " checks passed");
  }

  /** The reader as an executor gets it. */
  private static ReadRecord onExecutor(ReadRecord reader) throws IOException, ClassNotFoundException {
    ByteArrayOutputStream sent = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(sent)) {
      out.writeObject(reader);
    }
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(sent.toByteArray()))) {
      return (ReadRecord) in.readObject();
    }
  }

  private static Object speed(Row read) {
    return read.getStruct(2).get(0);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void equal(Object actual, Object expected, String what) {
    checks++;
    if (!String.valueOf(actual).equals(String.valueOf(expected))) {
      throw new AssertionError(what + ": expected " + expected + ", was " + actual);
    }
  }
}
