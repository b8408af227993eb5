package millrace.nifi;

import java.io.BufferedInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;

/** Lines of a stream, without their ends; empty ones are left out. Of one that is too long only its length is kept. */
final class Lines {
  /** @param bytes the line; of one that is too long its begin */
  record Line(byte[] bytes, long length, long number) {}

  private final InputStream in;
  private final int most;
  private long number;

  /** @param most most bytes of a line that is kept whole */
  Lines(InputStream in, int most) {
    this.in = new BufferedInputStream(in, 1 << 16);
    this.most = most;
  }

  /** @return null at the end */
  Line next() throws IOException {
    for (; ; ) {
      ByteArrayOutputStream kept = new ByteArrayOutputStream();
      long length = 0;
      int next = in.read();
      if (next < 0) return null;
      number++;
      boolean isReturn = false;
      for (; next >= 0 && next != '\n'; next = in.read()) {
        length++;
        isReturn = next == '\r';
        if (length <= most) kept.write(next);
      }
      byte[] bytes = kept.toByteArray();
      if (isReturn && length <= most) bytes = java.util.Arrays.copyOf(bytes, bytes.length - 1);
      if (isReturn) length--;
      if (length > 0) return new Line(bytes, length, number);
    }
  }
}
