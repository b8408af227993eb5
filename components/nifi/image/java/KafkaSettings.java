package millrace.nifi;

import java.util.Map;
import java.util.Properties;
import org.apache.kafka.clients.CommonClientConfigs;

/** How Kafka is spoken to: by the variables that all of the platform's programs read. */
final class KafkaSettings {
  private static final Map<String, String> LOGIN_MODULES =
      Map.of(
          "PLAIN", "org.apache.kafka.common.security.plain.PlainLoginModule",
          "SCRAM-SHA-256", "org.apache.kafka.common.security.scram.ScramLoginModule",
          "SCRAM-SHA-512", "org.apache.kafka.common.security.scram.ScramLoginModule");

  private KafkaSettings() {}

  static Properties of(String bootstrap, Map<String, String> environment) {
    Properties settings = new Properties();
    settings.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    settings.put(
        CommonClientConfigs.SECURITY_PROTOCOL_CONFIG, environment.getOrDefault("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"));
    String mechanism = environment.getOrDefault("KAFKA_SASL_MECHANISM", "");
    if (!mechanism.isEmpty()) {
      settings.put("sasl.mechanism", mechanism);
      settings.put(
          "sasl.jaas.config",
          LOGIN_MODULES.get(mechanism)
              + " required username="
              + quoted(environment.getOrDefault("KAFKA_USERNAME", ""))
              + " password="
              + quoted(environment.getOrDefault("KAFKA_PASSWORD", ""))
              + ";");
    }
    String authority = environment.getOrDefault("KAFKA_CA", "");
    if (!authority.isEmpty()) {
      settings.put("ssl.truststore.type", "PEM");
      settings.put("ssl.truststore.certificates", authority);
    }
    return settings;
  }

  private static String quoted(String text) {
    return '"' + text.replaceAll("([\"\\\\])", "\\\\$1") + '"';
  }
}
