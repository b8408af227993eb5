package millrace.connect;

import java.io.Closeable;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.apache.iceberg.PartitionSpec;
import org.apache.iceberg.Schema;
import org.apache.iceberg.Table;
import org.apache.iceberg.UpdateSchema;
import org.apache.iceberg.catalog.Catalog;
import org.apache.iceberg.catalog.SupportsNamespaces;
import org.apache.iceberg.catalog.TableIdentifier;
import org.apache.iceberg.exceptions.AlreadyExistsException;
import org.apache.iceberg.exceptions.ValidationException;
import org.apache.iceberg.types.Types;
import org.apache.kafka.common.config.ConfigException;
import org.apache.kafka.connect.errors.ConnectException;

/** The table of a sink: it is made where it is not there, and gets the columns that it lacks. */
final class LakeTable {
  private static final String CATALOG = "iceberg.catalog";
  private static final String TABLES = "iceberg.tables";
  private static final Pattern TRANSFORM = Pattern.compile("^(hour|day|month|year)\\((.+)\\)$");
  /** As the streams make their tables: Presto reads version 2, and old versions of the metadata go with a commit. */
  private static final Map<String, String> PROPERTIES =
      Map.of(
          "format-version", "2",
          "write.parquet.compression-codec", "snappy",
          "write.metadata.compression-codec", "none",
          "write.metadata.delete-after-commit.enabled", "true",
          "write.metadata.previous-versions-max", "20",
          "commit.manifest.min-count-to-merge", "10");

  private LakeTable() {}

  static void prepare(Map<String, String> given, Schema schema, List<String> partitions) {
    TableIdentifier name = TableIdentifier.parse(given.get(TABLES));
    Catalog catalog = catalogOf(given);
    try {
      prepare(catalog, name, schema, partitions);
    } catch (RuntimeException error) {
      throw new ConnectException("table " + name + ": " + error.getMessage(), error);
    } finally {
      close(catalog);
    }
  }

  static void prepare(Catalog catalog, TableIdentifier name, Schema schema, List<String> partitions) {
    if (catalog.tableExists(name)) {
      complete(catalog.loadTable(name), schema);
      return;
    }
    SupportsNamespaces namespaces = (SupportsNamespaces) catalog;
    try {
      if (!namespaces.namespaceExists(name.namespace())) namespaces.createNamespace(name.namespace());
    } catch (AlreadyExistsException error) {
      // Somebody else has made it meanwhile.
    }
    try {
      catalog.createTable(name, schema, specOf(schema, partitions), PROPERTIES);
    } catch (AlreadyExistsException error) {
      // So has the table: Connect starts a connector anew while it still starts.
      complete(catalog.loadTable(name), schema);
    }
  }

  private static void complete(Table table, Schema wanted) {
    UpdateSchema update = table.updateSchema();
    boolean isChanged = false;
    for (Types.NestedField column : wanted.columns()) {
      Types.NestedField found = table.schema().findField(column.name());
      if (found == null) {
        update.addColumn(column.name(), column.type());
        isChanged = true;
      } else if (!found.type().equals(column.type())) {
        throw new ConnectException(
            "column %s is of type %s there, and of type %s in the settings".formatted(column.name(), found.type(), column.type()));
      }
    }
    for (Types.NestedField there : table.schema().columns()) {
      if (there.isRequired() && wanted.findField(there.name()) == null) {
        throw new ConnectException("column %s must not be empty there, and the settings lack it".formatted(there.name()));
      }
    }
    if (isChanged) update.commit();
  }

  /** @throws ConfigException when a column is not there or can't be parted so */
  static PartitionSpec specOf(Schema schema, List<String> partitions) {
    PartitionSpec.Builder builder = PartitionSpec.builderFor(schema);
    for (String partition : partitions) {
      Matcher transform = TRANSFORM.matcher(partition);
      boolean isPlain = !transform.matches();
      String column = isPlain ? partition : transform.group(2);
      try {
        if (isPlain) builder.identity(column);
        else if (transform.group(1).equals("hour")) builder.hour(column);
        else if (transform.group(1).equals("day")) builder.day(column);
        else if (transform.group(1).equals("month")) builder.month(column);
        else builder.year(column);
      } catch (ValidationException | IllegalArgumentException error) {
        throw new ConfigException(LakeSinkConnector.PARTITIONS, partition, error.getMessage());
      }
    }
    return builder.build();
  }

  private static Catalog catalogOf(Map<String, String> given) {
    Map<String, String> properties = new HashMap<>();
    String prefix = CATALOG + ".";
    given.forEach(
        (key, value) -> {
          if (key.startsWith(prefix)) properties.put(key.substring(prefix.length()), value);
        });
    return CatalogUtil.buildIcebergCatalog(given.getOrDefault(CATALOG, "lake"), properties, new Configuration());
  }

  private static void close(Catalog catalog) {
    if (!(catalog instanceof Closeable closeable)) return;
    try {
      closeable.close();
    } catch (IOException error) {
      throw new ConnectException("the catalog does not close: " + error.getMessage(), error);
    }
  }
}
