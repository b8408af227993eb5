package millrace;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;

/** What is wrong with a record by its topic's schema, as Spark's reader says it. */
public final class RecordReader {
  private final RecordSchema schema;
  private final int mostBytes;

  private RecordReader(RecordSchema schema, int mostBytes) {
    this.schema = schema;
    this.mostBytes = mostBytes;
  }

  /** @throws IllegalArgumentException where the text is no schema of records */
  public static RecordReader of(String text) {
    try {
      int mostBytes = new ObjectMapper().readTree(text).path("x-most-bytes").asInt();
      if (mostBytes <= 0) throw new IllegalArgumentException("it has no x-most-bytes");
      return new RecordReader(RecordSchema.of(text, List.of()), mostBytes);
    } catch (JsonProcessingException error) {
      throw new IllegalArgumentException("it is no JSON", error);
    }
  }

  public int mostBytes() {
    return mostBytes;
  }

  /** @param now in microseconds since 1970 @return the first thing that is wrong; null: nothing is */
  public String problem(byte[] value, long now) {
    return schema.read(value, now).error();
  }
}
