package millrace.connect;

import java.util.List;
import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.common.config.ConfigDef.Importance;
import org.apache.kafka.common.config.ConfigDef.NonEmptyString;
import org.apache.kafka.common.config.ConfigDef.Range;
import org.apache.kafka.common.config.ConfigDef.Type;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.source.ExactlyOnceSupport;
import org.apache.kafka.connect.source.SourceConnector;

/** Sends the lines of the objects below a prefix to a topic, at a chosen speed, each once. */
public final class ReplayConnector extends SourceConnector {
  static final String TOPIC = "topic";
  static final String RATE = "records.per.second";
  static final String KEY = "key.field";
  static final String DEAD_LETTERS = "dead.letter.topic";

  private Map<String, String> settings;

  static ConfigDef definition() {
    return S3Store.settings()
        .define(TOPIC, Type.STRING, ConfigDef.NO_DEFAULT_VALUE, new NonEmptyString(), Importance.HIGH, "Topic.")
        .define(RATE, Type.INT, 0, Range.between(0, 1_000_000), Importance.HIGH, "Records in a second; 0: as fast as can be.")
        .define(KEY, Type.STRING, "", Importance.MEDIUM, "Field whose text is the record's key; empty: no key.")
        .define(DEAD_LETTERS, Type.STRING, "", Importance.MEDIUM, "Topic for lines that are no object of JSON.");
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
  public ExactlyOnceSupport exactlyOnceSupport(Map<String, String> given) {
    return ExactlyOnceSupport.SUPPORTED;
  }

  @Override
  public void start(Map<String, String> given) {
    settings = given;
    new AbstractConfig(definition(), given);
  }

  @Override
  public Class<? extends Task> taskClass() {
    return ReplayTask.class;
  }

  /** One: the speed is that of all together. */
  @Override
  public List<Map<String, String>> taskConfigs(int most) {
    return List.of(settings);
  }

  @Override
  public void stop() {}
}
