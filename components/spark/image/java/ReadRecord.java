package millrace;

import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.api.java.UDF2;

/**
 * A record of Kafka, read by the JSON Schema of its topic: value (bytes) and Kafka's time (microseconds since 1970) give
 * {@code struct<error string, time bigint, fields struct<…>>}.
 *
 * <p>{@code error} is null for a good record, else the first thing that is wrong, in the words of {@code platform/records/read.ts};
 * {@code time} is the field that the schema's {@code x-time} names, in microseconds since 1970, null where it is none. The fields
 * are those that are asked for, in that order, each null unless it is of its type: texts as string, numbers as double. As expressions
 * of Spark the same takes ten times as long, and is planned anew for each batch.
 */
public final class ReadRecord implements UDF2<byte[], Long, Row> {
  private static final long serialVersionUID = 1L;

  /** It goes to executors with the function: as an argument it would be made a text of Java for each record. */
  private final String text;

  private final List<String> fields;

  private transient volatile RecordSchema schema;

  /**
   * @param text the JSON Schema
   * @param fields names of the fields to give, {@code id,car}: each takes time
   */
  public ReadRecord(String text, String fields) {
    this.text = text;
    this.fields = List.of(fields.split(","));
    schema = RecordSchema.of(text, this.fields);
  }

  @Override
  public Row call(byte[] value, Long kafkaTime) {
    RecordSchema known = schema;
    if (known == null) schema = known = RecordSchema.of(text, fields);
    RecordSchema.Read read = known.read(value, kafkaTime);
    return RowFactory.create(read.error(), read.time(), read.fields() == null ? null : RowFactory.create(read.fields()));
  }
}
