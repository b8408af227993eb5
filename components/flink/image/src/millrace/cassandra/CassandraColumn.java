package millrace.cassandra;

import com.datastax.oss.driver.api.core.type.DataType;
import com.datastax.oss.driver.api.core.type.DataTypes;
import java.io.Serializable;
import java.nio.ByteBuffer;
import java.time.LocalDate;
import org.apache.flink.table.api.ValidationException;
import org.apache.flink.table.data.DecimalData;
import org.apache.flink.table.data.TimestampData;
import org.apache.flink.table.types.logical.LogicalType;

/** A column by its name, and how its values become Cassandra's. A timestamp without zone is one of UTC, as everywhere here. */
record CassandraColumn(String name, LogicalType type) implements Serializable {
  /** @throws ValidationException where Cassandra has no type for it */
  static CassandraColumn of(String name, LogicalType type) {
    CassandraColumn column = new CassandraColumn(name, type);
    if (column.target() != null) return column;
    throw new ValidationException(
        "column '" + name + "' is " + type.asSummaryString() + ", which the connector does not write; cast it to STRING, "
            + "BOOLEAN, INT, BIGINT, FLOAT, DOUBLE, DECIMAL, DATE, TIMESTAMP or BYTES");
  }

  /** Cassandra's type of its values; {@code null} where there is none. */
  DataType target() {
    return switch (type.getTypeRoot()) {
      case CHAR, VARCHAR -> DataTypes.TEXT;
      case BOOLEAN -> DataTypes.BOOLEAN;
      case INTEGER -> DataTypes.INT;
      case BIGINT -> DataTypes.BIGINT;
      case FLOAT -> DataTypes.FLOAT;
      case DOUBLE -> DataTypes.DOUBLE;
      case DECIMAL -> DataTypes.DECIMAL;
      case DATE -> DataTypes.DATE;
      case TIMESTAMP_WITHOUT_TIME_ZONE, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> DataTypes.TIMESTAMP;
      case BINARY, VARBINARY -> DataTypes.BLOB;
      default -> null;
    };
  }

  /** @param value as Flink has it in a row */
  Object converted(Object value) {
    if (value == null) return null;
    return switch (type.getTypeRoot()) {
      case CHAR, VARCHAR -> value.toString();
      case DECIMAL -> ((DecimalData) value).toBigDecimal();
      case DATE -> LocalDate.ofEpochDay((Integer) value);
      case TIMESTAMP_WITHOUT_TIME_ZONE, TIMESTAMP_WITH_LOCAL_TIME_ZONE -> ((TimestampData) value).toInstant();
      case BINARY, VARBINARY -> ByteBuffer.wrap((byte[]) value);
      default -> value;
    };
  }
}
