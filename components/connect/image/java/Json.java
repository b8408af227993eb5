package millrace.connect;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The reading of a record's value as JSON: what is not an object of JSON is a {@link BadRecord} with its reason. */
final class Json {
  private static final int MOST_DEPTH = 100;
  private static final ObjectMapper MAPPER =
      new ObjectMapper(
              JsonFactory.builder()
                  .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(MOST_DEPTH).build())
                  .build())
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS);

  private Json() {}

  /** @throws BadRecord when the bytes are no object of JSON in UTF-8 */
  static JsonNode object(byte[] bytes) {
    if (bytes == null) throw new BadRecord("null value");
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException error) {
      throw new BadRecord("not UTF-8");
    }
    JsonNode node;
    try {
      node = MAPPER.readTree(text);
    } catch (JsonProcessingException error) {
      throw new BadRecord("not JSON");
    }
    if (!node.isObject()) throw new BadRecord(node.isMissingNode() ? "not JSON" : "no JSON object");
    return node;
  }

  /** A record's value as one line: as it came, but for line ends between its parts. @throws BadRecord as {@link #object} */
  static byte[] line(byte[] bytes) {
    object(bytes);
    byte[] line = bytes.clone();
    // Within a text JSON has no line end of its own, so each that is there is space.
    for (int index = 0; index < line.length; index++) {
      if (line[index] == '\n' || line[index] == '\r') line[index] = ' ';
    }
    return line;
  }

  /** The bytes of a record that was not converted. @throws BadRecord when it was, so that they are not known */
  static byte[] bytesOf(Object value) {
    if (value == null) return null;
    if (value instanceof byte[] bytes) return bytes;
    if (value instanceof ByteBuffer buffer) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.duplicate().get(bytes);
      return bytes;
    }
    throw new BadRecord("value of " + value.getClass().getSimpleName() + ": set value.converter to ByteArrayConverter");
  }
}
