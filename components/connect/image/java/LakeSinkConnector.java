package millrace.connect;

import java.util.List;
import java.util.Map;
import org.apache.iceberg.connect.IcebergSinkConfig;
import org.apache.iceberg.connect.IcebergSinkConnector;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.common.config.ConfigValue;
import org.apache.kafka.connect.connector.Task;

/** Iceberg's sink into one table of known columns, which it makes. What does not fit is a dead letter, and ends no task. */
public final class LakeSinkConnector extends IcebergSinkConnector {
  static final String PARTITIONS = "lake.partition.by";

  /** This program's own settings; Iceberg's are beside them. */
  static ConfigDef definition() {
    return new ConfigDef()
        .define(Columns.COLUMNS, Type.STRING, Importance.HIGH, "Columns with their types, as an object of JSON.")
        .define(Columns.REQUIRED, Type.LIST, "", Importance.MEDIUM, "Columns that a record must have.")
        .define(PARTITIONS, Type.LIST, "", Importance.MEDIUM, "Columns, or hour(…), day(…), month(…), year(…) of one.");
  }

  static Columns columnsOf(Map<String, String> given) {
    AbstractConfig config = new AbstractConfig(definition(), given, false);
    return new Columns(config.getString(Columns.COLUMNS), config.getList(Columns.REQUIRED));
  }

  @Override
  public ConfigDef config() {
    ConfigDef all = new ConfigDef(IcebergSinkConfig.CONFIG_DEF);
    definition().configKeys().values().forEach(all::define);
    return all;
  }

  @Override
  public Config validate(Map<String, String> given) {
    Config checked = super.validate(given);
    for (ConfigValue value : checked.configValues()) {
      if (!value.name().equals(Columns.COLUMNS) || !value.errorMessages().isEmpty()) continue;
      try {
        LakeTable.specOf(columnsOf(given).schema(), partitionsOf(given));
      } catch (ConfigException error) {
        value.addErrorMessage(error.getMessage());
      }
    }
    return checked;
  }

  static List<String> partitionsOf(Map<String, String> given) {
    return new AbstractConfig(definition(), given, false).getList(PARTITIONS);
  }

  @Override
  public void start(Map<String, String> given) {
    super.start(given);
    LakeTable.prepare(given, columnsOf(given).schema(), partitionsOf(given));
  }

  @Override
  public Class<? extends Task> taskClass() {
    return LakeSinkTask.class;
  }
}
