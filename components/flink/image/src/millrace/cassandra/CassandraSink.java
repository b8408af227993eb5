package millrace.cassandra;

import java.io.IOException;
import java.io.Serializable;
import java.util.List;
import java.util.stream.Collectors;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.table.data.RowData;

/**
 * Writes each row at least once, and a row of the same primary key replaces itself: after a restart from a checkpoint the table
 * holds the same rows.
 */
public final class CassandraSink implements Sink<RowData> {
  private final String keyspace;
  private final String table;
  private final List<CassandraColumn> columns;
  private final Pace pace;

  /**
   * How patient and how quick it is.
   *
   * @param retryMs how long a write is tried again before the job fails and starts from its last checkpoint
   * @param flushMs longest that a row waits for others
   * @param flushRows most rows that are written at the same time
   */
  record Pace(long retryMs, long flushMs, int flushRows) implements Serializable {}

  CassandraSink(String keyspace, String table, List<CassandraColumn> columns, Pace pace) {
    this.keyspace = keyspace;
    this.table = table;
    this.columns = List.copyOf(columns);
    this.pace = pace;
  }

  @Override
  public SinkWriter<RowData> createWriter(WriterInitContext context) throws IOException {
    return new CassandraWriter(this, context);
  }

  String tableName() {
    return keyspace + "." + table;
  }

  List<CassandraColumn> columns() {
    return columns;
  }

  Pace pace() {
    return pace;
  }

  String insertCql() {
    String names = columns.stream().map(column -> '"' + column.name() + '"').collect(Collectors.joining(", "));
    String marks = columns.stream().map(column -> "?").collect(Collectors.joining(", "));
    return "INSERT INTO " + tableName() + " (" + names + ") VALUES (" + marks + ")";
  }
}
