package millrace.connect;

import java.util.concurrent.ExecutionException;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.sink.ErrantRecordReporter;
import org.apache.kafka.connect.sink.SinkRecord;

/** Where a sink puts the records that it can't take. */
final class DeadLetters {
  private final ErrantRecordReporter reporter;

  /** @param reporter {@code null} where the connector has no topic for them */
  DeadLetters(ErrantRecordReporter reporter) {
    this.reporter = reporter;
  }

  /** Returns when the record is written: what comes after it is not acknowledged before. */
  void add(SinkRecord record, BadRecord reason) {
    if (reporter == null) throw reason;
    try {
      reporter.report(record, reason).get();
    } catch (InterruptedException error) {
      Thread.currentThread().interrupt();
      throw new ConnectException("interrupted while a dead letter was written", error);
    } catch (ExecutionException error) {
      throw new ConnectException("a dead letter could not be written: " + error.getCause().getMessage(), error);
    }
  }
}
