package millrace.connect;

import java.util.Map;
import org.apache.kafka.common.config.AbstractConfig;
import org.apache.kafka.common.config.Config;
import org.apache.kafka.common.config.ConfigDef;

/** What is asked before a connector is taken. */
final class Checks {
  private Checks() {}

  /** Adds to settings that are right in themselves that the bucket is not there or refuses, where S3 says so. */
  static Config bucket(Config checked, ConfigDef definition, Map<String, String> given) {
    boolean isWrong = checked.configValues().stream().anyMatch(value -> !value.errorMessages().isEmpty());
    if (isWrong) return checked;
    String problem;
    try (Store store = new S3Store(new AbstractConfig(definition, given, false))) {
      problem = store.problem();
    }
    if (problem == null) return checked;
    checked.configValues().stream()
        .filter(value -> value.name().equals(S3Store.BUCKET))
        .forEach(value -> value.addErrorMessage(problem));
    return checked;
  }
}
