"""Kafka topic -> Iceberg tables, exactly once.

Two queries read the whole topic: good records go to `samples`, all others to `dead_letter` with the reason. A commit
remembers its batch, so that one that is repeated after a crash is not written twice. What Kafka has dropped before it was
read stands in streaming.gaps.

Environment, with defaults:
  KAFKA_BOOTSTRAP                  host:port,host:port
  KAFKA_SECURITY_PROTOCOL          PLAINTEXT (default) or SSL
  TOPIC=telemetry
  CHECKPOINT                       folder for the offsets, for example s3a://checkpoints/telemetry
  TRIGGER_SECONDS=3                DEAD_LETTER_TRIGGER_SECONDS=10
  CATALOG=lake                     NAMESPACE=telemetry
  STARTING_OFFSETS=earliest        where a stream without checkpoint begins: earliest, latest
  ON_MISSING_CHECKPOINT=fail       rows but no checkpoint: `fail`, or `resume` after the highest offset in the table.
                                   Beginning at STARTING_OFFSETS would write records twice or leave some out.
  ON_MISSING_RECORDS=continue      Kafka has dropped what was not read yet: `continue` behind it, or `stop`
  MAX_RECORDS_PER_BATCH=50000      bounds a batch after a long stop
  MAINTENANCE_BATCHES=10           batches between two rounds of maintenance
  COMPACT_MINUTES=10               minutes between two rounds that make one file of many small ones; 0: never
  SNAPSHOT_MINUTES=5               age at which snapshots, and files that only they hold, are removed; the newest 20
                                   stay. A query that takes longer than this may lose its files.
  READY_FILE=/tmp/stream-ready     exists while both queries run

How far the queries are, Kafka knows as consumer groups: spark-telemetry-samples, spark-telemetry-dead-letter.
At the start it waits for the services that it needs. A query that ends is started anew, and the other one goes on.
"""

import threading
from functools import partial
from typing import Any, Callable, NamedTuple

from pyspark.sql import DataFrame, SparkSession

import stream_gaps
import stream_records as records
import stream_rules as rules
import stream_tables as tables
from stream_gaps import Gaps, each_batch
from stream_records import patiently, setting

TOPIC = setting("TOPIC", "telemetry")
NAMESPACE = f"{setting('CATALOG', 'lake')}.{setting('NAMESPACE', 'telemetry')}"
SAMPLES = f"{NAMESPACE}.samples"
DEAD_LETTER = f"{NAMESPACE}.dead_letter"
CHECKPOINT = setting("CHECKPOINT").rstrip("/")
WAYS = records.Ways(resume="after the highest offset in the table", start_over="drop the table")


def ends(spark: SparkSession, table: str) -> records.Offsets:
    offsets = tables.next_offsets(spark, [table])
    return {TOPIC: offsets} if offsets else {}


class Stream(NamedTuple):
    """A query and its table."""

    name: str
    table: str
    rows: Callable[[DataFrame], DataFrame]
    seconds: str

    @property
    def checkpoint(self) -> str:
        return f"{CHECKPOINT}/{self.name}"

    @property
    def group(self) -> str:
        return f"spark-telemetry-{self.name}"


STREAMS = (
    Stream("samples", SAMPLES, rules.samples, setting("TRIGGER_SECONDS", "3")),
    Stream("dead-letter", DEAD_LETTER, rules.dead_letters, setting("DEAD_LETTER_TRIGGER_SECONDS", "10")),
)


def write(spark: SparkSession, stream: Stream, read: DataFrame, epoch: int) -> None:
    query = spark.sparkContext.getLocalProperty("sql.streaming.queryId")
    rows = stream.rows(read)
    # A batch without rows makes no snapshot.
    if not rows.isEmpty():
        tables.append_once(spark, rows, stream.table, query, epoch)


def start(spark: SparkSession, stream: Stream, gaps: Gaps) -> Any:
    offsets = patiently(
        stream.checkpoint,
        lambda: records.starting_offsets(
            spark, [TOPIC], stream.checkpoint, lambda: ends(spark, stream.table), stream.table, WAYS
        ),
    )
    read = records.read_topics(spark, [TOPIC], offsets, setting("MAX_RECORDS_PER_BATCH", "50000"))
    return (
        read.writeStream.queryName(stream.name)
        .option("checkpointLocation", stream.checkpoint)
        .trigger(processingTime=f"{stream.seconds} seconds")
        .foreachBatch(each_batch(gaps, lambda batch, epoch: write(spark, stream, batch, epoch)))
        .start()
    )


def main() -> None:
    ready = records.ReadyFile(setting("READY_FILE", "/tmp/stream-ready"))
    spark = records.session("telemetry-stream")
    patiently(f"topic {TOPIC}", lambda: records.topic_partitions(spark, [TOPIC]))
    definitions = {SAMPLES: tables.SAMPLES, DEAD_LETTER: tables.DEAD_LETTER, stream_gaps.TABLE: stream_gaps.DEFINITION}
    patiently("tables", lambda: tables.create_tables(spark, definitions))
    queries: dict[str, records.KeptQuery] = {}
    groups: dict[str, records.Reported] = {}
    for stream in STREAMS:
        # Nothing else commits to the table yet, so this succeeds however much has piled up.
        patiently(stream.table, partial(tables.maintain, spark, stream.table))
        gaps = Gaps(spark, stream.group, stream.checkpoint, must_write=True, written={TOPIC: [SAMPLES, DEAD_LETTER]})
        patiently(stream_gaps.TABLE, gaps.load)
        queries[stream.table] = records.KeptQuery(stream.name, partial(start, spark, stream, gaps))
        groups[stream.group] = records.Reported(queries[stream.table], gaps.words)
    upkeep = {table: tables.Upkeep(query, "ingested_at", tables.compact_minutes()) for table, query in queries.items()}
    threading.Thread(target=tables.maintain_for_ever, args=(spark, upkeep), daemon=True).start()
    threading.Thread(target=records.report_for_ever, args=(spark, groups), daemon=True).start()
    records.keep_running(spark, list(queries.values()), ready)


if __name__ == "__main__":
    main()
