package millrace.connect;

import org.apache.kafka.connect.errors.DataException;

/** A record that can't be taken; the message is the reason that goes with it to the dead letters. */
final class BadRecord extends DataException {
  private static final long serialVersionUID = 1L;

  BadRecord(String reason) {
    super(reason);
  }
}
