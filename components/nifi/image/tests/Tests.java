package millrace.nifi;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.lang.reflect.Proxy;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import millrace.RecordReader;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.nifi.authentication.LoginCredentials;
import org.apache.nifi.authentication.LoginIdentityProviderConfigurationContext;
import org.apache.nifi.authentication.exception.InvalidLoginCredentialsException;
import org.apache.nifi.flowfile.FlowFile;

/** Run at the image's build, by assertions. */
public final class Tests {
  private static int passed;

  private Tests() {}

  public static void main(String[] arguments) throws IOException {
    lines();
    records(Files.readString(Path.of(arguments[0])));
    logins();
    batches();
    deliveries();
    kafka();
    System.out.println(passed + " checks passed");
  }

  private static void check(Object found, Object expected) {
    if (!String.valueOf(found).equals(String.valueOf(expected))) {
      throw new AssertionError("found " + found + ", expected " + expected);
    }
    passed++;
  }

  private static List<String> read(String text, int most) throws IOException {
    List<String> found = new ArrayList<>();
    Lines lines = new Lines(new ByteArrayInputStream(text.getBytes(StandardCharsets.UTF_8)), most);
    for (Lines.Line line = lines.next(); line != null; line = lines.next()) {
      found.add(line.number() + " " + line.length() + " " + new String(line.bytes(), StandardCharsets.UTF_8));
    }
    return found;
  }

  private static void lines() throws IOException {
    check(read("", 10), "[]");
    check(read("\n\n", 10), "[]");
    check(read("a\nbc", 10), "[1 1 a, 2 2 bc]");
    check(read("a\r\n\r\nb\r\n", 10), "[1 1 a, 3 1 b]");
    check(read("a\rb\n", 10), "[1 3 a\rb]");
    check(read("12345\n67\n", 3), "[1 5 123, 2 2 67]");
    check(read("1234\r\n", 4), "[1 4 1234]");
  }

  private static void records(String schema) {
    RecordReader reader = RecordReader.of(schema);
    check(reader.mostBytes(), 65536);
    long now = 1_800_000_000_000_000L;
    String good =
        "{\"schema\":\"millrace.telemetry/1\",\"id\":\"a\",\"source\":\"proof\",\"node\":\"n\",\"ts\":\"2026-11-29T10:00:00Z\","
            + "\"metric\":\"m\",\"value\":1}";
    check(reader.problem(good.getBytes(StandardCharsets.UTF_8), now), null);
    check(reader.problem("{".getBytes(StandardCharsets.UTF_8), now), "not JSON");
    check(reader.problem("[]".getBytes(StandardCharsets.UTF_8), now), "no JSON object");
    String other = good.replace("\"value\":1", "\"value\":\"1\"");
    check(reader.problem(other.getBytes(StandardCharsets.UTF_8), now), "field missing or of a wrong type: value");
    for (String broken : List.of("", "{}", "no")) {
      try {
        RecordReader.of(broken);
        throw new AssertionError("taken as a schema: " + broken);
      } catch (IllegalArgumentException error) {
        passed++;
      }
    }
  }

  private static void logins() throws IOException {
    Path folder = Files.createTempDirectory("accounts");
    Files.writeString(folder.resolve("admin"), "right\n");
    Files.writeString(folder.resolve("empty"), "");
    Accounts accounts = new Accounts();
    accounts.onConfigured(
        new LoginIdentityProviderConfigurationContext() {
          @Override
          public String getIdentifier() {
            return "accounts";
          }

          @Override
          public Map<String, String> getProperties() {
            return Map.of("Folder", folder.toString(), "Hours", "1");
          }

          @Override
          public String getProperty(String name) {
            return getProperties().get(name);
          }
        });
    check(accounts.authenticate(new LoginCredentials("admin", "right")).getIdentity(), "admin");
    for (String[] wrong :
        List.of(
            new String[] {"admin", "wrong"},
            new String[] {"admin", ""},
            new String[] {"empty", ""},
            new String[] {"nobody", "right"},
            new String[] {"../accounts/admin", "right"},
            new String[] {null, null})) {
      check(refusal(accounts, wrong), "user or password is wrong");
    }
    Files.writeString(folder.resolve("admin"), "new");
    check(refusal(accounts, new String[] {"admin", "right"}), "user or password is wrong");
    check(accounts.authenticate(new LoginCredentials("admin", "new")).getIdentity(), "admin");
    for (int count = 0; count < 20; count++) refusal(accounts, new String[] {"admin", "guess"});
    check(accounts.authenticate(new LoginCredentials("admin", "new")).getIdentity(), "admin");
  }

  private static String refusal(Accounts accounts, String[] login) {
    try {
      accounts.authenticate(new LoginCredentials(login[0], login[1]));
      return "none";
    } catch (InvalidLoginCredentialsException error) {
      return error.getMessage();
    }
  }

  /** How many FlowFiles of these sizes are one transaction. */
  private static int batch(long... sizes) {
    Batch batch = new Batch();
    int taken = 0;
    for (long size : sizes) {
      FlowFile flowFile =
          (FlowFile)
              Proxy.newProxyInstance(
                  Tests.class.getClassLoader(), new Class<?>[] {FlowFile.class}, (self, method, given) -> size);
      if (!batch.filter(flowFile).isAccept()) break;
      taken++;
    }
    return taken;
  }

  private static void batches() {
    check(batch(new long[150]), Batch.MOST_FLOW_FILES);
    check(batch(Batch.MOST_BYTES, 1), 1);
    check(batch(Batch.MOST_BYTES - 1, 1, 1), 2);
    check(batch(8 * Batch.MOST_BYTES, 0), 1);
  }

  private static void deliveries() {
    Delivered delivered = new Delivered("deliveries", "me");
    check(delivered.has("a"), false);
    check(new String(delivered.record(List.of("a", "b")).key(), StandardCharsets.UTF_8), "me/1");
    delivered.add(List.of("a", "b"));
    check(delivered.has("a") && delivered.has("b"), true);
    ProducerRecord<byte[], byte[]> next = delivered.record(List.of("c"));
    check(new String(next.value(), StandardCharsets.UTF_8), "{\"number\":2,\"ids\":[\"c\"]}");
    for (int count = 1; count < Delivered.SLOTS; count++) delivered.add(List.of("x" + count));
    check(delivered.has("a"), true);
    delivered.add(List.of("last"));
    check(delivered.has("a") || delivered.has("b"), false);
    check(delivered.has("x1") && delivered.has("last"), true);
  }

  private static void kafka() {
    Properties plain = KafkaSettings.of("k:9092", Map.of());
    check(plain.get("security.protocol"), "PLAINTEXT");
    check(plain.containsKey("sasl.mechanism"), false);
    Properties login =
        KafkaSettings.of(
            "k:9092",
            Map.of(
                "KAFKA_SECURITY_PROTOCOL", "SASL_SSL",
                "KAFKA_SASL_MECHANISM", "SCRAM-SHA-512",
                "KAFKA_USERNAME", "me",
                "KAFKA_PASSWORD", "a\"b\\c",
                "KAFKA_CA", "pem"));
    check(
        login.get("sasl.jaas.config"),
        "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"me\" password=\"a\\\"b\\\\c\";");
    check(login.get("ssl.truststore.certificates"), "pem");
  }
}
