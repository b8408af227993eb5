"""Kafka topics -> figures of time windows, in the lake and in Cassandra.

Two topics are read: random numbers, and the telemetry of the nodes. A batch groups its records by stream, series (the
run of marked records, else `pumps` or the node), metric and window, and adds a part to each window: count, mean,
deviation, minimum and maximum. Readers merge the parts of a window. So nothing is kept between batches and no record is
late. A part is named after the place of its first record in Kafka, so a batch that is repeated names the same parts.

Query `lake`, exactly once, for Iceberg's snapshots remember the batch that made them:
  random_numbers.samples, random_numbers.dead_letter   random numbers; those that are wrong, with the reason
  streaming.windows                                    parts of both streams
Query `cassandra`, each row as often as need be, for its key is always the same:
  streaming.windows, streaming.records, streaming.series
A sink that fails holds its own query back until it works again; the other one goes on. A write to Cassandra that neither
ends nor fails ends the driver, which goes on from its checkpoints.

Environment, with defaults:
  KAFKA_BOOTSTRAP                  host:port,host:port
  KAFKA_SECURITY_PROTOCOL          PLAINTEXT (default) or SSL
  RANDOM_NUMBERS_TOPIC=random-numbers
  MONITORING_TOPIC=telemetry
  CHECKPOINT                       folder for the offsets, for example s3a://checkpoints/windows
  CASSANDRA_CONTACT_POINTS         host,host
  CASSANDRA_PORT=9042              CASSANDRA_DATACENTER=datacenter1
  CASSANDRA_USER                   CASSANDRA_PASSWORD
  WINDOW_SECONDS=10
  TRIGGER_SECONDS=4                LAKE_TRIGGER_SECONDS=10
  CATALOG=lake
  STARTING_OFFSETS=earliest        where a query without checkpoint begins: earliest, latest
  ON_MISSING_CHECKPOINT=fail       it has written but has no checkpoint: `fail`, or `resume` where its group is
  ON_MISSING_RECORDS=continue      Kafka has dropped what was not read yet: `continue` behind it, or `stop`
  MAX_RECORDS_PER_BATCH=20000      bounds a batch after a long stop
  MAINTENANCE_BATCHES, COMPACT_MINUTES, SNAPSHOT_MINUTES: as in telemetry-stream.py, for the tables of the lake
  COMPACT_WINDOWS_MINUTES=3        the same for streaming.windows, which pages read every few seconds; 0: never
  READY_FILE=/tmp/stream-ready     exists while both queries run and none of them waits for its sink

How far the queries are, Kafka knows as consumer groups: spark-windows-lake, spark-windows-cassandra.
At the start it waits for Kafka and the lake. A query that ends is started anew, and the other one goes on.
"""

import os
import sys
import threading
from functools import partial
from typing import Any, Callable, NamedTuple

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

import stream_gaps
import stream_records as records
import stream_rules as rules
import stream_tables as tables
from stream_gaps import Gaps, each_batch
from stream_records import patiently, setting

RANDOM_NUMBERS = setting("RANDOM_NUMBERS_TOPIC", "random-numbers")
MONITORING = setting("MONITORING_TOPIC", "telemetry")
TOPICS = (RANDOM_NUMBERS, MONITORING)
CATALOG = setting("CATALOG", "lake")
SAMPLES = f"{CATALOG}.random_numbers.samples"
DEAD_LETTER = f"{CATALOG}.random_numbers.dead_letter"
WINDOWS = f"{CATALOG}.streaming.windows"
KEYSPACE = "streaming"
CHECKPOINT = setting("CHECKPOINT").rstrip("/")
WINDOW_SECONDS = int(setting("WINDOW_SECONDS", "10"))

TABLES = {
    SAMPLES: tables.SAMPLES,
    DEAD_LETTER: tables.DEAD_LETTER,
    WINDOWS: """(
        stream string, series string, run string, metric string, window_start timestamp_ntz, window_seconds int,
        part string, count bigint, mean double, deviation double, minimum double, maximum double,
        last_ts timestamp_ntz, written_at timestamp_ntz
    ) USING iceberg PARTITIONED BY (days(window_start), stream, run)""",
    stream_gaps.TABLE: stream_gaps.DEFINITION,
}


def cassandra_settings() -> dict[str, str]:
    """Of Spark's connector. Few cores write, and a node that does not answer must not hold the executor for long."""
    return {
        "spark.cassandra.connection.host": setting("CASSANDRA_CONTACT_POINTS"),
        "spark.cassandra.connection.port": setting("CASSANDRA_PORT", "9042"),
        "spark.cassandra.connection.localDC": setting("CASSANDRA_DATACENTER", "datacenter1"),
        "spark.cassandra.auth.username": setting("CASSANDRA_USER"),
        # Spark's pages and logs show settings whose name has `password` in it as (redacted).
        "spark.cassandra.auth.password": setting("CASSANDRA_PASSWORD"),
        "spark.cassandra.connection.timeoutMS": "5000",
        "spark.cassandra.read.timeoutMS": "5000",
        "spark.cassandra.query.retry.count": "1",
        # By default up to a minute, long after an outage is over.
        "spark.cassandra.connection.reconnectionDelayMS.max": "5000",
        # A session outlives the time between two batches: opening one costs more than a batch.
        "spark.cassandra.connection.keepAliveMS": "30000",
        # A write takes long on a busy node, most of it waiting: with 16 at a time 20,000 rows take about 15 round trips.
        "spark.cassandra.output.concurrent.writes": "16",
        "spark.cassandra.output.batch.size.bytes": "16384",
        # A deviation that is null writes nothing, where a null would leave a tombstone.
        "spark.cassandra.output.ignoreNulls": "true",
    }


def window_of(time: Column) -> Column:
    """The begin of the window that a time is in."""
    micros = F.unix_micros(time.cast("timestamp"))
    return F.timestamp_micros(micros - F.pmod(micros, F.lit(WINDOW_SECONDS * 1_000_000))).cast("timestamp_ntz")


def with_series(read: DataFrame) -> DataFrame:
    """Good records with the names of their stream and series."""
    is_random = F.col("topic") == RANDOM_NUMBERS
    return read.where("error is null").select(
        F.when(is_random, F.lit("random-numbers")).otherwise(F.lit("monitoring")).alias("stream"),
        F.coalesce(F.col("r.run"), F.when(is_random, F.lit("pumps")).otherwise(F.col("r.node"))).alias("series"),
        F.col("r.run").alias("run"),
        F.col("r.id").alias("id"),
        F.col("r.node").alias("node"),
        F.col("r.metric").alias("metric"),
        F.col("r.value").alias("value"),
        "ts",
        "kafka_partition",
        "kafka_offset",
        F.current_timestamp().cast("timestamp_ntz").alias("written_at"),
    )


def parts(good: DataFrame) -> DataFrame:
    """A part of each window that the records are in; see the head of this file."""
    value = F.col("value")
    first = F.min(F.struct("kafka_partition", "kafka_offset"))
    return (
        good.groupBy("stream", "series", "run", "metric", window_of(F.col("ts")).alias("window_start"))
        .agg(
            first.alias("first"),
            F.count(F.lit(1)).alias("count"),
            F.avg(value).alias("mean"),
            F.stddev_samp(value).alias("deviation"),
            F.min(value).alias("minimum"),
            F.max(value).alias("maximum"),
            F.max("ts").alias("last_ts"),
            F.max("written_at").alias("written_at"),
        )
        .select(
            "stream",
            "series",
            "run",
            "metric",
            "window_start",
            F.lit(WINDOW_SECONDS).alias("window_seconds"),
            F.concat_ws("-", "first.kafka_partition", "first.kafka_offset").alias("part"),
            "count",
            "mean",
            "deviation",
            "minimum",
            "maximum",
            "last_ts",
            "written_at",
        )
    )


#: Cassandra's driver can wait for ever, when its connection breaks while it reads the schema: a write ends long before.
HANGS_AFTER_SECONDS = 90


def start_anew(what: str) -> None:
    """Ends the driver, which goes on from its checkpoints when Kubernetes has started it again."""
    print(f"{what}: no end after {HANGS_AFTER_SECONDS} s; the driver starts anew", file=sys.stderr, flush=True)
    os._exit(1)


def unless_it_hangs(what: str, action: Callable[[], None]) -> None:
    watch = threading.Timer(HANGS_AFTER_SECONDS, start_anew, [what])
    watch.daemon = True
    watch.start()
    try:
        action()
    finally:
        watch.cancel()


def forget_sessions(spark: SparkSession) -> None:
    """Closes the driver's sessions with Cassandra: one that has lost its node may wait for ever when it is used again."""
    spark._jvm.com.datastax.spark.connector.cql.CassandraConnector.evictCache()


class Sink:
    """What a query writes to."""

    def __init__(self, spark: SparkSession, query: str, ready: records.ReadyFile) -> None:
        self.spark = spark
        self._query = query
        self._ready = ready

    def write(self, what: str, action: Callable[[], None]) -> None:
        """Tries until it works; the driver is not ready while it does not."""

        def attempt() -> None:
            try:
                action()
            except Exception:
                self._ready.waits(self._query, True)
                raise

        patiently(f"{self._query}: {what}", attempt)
        self._ready.waits(self._query, False)


def write_lake(sink: Sink, read: DataFrame, epoch: int) -> None:
    query = sink.spark.sparkContext.getLocalProperty("sql.streaming.queryId")
    is_random, is_good = F.col("topic") == RANDOM_NUMBERS, F.col("error").isNull()
    kept = read.where(is_random | is_good)
    kinds = kept.groupBy(is_random.alias("random"), is_good.alias("good")).agg(F.count(F.lit(1)))
    found = {(row["random"], row["good"]) for row in kinds.collect()}
    numbers = kept.where(is_random)
    plan = (
        (SAMPLES, rules.samples(numbers), {(True, True)}),
        (DEAD_LETTER, rules.dead_letters(numbers), {(True, False)}),
        (WINDOWS, parts(with_series(kept)), {(True, True), (False, True)}),
    )
    for table, rows, of in plan:
        # A batch without rows for a table makes no snapshot there.
        if found & of:
            sink.write(table, lambda: tables.append_once(sink.spark, rows, table, query, epoch))


def write_cassandra(sink: Sink, read: DataFrame, _epoch: int) -> None:
    def save(table: str, rows: DataFrame) -> None:
        writer = rows.write.format("org.apache.spark.sql.cassandra").mode("append")
        what = f"{KEYSPACE}.{table}"

        def attempt() -> None:
            try:
                unless_it_hangs(what, writer.options(keyspace=KEYSPACE, table=table).save)
            except Exception:
                forget_sessions(sink.spark)
                raise

        sink.write(what, attempt)

    def time(column: str) -> Column:
        return F.col(column).cast("timestamp").alias(column)

    good = with_series(read).persist()
    try:
        minute = F.date_trunc("minute", time("ts")).alias("minute")
        hour = F.date_trunc("hour", time("window_start")).alias("hour")
        figures = ("window_seconds", "count", "mean", "deviation", "minimum", "maximum")
        times = (time("window_start"), time("last_ts"), time("written_at"))
        # What pages draw comes first.
        save("windows", parts(good).select("stream", "series", "metric", hour, "part", *figures, *times))
        save("records", good.select("stream", "series", minute, time("ts"), "id", "metric", "value", "node", times[2]))
        save("series", good.groupBy("stream", "series", "metric", "run").agg(F.max(time("ts")).alias("last_ts")))
    finally:
        good.unpersist()


class Query(NamedTuple):
    seconds: str
    write: Callable[[Sink, DataFrame, int], None]
    #: Whether it waits until what it has missed is written down in the lake.
    needs_lake: bool


QUERIES = {
    "lake": Query(setting("LAKE_TRIGGER_SECONDS", "10"), write_lake, True),
    "cassandra": Query(setting("TRIGGER_SECONDS", "4"), write_cassandra, False),
}


def group(query: str) -> str:
    return f"spark-windows-{query}"


def checkpoint_of(query: str) -> str:
    return f"{CHECKPOINT}/{query}"


def ends(spark: SparkSession, query: str) -> records.Offsets:
    """How far a query is: Kafka is told after each batch, the tables of numbers know for themselves."""
    found = records.group_offsets(spark, group(query))
    if query == "lake":
        numbers = found.setdefault(RANDOM_NUMBERS, {})
        for partition, offset in tables.next_offsets(spark, [SAMPLES, DEAD_LETTER]).items():
            numbers[partition] = max(offset, numbers.get(partition, 0))
    return {topic: offsets for topic, offsets in found.items() if offsets}


def start(spark: SparkSession, name: str, ready: records.ReadyFile, gaps: Gaps) -> Any:
    checkpoint = checkpoint_of(name)
    ways = records.Ways(
        resume=f"where the consumer group {group(name)} is",
        start_over=f"remove what it has written and delete the consumer group {group(name)}",
    )
    offsets = patiently(
        checkpoint,
        lambda: records.starting_offsets(spark, TOPICS, checkpoint, lambda: ends(spark, name), f"query {name}", ways),
    )
    read = records.read_topics(spark, TOPICS, offsets, setting("MAX_RECORDS_PER_BATCH", "20000"))
    sink, query = Sink(spark, name, ready), QUERIES[name]
    return (
        read.writeStream.queryName(name)
        .option("checkpointLocation", checkpoint)
        .trigger(processingTime=f"{query.seconds} seconds")
        .foreachBatch(each_batch(gaps, lambda batch, epoch: query.write(sink, batch, epoch)))
        .start()
    )


def main() -> None:
    ready = records.ReadyFile(setting("READY_FILE", "/tmp/stream-ready"))
    # Batches are too small for plans that are made anew while they run.
    spark = records.session("windows-stream", {**cassandra_settings(), "spark.sql.adaptive.enabled": "false"})
    patiently(f"topics {', '.join(TOPICS)}", lambda: records.topic_partitions(spark, TOPICS))
    patiently("tables", lambda: tables.create_tables(spark, TABLES))
    for table in TABLES:
        # Nothing else commits to the table yet, so this succeeds however much has piled up.
        patiently(table, lambda: tables.maintain(spark, table))
    queries: dict[str, records.KeptQuery] = {}
    groups: dict[str, records.Reported] = {}
    for name, query in QUERIES.items():
        # Rows of Cassandra do not name their offsets.
        written = {RANDOM_NUMBERS: [SAMPLES, DEAD_LETTER]} if name == "lake" else {}
        gaps = Gaps(spark, group(name), checkpoint_of(name), query.needs_lake, written)
        patiently(stream_gaps.TABLE, gaps.load)
        queries[name] = records.KeptQuery(name, partial(start, spark, name, ready, gaps))
        groups[group(name)] = records.Reported(queries[name], gaps.words)
    upkeep = {
        table: tables.Upkeep(queries["lake"], "ingested_at", tables.compact_minutes()) for table in (SAMPLES, DEAD_LETTER)
    }
    # Pages ask for its newest rows every few seconds, and each file costs Presto some ten milliseconds.
    upkeep[WINDOWS] = tables.Upkeep(
        queries["lake"], "written_at", float(setting("COMPACT_WINDOWS_MINUTES", "3")), age_minutes=1, least_files=8
    )
    threading.Thread(target=tables.maintain_for_ever, args=(spark, upkeep), daemon=True).start()
    threading.Thread(target=records.report_for_ever, args=(spark, groups), daemon=True).start()
    records.keep_running(spark, list(queries.values()), ready)


if __name__ == "__main__":
    main()
