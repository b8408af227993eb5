package millrace.connect;

import java.util.List;

/** What sinks and sources ask of a bucket. */
interface Store extends AutoCloseable {
  /** An object, and its size in bytes. */
  record Item(String key, long size) {}

  /** All objects whose names begin so, sorted by name. */
  List<Item> list(String prefix);

  void put(String key, byte[] content);

  /** Bytes of an object from a position on; fewer at its end. */
  byte[] get(String key, long position, int length);

  /** Why the bucket can't be used, in words; {@code null}: it can, or nobody answered. */
  String problem();

  @Override
  void close();
}
