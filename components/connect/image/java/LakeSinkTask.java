package millrace.connect;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.apache.iceberg.connect.IcebergSinkTask;
import org.apache.kafka.connect.sink.SinkRecord;

/** Iceberg's task, which gets the records that fit the table's columns, as rows of these. */
public final class LakeSinkTask extends IcebergSinkTask {
  /** Between two looks at what the coordinator of the commits says, in ms. */
  private static final int LOOK_MS = 1000;

  private Columns columns;
  private DeadLetters deadLetters;

  @Override
  public void start(Map<String, String> given) {
    columns = LakeSinkConnector.columnsOf(given);
    deadLetters = new DeadLetters(context.errantRecordReporter());
    super.start(given);
  }

  @Override
  public void put(Collection<SinkRecord> records) {
    List<SinkRecord> rows = new ArrayList<>(records.size());
    for (SinkRecord record : records) {
      Map<String, Object> row = null;
      try {
        row = columns.rowOf(Json.object(Json.bytesOf(record.value())));
      } catch (BadRecord reason) {
        deadLetters.add(record, reason);
      }
      // A record without a value makes no row, and its offset is committed all the same.
      rows.add(record.newRecord(record.topic(), record.kafkaPartition(), null, null, null, row, record.timestamp()));
    }
    super.put(rows);
    context.timeout(LOOK_MS);
  }
}
