/** Cassandra's driver finds every class that it needs for a connection. Runs while the image is built. */
public final class DriverLoads {
  private static final String[] LOADED_LATE = {
    "com.datastax.oss.driver.internal.core.context.StartupOptionsBuilder",
    "com.datastax.oss.driver.internal.core.channel.ProtocolInitHandler",
    "com.datastax.oss.driver.internal.core.control.ControlConnection",
    "com.datastax.oss.driver.internal.core.metadata.DefaultTopologyMonitor",
    "com.datastax.oss.driver.internal.core.cql.CqlRequestHandler",
    "com.datastax.oss.driver.internal.core.auth.PlainTextAuthProvider",
    "com.datastax.oss.driver.internal.core.metadata.schema.parsing.CassandraSchemaParser",
  };

  private DriverLoads() {}

  public static void main(String[] args) throws ClassNotFoundException {
    for (String name : LOADED_LATE) Class.forName(name);
  }
}
