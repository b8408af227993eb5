package millrace.cassandra;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.configuration.ConfigOptions;
import org.apache.flink.configuration.ReadableConfig;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.catalog.Column;
import org.apache.flink.table.catalog.ResolvedSchema;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.factories.DynamicTableSinkFactory;
import org.apache.flink.table.factories.FactoryUtil;
import org.apache.flink.types.RowKind;

/**
 * {@code 'connector' = 'millrace-cassandra'}: rows of a query become rows of a table of Cassandra. What is not given comes from
 * the environment of the TaskManagers, so that no job's text holds a password.
 */
public final class CassandraTableFactory implements DynamicTableSinkFactory {
  static final ConfigOption<String> KEYSPACE = ConfigOptions.key("keyspace").stringType().noDefaultValue();
  static final ConfigOption<String> TABLE = ConfigOptions.key("table").stringType().noDefaultValue();
  static final ConfigOption<Duration> RETRY_TIME =
      ConfigOptions.key("retry-time").durationType().defaultValue(Duration.ofSeconds(60));
  static final ConfigOption<Duration> FLUSH_INTERVAL =
      ConfigOptions.key("flush-interval").durationType().defaultValue(Duration.ofMillis(200));
  static final ConfigOption<Integer> FLUSH_ROWS = ConfigOptions.key("flush-rows").intType().defaultValue(256);

  @Override
  public String factoryIdentifier() {
    return "millrace-cassandra";
  }

  @Override
  public Set<ConfigOption<?>> requiredOptions() {
    return Set.of(KEYSPACE, TABLE);
  }

  @Override
  public Set<ConfigOption<?>> optionalOptions() {
    return Set.of(RETRY_TIME, FLUSH_INTERVAL, FLUSH_ROWS);
  }

  @Override
  public DynamicTableSink createDynamicTableSink(Context context) {
    FactoryUtil.TableFactoryHelper helper = FactoryUtil.createTableFactoryHelper(this, context);
    helper.validate();
    ReadableConfig options = helper.getOptions();
    ResolvedSchema schema = context.getCatalogTable().getResolvedSchema();
    List<CassandraColumn> columns = new ArrayList<>();
    for (Column column : schema.getColumns()) {
      if (!column.isPersisted()) continue;
      columns.add(CassandraColumn.of(column.getName(), column.getDataType().getLogicalType()));
    }
    int rows = options.get(FLUSH_ROWS);
    if (rows < 1) throw new ValidationException("'flush-rows' is " + rows + "; give a whole number from 1");
    CassandraSink sink =
        new CassandraSink(
            name(KEYSPACE, options.get(KEYSPACE)),
            name(TABLE, options.get(TABLE)),
            columns,
            new CassandraSink.Pace(
                options.get(RETRY_TIME).toMillis(), Math.max(1, options.get(FLUSH_INTERVAL).toMillis()), rows));
    return new TableSink(sink);
  }

  /** Names are those that need no quotes, whoever reads the table. */
  private static String name(ConfigOption<String> option, String value) {
    if (value.matches("[a-z][a-z0-9_]{0,47}")) return value;
    throw new ValidationException(
        String.format(
            Locale.ROOT,
            "'%s' is '%s'; give a name of up to 48 lower-case letters, digits and _ that begins with a letter",
            option.key(),
            value));
  }

  /** A row that comes again replaces itself, so rows and their new values are taken; nothing is deleted. */
  private record TableSink(CassandraSink sink) implements DynamicTableSink {
    @Override
    public ChangelogMode getChangelogMode(ChangelogMode requested) {
      ChangelogMode.Builder mode = ChangelogMode.newBuilder();
      for (RowKind kind : Arrays.asList(RowKind.INSERT, RowKind.UPDATE_AFTER)) mode.addContainedKind(kind);
      return mode.build();
    }

    @Override
    public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
      return SinkV2Provider.of(sink);
    }

    @Override
    public DynamicTableSink copy() {
      return new TableSink(sink);
    }

    @Override
    public String asSummaryString() {
      return "Cassandra table " + sink.tableName();
    }
  }
}
