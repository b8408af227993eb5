package millrace.cassandra;

import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.config.DefaultDriverOption;
import com.datastax.oss.driver.api.core.config.DriverConfigLoader;
import java.net.InetSocketAddress;
import java.time.Duration;

/** A session with the cluster that the environment names: the variables are those of all programs of the platform. */
final class CassandraSession {
  private CassandraSession() {}

  static CqlSession open() {
    ClassLoader loader = CassandraSession.class.getClassLoader();
    DriverConfigLoader config =
        DriverConfigLoader.programmaticBuilder(loader)
            .withDuration(DefaultDriverOption.REQUEST_TIMEOUT, Duration.ofSeconds(10))
            .withDuration(DefaultDriverOption.CONNECTION_CONNECT_TIMEOUT, Duration.ofSeconds(5))
            .withDuration(DefaultDriverOption.CONNECTION_INIT_QUERY_TIMEOUT, Duration.ofSeconds(10))
            .withDuration(DefaultDriverOption.RECONNECTION_MAX_DELAY, Duration.ofSeconds(10))
            .withString(DefaultDriverOption.REQUEST_CONSISTENCY, "LOCAL_QUORUM")
            .withBoolean(DefaultDriverOption.METADATA_SCHEMA_ENABLED, false)
            .withInt(DefaultDriverOption.NETTY_IO_SIZE, 1)
            .withInt(DefaultDriverOption.NETTY_ADMIN_SIZE, 1)
            .build();
    var builder =
        CqlSession.builder()
            .withClassLoader(loader)
            .withConfigLoader(config)
            .withLocalDatacenter(variable("CASSANDRA_DATACENTER"))
            .withAuthCredentials(variable("CASSANDRA_USER"), variable("CASSANDRA_PASSWORD"));
    int port = Integer.parseInt(variable("CASSANDRA_PORT"));
    for (String host : variable("CASSANDRA_CONTACT_POINTS").split(",")) {
      builder.addContactPoint(InetSocketAddress.createUnresolved(host.strip(), port));
    }
    return builder.build();
  }

  private static String variable(String name) {
    String value = System.getenv(name);
    if (value != null && !value.isEmpty()) return value;
    throw new IllegalStateException(
        "$" + name + " is not set: this Flink is not wired to a Cassandra; enable millrace:services.cassandra");
  }
}
