package millrace.cassandra;

import com.datastax.oss.driver.api.core.AllNodesFailedException;
import com.datastax.oss.driver.api.core.CqlSession;
import com.datastax.oss.driver.api.core.DriverException;
import com.datastax.oss.driver.api.core.auth.AuthenticationException;
import com.datastax.oss.driver.api.core.cql.AsyncResultSet;
import com.datastax.oss.driver.api.core.cql.BoundStatement;
import com.datastax.oss.driver.api.core.cql.BoundStatementBuilder;
import com.datastax.oss.driver.api.core.cql.ColumnDefinition;
import com.datastax.oss.driver.api.core.cql.PreparedStatement;
import com.datastax.oss.driver.api.core.servererrors.QueryValidationException;
import com.datastax.oss.driver.api.core.type.DataType;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import org.apache.flink.api.common.operators.ProcessingTimeService;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.metrics.Counter;
import org.apache.flink.table.data.RowData;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Rows wait for others a moment and are written together; all are there before a checkpoint is. */
final class CassandraWriter implements SinkWriter<RowData> {
  private static final Logger LOG = LoggerFactory.getLogger(CassandraWriter.class);
  private static final long FIRST_PAUSE_MS = 100;
  private static final long LONGEST_PAUSE_MS = 5_000;

  private final CassandraSink sink;
  private final CqlSession session;
  private final PreparedStatement insert;
  private final RowData.FieldGetter[] getters;
  private final ProcessingTimeService clock;
  private final Counter sent;
  private final Counter retried;
  private final List<BoundStatement> waiting = new ArrayList<>();

  CassandraWriter(CassandraSink sink, WriterInitContext context) throws IOException {
    this.sink = sink;
    List<CassandraColumn> columns = sink.columns();
    getters = new RowData.FieldGetter[columns.size()];
    for (int index = 0; index < getters.length; index++) {
      getters[index] = RowData.createFieldGetter(columns.get(index).type(), index);
    }
    clock = context.getProcessingTimeService();
    sent = context.metricGroup().getNumRecordsSendCounter();
    retried = context.metricGroup().counter("cassandraRetries");
    session = patiently("connect", CassandraSession::open);
    try {
      insert = patiently("prepare", () -> session.prepare(sink.insertCql()));
      checkTypes();
    } catch (IOException | RuntimeException error) {
      session.close();
      throw error;
    }
    nextFlush();
  }

  @Override
  public void write(RowData row, Context context) throws IOException {
    BoundStatementBuilder statement = insert.boundStatementBuilder();
    List<CassandraColumn> columns = sink.columns();
    for (int index = 0; index < getters.length; index++) {
      Object value = columns.get(index).converted(getters[index].getFieldOrNull(row));
      DataType type = insert.getVariableDefinitions().get(index).getType();
      if (value == null) statement.setToNull(index);
      else statement.set(index, value, session.getContext().getCodecRegistry().codecFor(type, value));
    }
    // The same for each try, and for each run from the same checkpoint: what a row replaces is decided by its key.
    waiting.add(statement.setIdempotence(true).build());
    if (waiting.size() >= sink.pace().flushRows()) flush();
  }

  @Override
  public void flush(boolean endOfInput) throws IOException {
    flush();
  }

  @Override
  public void close() {
    session.close();
  }

  private void nextFlush() {
    clock.registerTimer(clock.getCurrentProcessingTime() + sink.pace().flushMs(), time -> {
      flush();
      nextFlush();
    });
  }

  private void flush() throws IOException {
    if (waiting.isEmpty()) return;
    List<BoundStatement> left = new ArrayList<>(waiting);
    patiently("write", () -> {
      List<BoundStatement> now = List.copyOf(left);
      List<CompletionStage<AsyncResultSet>> answers = new ArrayList<>();
      for (BoundStatement statement : now) answers.add(session.executeAsync(statement));
      left.clear();
      Exception failure = null;
      for (int index = 0; index < now.size(); index++) {
        try {
          answers.get(index).toCompletableFuture().get();
          sent.inc();
        } catch (ExecutionException error) {
          left.add(now.get(index));
          failure = error.getCause() instanceof Exception cause ? cause : error;
        }
      }
      if (failure != null) throw failure;
      return null;
    });
    waiting.clear();
  }

  /** Tries again with growing pauses what a second try can help. */
  private <T> T patiently(String what, Callable<T> work) throws IOException {
    long deadline = System.nanoTime() + sink.pace().retryMs() * 1_000_000;
    for (long pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return work.call();
      } catch (Exception error) {
        if (error instanceof InterruptedException) Thread.currentThread().interrupt();
        String words = "Cassandra table " + sink.tableName() + ": can't " + what + ": " + error.getMessage();
        if (!mayPass(error) || System.nanoTime() > deadline) throw new IOException(words, error);
        retried.inc();
        LOG.warn("{}; the next try is in {} ms", words, pause);
      }
      try {
        Thread.sleep(pause);
      } catch (InterruptedException stopped) {
        Thread.currentThread().interrupt();
        throw new IOException("Cassandra table " + sink.tableName() + ": stopped before it could " + what, stopped);
      }
    }
  }

  /** A missing table, right or password stays; a node that is away or busy comes back. */
  private static boolean mayPass(Exception error) {
    if (error instanceof AllNodesFailedException all) {
      return all.getAllErrors().values().stream().flatMap(List::stream).noneMatch(CassandraWriter::isForGood);
    }
    return error instanceof DriverException && !isForGood(error);
  }

  private static boolean isForGood(Throwable error) {
    return error instanceof QueryValidationException || error instanceof AuthenticationException;
  }

  private void checkTypes() throws IOException {
    for (int index = 0; index < getters.length; index++) {
      CassandraColumn column = sink.columns().get(index);
      ColumnDefinition found = insert.getVariableDefinitions().get(index);
      if (!found.getType().equals(column.target())) {
        throw new IOException(
            "Cassandra table " + sink.tableName() + ": column " + column.name() + " is " + found.getType() + ", and the job "
                + "writes " + column.target() + "; cast it in the job's SQL");
      }
    }
  }
}
