package millrace.connect;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.sink.SinkConnector;

/** Writes the records of topics as lines of JSON into S3, by date and partition, each once. */
public final class JsonSinkConnector extends SinkConnector {
  static final String RECORDS = "flush.records";
  static final String BYTES = "flush.bytes";
  static final String SECONDS = "flush.seconds";
  private static final int MOST_BYTES = 64 << 20;

  private Map<String, String> settings;

  static ConfigDef definition() {
    return S3Store.settings()
        .define(RECORDS, Type.INT, 10_000, Range.between(1, 1_000_000), Importance.MEDIUM, "Most records of an object.")
        .define(BYTES, Type.INT, 4 << 20, Range.between(1 << 10, MOST_BYTES), Importance.MEDIUM, "Most bytes of an object.")
        .define(SECONDS, Type.INT, 60, Range.between(1, 86_400), Importance.MEDIUM, "Most seconds that a record waits.");
  }

  @Override
  public String version() {
    return Version.TEXT;
  }

  @Override
  public ConfigDef config() {
    return definition();
  }

  @Override
  public Config validate(Map<String, String> given) {
    return Checks.bucket(super.validate(given), definition(), given);
  }

  @Override
  public void start(Map<String, String> given) {
    settings = given;
    new AbstractConfig(definition(), given);
  }

  @Override
  public Class<? extends Task> taskClass() {
    return JsonSinkTask.class;
  }

  @Override
  public List<Map<String, String>> taskConfigs(int most) {
    return Collections.nCopies(most, settings);
  }

  @Override
  public void stop() {}
}
