package millrace;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** The schema of a topic's records, as {@code platform/records/json-schema.ts} writes it, and what is wrong with values by it. */
final class RecordSchema {
  private static final int SHOWN_CHARACTERS = 80;
  private static final long EARLIEST = micros(Instant.parse("2000-01-01T00:00:00Z"));
  /** A value is bounded by its bytes, so nothing in it need be. */
  private static final ObjectMapper JSON =
      JsonMapper.builder(
              JsonFactory.builder()
                  .streamReadConstraints(
                      StreamReadConstraints.builder()
                          .maxNestingDepth(Integer.MAX_VALUE)
                          .maxNumberLength(Integer.MAX_VALUE)
                          .maxNameLength(Integer.MAX_VALUE)
                          .build())
                  // All is UTF-8, which needs no looking for marks of others.
                  .disable(JsonFactory.Feature.CHARSET_DETECTION)
                  .enable(StreamReadFeature.USE_FAST_DOUBLE_PARSER)
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  /** What was made of a value. */
  record Read(String error, Long time, Object[] fields) {
    static Read bad(String error) {
      return new Read(error, null, null);
    }
  }

  /** A field by its part of the schema. */
  private record Field(
      String name,
      boolean isText,
      boolean isWhole,
      boolean isTime,
      boolean isOptional,
      Pattern pattern,
      int least,
      int most,
      double minimum,
      double maximum,
      String bounds,
      String allowed) {
    static Field of(String name, JsonNode part, boolean isRequired) {
      JsonNode type = part.path("type");
      String kind = type.isArray() ? type.get(0).asText() : type.asText("string");
      JsonNode pattern = part.get("pattern");
      return new Field(
          name,
          kind.equals("string"),
          kind.equals("integer"),
          part.path("format").asText().equals("date-time"),
          !isRequired,
          pattern == null ? null : Pattern.compile(whole(pattern.asText())),
          part.path("minLength").asInt(0),
          part.path("maxLength").asInt(Integer.MAX_VALUE),
          part.path("minimum").asDouble(Double.NEGATIVE_INFINITY),
          part.path("maximum").asDouble(Double.POSITIVE_INFINITY),
          number(part.path("minimum").asDouble()) + " to " + number(part.path("maximum").asDouble()),
          part.path("x-allowed").asText());
    }

    /** A pattern of JSON Schema: Java's {@code $} would also match before a line's end. */
    private static String whole(String pattern) {
      return pattern.endsWith("$") ? pattern.substring(0, pattern.length() - 1) + "\\z" : pattern;
    }

    /** The value; null unless it is of the field's type. */
    Object of(JsonNode given) {
      if (given == null || (isText ? !given.isTextual() : !given.isNumber())) return null;
      // A negative zero is none.
      return isText ? given.textValue() : (Object) (given.doubleValue() + 0.0);
    }
  }

  private final String versionName;
  private final JsonNode version;
  private final int mostBytes;
  private final long aheadMicros;
  private final List<Field> fields;
  private final int timeField;
  /** Places of the fields that are asked for. */
  private final int[] given;

  private RecordSchema(JsonNode schema, List<String> asked) {
    versionName = schema.get("x-version-field").asText();
    version = schema.get("properties").get(versionName).get("const");
    mostBytes = schema.get("x-most-bytes").asInt();
    aheadMicros = schema.get("x-ahead-seconds").asLong() * 1_000_000;
    Set<String> required = new HashSet<>();
    schema.get("required").forEach(name -> required.add(name.asText()));
    fields = new ArrayList<>();
    schema
        .get("properties")
        .properties()
        .forEach(
            part -> {
              String name = part.getKey();
              if (!name.equals(versionName)) fields.add(Field.of(name, part.getValue(), required.contains(name)));
            });
    List<String> names = fields.stream().map(Field::name).toList();
    timeField = names.indexOf(schema.get("x-time").asText());
    given = asked.stream().mapToInt(names::indexOf).toArray();
  }

  static RecordSchema of(String text, List<String> asked) {
    try {
      return new RecordSchema(JSON.readTree(text), asked);
    } catch (JsonProcessingException error) {
      throw new IllegalArgumentException("the schema is no JSON: " + error.getMessage(), error);
    }
  }

  /** @param kafkaTime in microseconds since 1970 */
  Read read(byte[] value, long kafkaTime) {
    if (value == null) return Read.bad("null value");
    if (value.length > mostBytes) return Read.bad("value too big: " + value.length + " bytes, allowed " + mostBytes);
    if (!isUtf8(value)) return Read.bad("not UTF-8");
    JsonNode json;
    try {
      json = JSON.readTree(value);
    } catch (IOException error) {
      return Read.bad("not JSON");
    }
    if (json.isMissingNode()) return Read.bad("not JSON");
    if (!json.isObject()) return Read.bad("no JSON object");
    Object[] found = fields.stream().map(field -> field.of(json.get(field.name()))).toArray();
    Long time = timeField < 0 ? null : timeOf(fields.get(timeField), (String) found[timeField]);
    Object[] asked = IntStream.of(given).mapToObj(place -> found[place]).toArray();
    return new Read(problem(json, found, kafkaTime + aheadMicros), time, asked);
  }

  private static boolean isUtf8(byte[] value) {
    int place = 0;
    while (place < value.length && value[place] >= 0) place++;
    if (place == value.length) return true;
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(value, place, value.length - place));
      return true;
    } catch (CharacterCodingException error) {
      return false;
    }
  }

  private String problem(JsonNode json, Object[] found, long latest) {
    JsonNode given = json.get(versionName);
    if (!isVersion(given)) return "unknown version: " + shown(given) + ", known " + version.asText();
    for (int place = 0; place < found.length; place++) {
      Field field = fields.get(place);
      JsonNode value = json.get(field.name());
      if (field.isOptional() && (value == null || value.isNull())) continue;
      String problem = problem(field, value, found[place], latest);
      if (problem != null) return problem;
    }
    return null;
  }

  private boolean isVersion(JsonNode given) {
    if (given == null) return false;
    if (version.isTextual()) return version.equals(given);
    return given.isNumber() && given.doubleValue() == version.doubleValue();
  }

  private static String problem(Field field, JsonNode given, Object value, long latest) {
    String name = field.name();
    if (value == null) return "field missing or of a wrong type: " + name;
    if (field.isTime()) {
      Long time = timeOf(field, (String) value);
      if (time == null) return "bad time: " + shown(given);
      return time < EARLIEST || time > latest ? "time out of range: " + shown(given) : null;
    }
    if (field.isText()) {
      String text = (String) value;
      int length = text.codePointCount(0, text.length());
      boolean fits = length >= field.least() && length <= field.most();
      if (fits && (field.pattern() == null || field.pattern().matcher(text).find())) return null;
      return "bad " + name + ": " + shown(given) + ", allowed " + field.allowed();
    }
    double number = (double) value;
    if (field.isWhole() && (Double.isInfinite(number) || number != Math.rint(number))) return "no whole number: " + name;
    if (number >= field.minimum() && number <= field.maximum()) return null;
    return name + " out of range: " + shown(given) + ", allowed " + field.bounds();
  }

  /** In microseconds since 1970; null where it is no time of the field's pattern. */
  private static Long timeOf(Field field, String text) {
    if (text == null || !field.pattern().matcher(text).find()) return null;
    try {
      boolean isUsual = text.length() == 24 && text.charAt(23) == 'Z';
      return micros(isUsual ? usual(text) : OffsetDateTime.parse(text, DateTimeFormatter.ISO_OFFSET_DATE_TIME).toInstant());
    } catch (DateTimeException | NumberFormatException error) {
      return null;
    }
  }

  /** {@code 2026-11-28T10:00:00.020Z}, as nearly all are: a formatter takes most of the time of reading. */
  private static Instant usual(String text) {
    int[] parts = new int[7];
    int[] ends = {4, 7, 10, 13, 16, 19, 23};
    for (int part = 0, from = 0; part < parts.length; from = ends[part] + 1, part++) {
      parts[part] = Integer.parseInt(text, from, ends[part], 10);
    }
    return LocalDateTime.of(parts[0], parts[1], parts[2], parts[3], parts[4], parts[5], parts[6] * 1_000_000)
        .toInstant(ZoneOffset.UTC);
  }

  private static long micros(Instant time) {
    return time.getEpochSecond() * 1_000_000 + time.getNano() / 1000;
  }

  /** As JavaScript writes it. */
  private static String shown(JsonNode given) {
    String words;
    if (given == null) words = "null";
    else if (given.isTextual()) words = given.textValue();
    else if (given.isNumber()) words = number(given.doubleValue());
    else if (given.isContainerNode()) words = given.isArray() ? "a list" : "an object";
    else words = given.asText();
    int[] characters = words.codePoints().limit(SHOWN_CHARACTERS).toArray();
    return new String(characters, 0, characters.length);
  }

  private static String number(double number) {
    if (Double.isInfinite(number)) return Double.toString(number);
    if (number == 0) return "0";
    double size = Math.abs(number);
    if (size >= 1e21 || size < 1e-6) {
      String[] parts = Double.toString(number).split("E");
      String mantissa = parts[0].endsWith(".0") ? parts[0].substring(0, parts[0].length() - 2) : parts[0];
      return mantissa + "e" + (parts[1].startsWith("-") ? "" : "+") + parts[1];
    }
    String plain = new BigDecimal(Double.toString(number)).toPlainString();
    return plain.contains(".") ? plain.replaceAll("\\.?0+$", "") : plain;
  }
}
