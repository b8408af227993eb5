package millrace.connect;

import com.fasterxml.jackson.databind.JsonNode;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.iceberg.Schema;
import org.apache.iceberg.types.Type;
import org.apache.iceberg.types.Types;
import org.apache.kafka.common.config.ConfigException;

/** The columns of a table, each with its type, and the record that fits them: what does not is a {@link BadRecord}. */
final class Columns {
  static final String COLUMNS = "lake.columns";
  static final String REQUIRED = "lake.required";

  /** Types by the words of the settings. A time has no zone in the lake, and is in UTC. */
  private static final Map<String, Type> TYPES =
      Map.of(
          "string", Types.StringType.get(),
          "boolean", Types.BooleanType.get(),
          "int", Types.IntegerType.get(),
          "long", Types.LongType.get(),
          "double", Types.DoubleType.get(),
          "timestamp", Types.TimestampType.withoutZone(),
          "json", Types.StringType.get());

  private final Map<String, String> types = new LinkedHashMap<>();
  private final Set<String> required;

  /**
   * @param columns {@code {"id": "string", …}}
   * @param required columns that a record must have
   * @throws ConfigException naming the column
   */
  Columns(String columns, List<String> required) {
    JsonNode read;
    try {
      read = Json.object(columns.getBytes(StandardCharsets.UTF_8));
    } catch (BadRecord reason) {
      throw new ConfigException(COLUMNS, columns, reason.getMessage());
    }
    read.properties()
        .forEach(
            field -> {
              String type = field.getValue().asText();
              if (!TYPES.containsKey(type)) {
                String allowed = String.join(", ", TYPES.keySet().stream().sorted().toList());
                throw new ConfigException(COLUMNS, type, field.getKey() + ": allowed are " + allowed);
              }
              types.put(field.getKey(), type);
            });
    if (types.isEmpty()) throw new ConfigException(COLUMNS, columns, "name one column at least");
    for (String name : required) {
      if (!types.containsKey(name)) throw new ConfigException(REQUIRED, name, "is no column");
    }
    this.required = Set.copyOf(required);
  }

  /** As a new table has them; all may be empty, so that a column can go out of use. */
  Schema schema() {
    List<Types.NestedField> fields = new ArrayList<>();
    types.forEach((name, type) -> fields.add(Types.NestedField.optional(fields.size() + 1, name, TYPES.get(type))));
    return new Schema(fields);
  }

  /** @throws BadRecord with the first column that does not fit */
  Map<String, Object> rowOf(JsonNode record) {
    Map<String, Object> row = new LinkedHashMap<>();
    types.forEach(
        (name, type) -> {
          JsonNode value = record.path(name);
          boolean isEmpty = value.isMissingNode() || value.isNull();
          if (isEmpty && required.contains(name)) throw wrong(name);
          row.put(name, isEmpty ? null : valueOf(name, type, value));
        });
    return row;
  }

  private static Object valueOf(String name, String type, JsonNode value) {
    return switch (type) {
      case "string" -> {
        if (!value.isTextual()) throw wrong(name);
        yield value.textValue();
      }
      case "boolean" -> {
        if (!value.isBoolean()) throw wrong(name);
        yield value.booleanValue();
      }
      case "int" -> {
        if (!value.isIntegralNumber() || !value.canConvertToInt()) throw wrong(name);
        yield value.intValue();
      }
      case "long" -> {
        if (!value.isIntegralNumber() || !value.canConvertToLong()) throw wrong(name);
        yield value.longValue();
      }
      case "double" -> {
        if (!value.isNumber()) throw wrong(name);
        BigDecimal number = value.decimalValue();
        if (!Double.isFinite(number.doubleValue())) throw wrong(name);
        yield number.doubleValue();
      }
      case "timestamp" -> timeOf(name, value);
      default -> value.toString();
    };
  }

  /** A time with its zone, or milliseconds since 1970. */
  private static LocalDateTime timeOf(String name, JsonNode value) {
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return LocalDateTime.ofInstant(Instant.ofEpochMilli(value.longValue()), ZoneOffset.UTC);
    }
    try {
      return OffsetDateTime.parse(value.isTextual() ? value.textValue() : "")
          .withOffsetSameInstant(ZoneOffset.UTC)
          .toLocalDateTime()
          .truncatedTo(ChronoUnit.MICROS);
    } catch (DateTimeParseException error) {
      throw new BadRecord("bad time: " + name);
    }
  }

  private static BadRecord wrong(String name) {
    return new BadRecord("field missing or of a wrong type: " + name);
  }
}
