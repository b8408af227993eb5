package millrace.connect;

import java.io.ByteArrayOutputStream;
import java.util.Iterator;
import java.util.List;
import org.apache.kafka.connect.errors.ConnectException;

/** The lines of objects one after the other, from a place in one of them on. Reads pieces, since a slow reader would lose its connection. */
final class Lines {
  private static final int PIECE = 1 << 20;
  private static final int LONGEST = 16 << 20;

  /** A line without its end, and the place after it. */
  record Line(byte[] text, String object, long position, boolean isLast) {}

  private final Store store;
  private final Iterator<Store.Item> items;
  private Store.Item item;
  /** Of the next byte in the object. */
  private long position;
  private byte[] piece = {};
  private int next;

  /**
   * @param object where to go on; {@code null}: at the begin
   * @param position the first byte there
   */
  Lines(Store store, List<Store.Item> objects, String object, long position) {
    this.store = store;
    List<Store.Item> left = objects.stream().filter(one -> object == null || one.key().compareTo(object) >= 0).toList();
    items = left.iterator();
    boolean goesOn = object != null && !left.isEmpty() && left.get(0).key().equals(object);
    advance();
    if (goesOn) this.position = position;
  }

  private void advance() {
    item = items.hasNext() ? items.next() : null;
    position = 0;
    piece = new byte[0];
    next = 0;
  }

  /** @return {@code null} at the end of the last object */
  Line read() {
    ByteArrayOutputStream line = new ByteArrayOutputStream();
    while (item != null) {
      if (next == piece.length && !load()) {
        if (line.size() > 0) return done(line);
        advance();
        continue;
      }
      int end = next;
      while (end < piece.length && piece[end] != '\n') end++;
      line.write(piece, next, end - next);
      boolean isWhole = end < piece.length;
      position += end - next + (isWhole ? 1 : 0);
      next = isWhole ? end + 1 : end;
      if (line.size() > LONGEST) {
        throw new ConnectException(item.key() + " has a line of more than " + (LONGEST >> 20) + " MiB");
      }
      if (isWhole && !isBlank(line)) return done(line);
      if (isWhole) line.reset();
    }
    return null;
  }

  private boolean load() {
    if (position >= item.size()) return false;
    piece = store.get(item.key(), position, (int) Math.min(PIECE, item.size() - position));
    next = 0;
    return piece.length > 0;
  }

  private Line done(ByteArrayOutputStream line) {
    byte[] text = line.toByteArray();
    int length = text.length > 0 && text[text.length - 1] == '\r' ? text.length - 1 : text.length;
    return new Line(java.util.Arrays.copyOf(text, length), item.key(), position, position >= item.size() && !items.hasNext());
  }

  private static boolean isBlank(ByteArrayOutputStream line) {
    return line.toString(java.nio.charset.StandardCharsets.ISO_8859_1).isBlank();
  }
}
