import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Statement;
import java.sql.Types;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.hive.metastore.HiveMetaStore;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf;
import org.apache.hadoop.hive.metastore.conf.MetastoreConf.ConfVars;

/**
 * Makes the metastore's schema in PostgreSQL where there is none, and moves a catalog that is still in Derby into it. One
 * transaction does both, so a start that was killed has done nothing and the next one begins anew. The Derby folder gets
 * another name when everything is committed, and is never removed. Then the same process becomes the metastore: a Java of
 * its own for this took seconds of each start.
 *
 * <p>Arguments: the schema's script, the folder of the Derby database. The address, the account and the password are those
 * of metastore-site.xml.
 */
public final class CatalogDatabase {
  private static final String SCHEMA_VERSION = "3.1.0";
  private static final int BATCH_ROWS = 500;
  /** As long as Kubernetes gives the metastore to start. */
  private static final long WAIT_MS = 1_200_000;
  private static final long PAUSE_MS = 500;

  public static void main(String[] args) throws Throwable {
    Path script = Path.of(args[0]);
    Path derbyFolder = Path.of(args[1]);
    boolean moved;
    try (Connection postgres = connect(MetastoreConf.newMetastoreConf())) {
      postgres.setAutoCommit(false);
      moved = prepare(postgres, script, derbyFolder);
      postgres.commit();
    } catch (Refusal refusal) {
      System.err.println(refusal.getMessage());
      System.exit(2);
      return;
    }
    if (moved) {
      Path aside = derbyFolder.resolveSibling(derbyFolder.getFileName() + ".moved");
      Files.move(derbyFolder, aside);
      System.err.println("the catalog is in PostgreSQL now; its Derby database stays in " + aside);
    }
    HiveMetaStore.main(new String[0]);
  }

  /** Says whether the Derby database is wholly in PostgreSQL. */
  private static boolean prepare(Connection postgres, Path script, Path derbyFolder) throws SQLException, IOException {
    boolean isNew = !tableNames(postgres, "public").containsKey("VERSION");
    if (isNew) {
      createSchema(postgres, script);
    } else {
      checkVersion(postgres);
    }
    if (!Files.isDirectory(derbyFolder)) {
      return false;
    }
    String url = "jdbc:derby:" + derbyFolder;
    try (Connection derby = DriverManager.getConnection(url)) {
      derby.setAutoCommit(false);
      if (isNew) {
        copy(derby, postgres);
      }
      // A catalog that was there already is the moved one, if a start was killed between its commit and the new name.
      compare(derby, postgres, derbyFolder, isNew);
      derby.rollback();
    }
    try {
      DriverManager.getConnection(url + ";shutdown=true");
    } catch (SQLException closed) {
      // Derby reports a shut-down by an exception.
    }
    return true;
  }

  private static void createSchema(Connection postgres, Path script) throws SQLException, IOException {
    System.err.println("making the metastore's schema " + SCHEMA_VERSION);
    try (Statement statement = postgres.createStatement()) {
      statement.execute(Files.readString(script, StandardCharsets.UTF_8));
      // The script leaves its own settings behind.
      statement.execute("RESET ALL");
    }
  }

  private static void checkVersion(Connection postgres) throws SQLException {
    try (Statement statement = postgres.createStatement();
        ResultSet rows = statement.executeQuery("SELECT \"SCHEMA_VERSION\" FROM \"VERSION\"")) {
      String found = rows.next() ? rows.getString(1) : "none";
      if (!SCHEMA_VERSION.equals(found)) {
        throw new Refusal("the catalog's database has schema " + found + ", and this metastore works with " + SCHEMA_VERSION
            + "; restore a backup of it, or upgrade it with Hive's schematool");
      }
    }
  }

  private static void copy(Connection derby, Connection postgres) throws SQLException {
    Map<String, String> targets = tableNames(postgres, "public");
    Map<String, String> sources = tableNames(derby, "APP");
    try (Statement statement = postgres.createStatement()) {
      statement.execute("TRUNCATE " + targets.values().stream().map(CatalogDatabase::quoted).collect(Collectors.joining(", ")));
      statement.execute("SET CONSTRAINTS ALL DEFERRED");
    }
    for (String table : parentsFirst(postgres, targets)) {
      String source = sources.get(table);
      if (source != null) {
        copyTable(derby, source, postgres, targets.get(table));
      }
    }
  }

  private static void copyTable(Connection derby, String source, Connection postgres, String target) throws SQLException {
    Map<String, Column> targetColumns = columns(postgres, quoted(target));
    Map<String, Column> sourceColumns = columns(derby, "APP." + quoted(source));
    Set<String> shared = new LinkedHashSet<>(sourceColumns.keySet());
    shared.retainAll(targetColumns.keySet());
    String select = "SELECT " + list(shared, sourceColumns) + " FROM APP." + quoted(source);
    String marks = shared.stream().map(name -> "?").collect(Collectors.joining(", "));
    String insert = "INSERT INTO " + quoted(target) + " (" + list(shared, targetColumns) + ") VALUES (" + marks + ")";
    try (Statement reader = derby.createStatement();
        ResultSet rows = reader.executeQuery(select);
        PreparedStatement writer = postgres.prepareStatement(insert)) {
      for (long row = 1; rows.next(); row++) {
        int index = 0;
        for (String name : shared) {
          index++;
          setValue(writer, index, rows, targetColumns.get(name), target);
        }
        writer.addBatch();
        if (row % BATCH_ROWS == 0) {
          writer.executeBatch();
        }
      }
      writer.executeBatch();
    }
  }

  private static void setValue(PreparedStatement writer, int index, ResultSet rows, Column column, String table)
      throws SQLException {
    String text = column.type() == Types.BINARY ? null : rows.getString(index);
    switch (column.type()) {
      case Types.BINARY -> writer.setBytes(index, rows.getBytes(index));
      case Types.BIT -> {
        // Derby's schema has letters where PostgreSQL's has a boolean.
        if (text == null) {
          writer.setNull(index, Types.BOOLEAN);
        } else {
          writer.setBoolean(index, Set.of("Y", "T", "1", "TRUE").contains(text.strip().toUpperCase(Locale.ROOT)));
        }
      }
      case Types.SMALLINT, Types.INTEGER, Types.BIGINT -> {
        if (text == null) {
          writer.setNull(index, Types.BIGINT);
        } else {
          writer.setLong(index, rows.getLong(index));
        }
      }
      case Types.DOUBLE -> {
        if (text == null) {
          writer.setNull(index, Types.DOUBLE);
        } else {
          writer.setDouble(index, rows.getDouble(index));
        }
      }
      case Types.VARCHAR, Types.CHAR -> writer.setString(index, text);
      default -> throw new Refusal("can't move column " + column.name() + " of " + table + ": it has JDBC type " + column.type());
    }
  }

  /** Holds every table of Derby against its copy. */
  private static void compare(Connection derby, Connection postgres, Path derbyFolder, boolean isNew) throws SQLException {
    Map<String, String> targets = tableNames(postgres, "public");
    List<String> differences = new ArrayList<>();
    long total = 0;
    for (Map.Entry<String, String> source : tableNames(derby, "APP").entrySet()) {
      long before = count(derby, "APP." + quoted(source.getValue()));
      String target = targets.get(source.getKey());
      long after = target == null ? 0 : count(postgres, quoted(target));
      total += before;
      if (before != after) {
        differences.add(source.getKey() + " has " + before + " rows in Derby and " + after + " in PostgreSQL");
      }
    }
    if (!differences.isEmpty()) {
      throw new Refusal("the Derby database in " + derbyFolder + " and PostgreSQL hold different catalogs, so neither is touched: "
          + String.join("; ", differences)
          + (isNew ? "" : "; move the folder of the one that is not wanted away, then start the metastore again"));
    }
    System.err.println("all " + total + " rows of the Derby database in " + derbyFolder + " are in PostgreSQL");
  }

  /** Tables in an order in which each comes after those that it refers to. */
  private static Collection<String> parentsFirst(Connection postgres, Map<String, String> tables) throws SQLException {
    Map<String, Set<String>> parents = new TreeMap<>();
    for (Map.Entry<String, String> table : tables.entrySet()) {
      Set<String> named = new LinkedHashSet<>();
      try (ResultSet keys = postgres.getMetaData().getImportedKeys(null, "public", table.getValue())) {
        while (keys.next()) {
          named.add(keys.getString("PKTABLE_NAME").toUpperCase(Locale.ROOT));
        }
      }
      named.remove(table.getKey());
      parents.put(table.getKey(), named);
    }
    Set<String> ordered = new LinkedHashSet<>();
    while (ordered.size() < parents.size()) {
      List<String> next = parents.keySet().stream()
          .filter(table -> !ordered.contains(table) && ordered.containsAll(parents.get(table)))
          .toList();
      if (next.isEmpty()) {
        // A circle: its constraints are checked at the commit.
        next = parents.keySet().stream().filter(table -> !ordered.contains(table)).toList();
      }
      ordered.addAll(next);
    }
    return ordered;
  }

  /** Names as the database writes them, by their upper-case form: the two schemas differ in case only. */
  private static Map<String, String> tableNames(Connection connection, String schema) throws SQLException {
    DatabaseMetaData metadata = connection.getMetaData();
    Map<String, String> names = new TreeMap<>();
    try (ResultSet tables = metadata.getTables(null, schema, "%", new String[] {"TABLE"})) {
      while (tables.next()) {
        String name = tables.getString("TABLE_NAME");
        names.put(name.toUpperCase(Locale.ROOT), name);
      }
    }
    return names;
  }

  private record Column(String name, int type) {}

  private static Map<String, Column> columns(Connection connection, String table) throws SQLException {
    Map<String, Column> columns = new LinkedHashMap<>();
    try (Statement statement = connection.createStatement();
        ResultSet none = statement.executeQuery("SELECT * FROM " + table + " WHERE 1 = 0")) {
      ResultSetMetaData found = none.getMetaData();
      for (int index = 1; index <= found.getColumnCount(); index++) {
        String name = found.getColumnName(index);
        columns.put(name.toUpperCase(Locale.ROOT), new Column(name, found.getColumnType(index)));
      }
    }
    return columns;
  }

  private static String list(Collection<String> names, Map<String, Column> columns) {
    return names.stream().map(name -> quoted(columns.get(name).name())).collect(Collectors.joining(", "));
  }

  private static long count(Connection connection, String table) throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT count(*) FROM " + table)) {
      rows.next();
      return rows.getLong(1);
    }
  }

  private static String quoted(String name) {
    return '"' + name + '"';
  }

  /** Waits for a server that is starting, or whose database and account are being made. */
  private static Connection connect(Configuration conf) throws SQLException, IOException, InterruptedException {
    String url = MetastoreConf.getVar(conf, ConfVars.CONNECT_URL_KEY);
    String user = MetastoreConf.getVar(conf, ConfVars.CONNECTION_USER_NAME);
    String password = MetastoreConf.getPassword(conf, ConfVars.PWD);
    long deadline = System.currentTimeMillis() + WAIT_MS;
    String said = "";
    while (true) {
      try {
        return DriverManager.getConnection(url, user, password);
      } catch (SQLException error) {
        if (System.currentTimeMillis() > deadline) {
          throw error;
        }
        if (!said.equals(error.getMessage())) {
          said = error.getMessage();
          System.err.println("waiting for " + url + ": " + said);
        }
        Thread.sleep(PAUSE_MS);
      }
    }
  }

  /** A state in which nothing may be changed, in words for people. */
  private static final class Refusal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    Refusal(String message) {
      super(message);
    }
  }
}
