package millrace;

import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.TableProperties;
import org.apache.iceberg.spark.SparkCatalog;
import org.apache.spark.sql.catalyst.analysis.NoSuchTableException;
import org.apache.spark.sql.catalyst.analysis.TableAlreadyExistsException;
import org.apache.spark.sql.connector.catalog.Column;
import org.apache.spark.sql.connector.catalog.Identifier;
import org.apache.spark.sql.connector.catalog.StagedTable;
import org.apache.spark.sql.connector.catalog.Table;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.apache.spark.sql.connector.catalog.TableInfo;
import org.apache.spark.sql.connector.catalog.View;
import org.apache.spark.sql.connector.catalog.ViewInfo;
import org.apache.spark.sql.internal.SQLConf;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.TimestampType;

/**
 * Iceberg's catalog, with tables that Presto reads. New columns of time are without zone: {@code date_trunc} and
 * {@code current_timestamp} give Spark's TIMESTAMP_LTZ whatever {@code spark.sql.timestampType} is, and Presto reads no
 * table with such a column. Spark converts what is written in the session's zone, as it does with an INSERT; where that is
 * not UTC, no table is made. No view is made either: while the lake has one of Spark's, Presto answers everybody's list of
 * columns with "Hive views are not supported".
 */
public final class LakeCatalog extends SparkCatalog {
  private static final Set<String> READABLE_FORMATS = Set.of("1", "2");
  private static final Set<String> UTC = Set.of("UTC", "Z", "GMT", "Etc/UTC", "Etc/GMT", "+00:00");

  @Override
  public Table createTable(Identifier name, TableInfo info) throws TableAlreadyExistsException {
    return super.createTable(name, readable(name, info));
  }

  @Override
  public StagedTable stageCreate(Identifier name, TableInfo info) throws TableAlreadyExistsException {
    return super.stageCreate(name, readable(name, info));
  }

  @Override
  public StagedTable stageReplace(Identifier name, TableInfo info) throws NoSuchTableException {
    return super.stageReplace(name, readable(name, info));
  }

  @Override
  public StagedTable stageCreateOrReplace(Identifier name, TableInfo info) {
    return super.stageCreateOrReplace(name, readable(name, info));
  }

  @Override
  public Table alterTable(Identifier name, TableChange... changes) throws NoSuchTableException {
    for (TableChange change : changes) {
      if (change instanceof TableChange.SetProperty) {
        TableChange.SetProperty set = (TableChange.SetProperty) change;
        if (set.property().equals(TableProperties.FORMAT_VERSION)) checkFormat(name, set.value());
      }
    }
    TableChange[] changed =
        Arrays.stream(changes)
            .map(change -> change instanceof TableChange.AddColumn ? withoutZone((TableChange.AddColumn) change) : change)
            .toArray(TableChange[]::new);
    return super.alterTable(name, changed);
  }

  @Override
  public View createView(ViewInfo info) {
    throw noView(info.ident());
  }

  @Override
  public View replaceView(ViewInfo info, boolean orCreate) {
    throw noView(info.ident());
  }

  @Override
  public View replaceView(
      Identifier name,
      String query,
      String currentCatalog,
      String[] currentNamespace,
      StructType schema,
      String[] queryColumnNames,
      String[] columnAliases,
      String[] columnComments,
      Map<String, String> properties) {
    throw noView(name);
  }

  private static RuntimeException noView(Identifier name) {
    return new UnsupportedOperationException(
        String.format(
            "%s is to be a view in the lake, where Presto could not list the columns of any table while it is there. Make it a "
                + "temporary view (CREATE TEMPORARY VIEW), or a table of its rows (CREATE TABLE ... AS SELECT ...)",
            name));
  }

  private static TableInfo readable(Identifier name, TableInfo info) {
    checkFormat(name, info.properties().get(TableProperties.FORMAT_VERSION));
    Column[] columns =
        Arrays.stream(info.columns()).map(column -> withoutZone(name, column)).toArray(Column[]::new);
    return new TableInfo.Builder()
        .withColumns(columns)
        .withPartitions(info.partitions())
        .withProperties(info.properties())
        .withConstraints(info.constraints())
        .build();
  }

  /** Presto looks for a minute and more at the metadata of a newer format, also when somebody lists the lake's columns. */
  private static void checkFormat(Identifier name, String version) {
    if (version == null || READABLE_FORMATS.contains(version)) return;
    throw new IllegalArgumentException(
        String.format(
            "%s is to have format-version %s, and Presto reads tables of 1 and 2. Leave format-version out; what needs a newer "
                + "one, such as VARIANT, is stored as STRING",
            name, version));
  }

  private static Column withoutZone(Identifier name, Column column) {
    DataType type = withoutZone(column.dataType());
    if (type.equals(column.dataType())) return column;
    String zone = SQLConf.get().sessionLocalTimeZone();
    if (!UTC.contains(zone)) {
      throw new IllegalArgumentException(
          String.format(
              "column %s of %s is a TIMESTAMP_LTZ, which Presto cannot read. Times in the lake are in UTC and without zone, "
                  + "and this session's zone is %s, so it would be stored as a time there. Make UTC the session's zone: "
                  + "SET spark.sql.session.timeZone = UTC",
              column.name(), name, zone));
    }
    return Column.create(
        column.name(), type, column.nullable(), column.comment(), column.defaultValue(), column.metadataInJSON());
  }

  /** A new column has no values yet, so that the session's zone does not matter. */
  private static TableChange withoutZone(TableChange.AddColumn added) {
    return TableChange.addColumn(
        added.fieldNames(),
        withoutZone(added.dataType()),
        added.isNullable(),
        added.comment(),
        added.position(),
        added.defaultValue());
  }

  private static DataType withoutZone(DataType type) {
    if (type instanceof TimestampType) return DataTypes.TimestampNTZType;
    if (type instanceof ArrayType) {
      ArrayType array = (ArrayType) type;
      return new ArrayType(withoutZone(array.elementType()), array.containsNull());
    }
    if (type instanceof MapType) {
      MapType map = (MapType) type;
      return new MapType(withoutZone(map.keyType()), withoutZone(map.valueType()), map.valueContainsNull());
    }
    if (type instanceof StructType) {
      StructField[] fields =
          Arrays.stream(((StructType) type).fields())
              .map(field -> new StructField(field.name(), withoutZone(field.dataType()), field.nullable(), field.metadata()))
              .toArray(StructField[]::new);
      return new StructType(fields);
    }
    return type;
  }
}
