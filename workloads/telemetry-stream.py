"""Kafka topic -> Iceberg tables, exactly once.

Two queries read the whole topic: good records go to `samples`, all others to `dead_letter` with the reason. Iceberg
remembers the epoch of each commit, so a batch that is repeated after a crash is not written twice.

Environment, with defaults:
  KAFKA_BOOTSTRAP                  host:port,host:port
  KAFKA_SECURITY_PROTOCOL          PLAINTEXT (default) or SSL
  TOPIC=telemetry
  CHECKPOINT                       folder for the offsets, for example s3a://checkpoints/telemetry
  TRIGGER_SECONDS=2                DEAD_LETTER_TRIGGER_SECONDS=10
  CATALOG=lake                     NAMESPACE=telemetry
  STARTING_OFFSETS=earliest        where a stream without checkpoint begins: earliest, latest
  ON_MISSING_CHECKPOINT=fail       rows but no checkpoint: `fail`, or `resume` after the highest offset in the table.
                                   Beginning at STARTING_OFFSETS would write records twice or leave some out.
  MAX_RECORDS_PER_BATCH=50000      bounds a batch after a long stop
  MAINTENANCE_BATCHES=10           batches between two rounds of maintenance
  COMPACT_MINUTES=10               minutes between two rounds that make one file of many small ones; 0: never
  SNAPSHOT_MINUTES=5               age at which snapshots, and files that only they hold, are removed; the newest 20
                                   stay. A query that takes longer than this may lose its files.
  READY_FILE=/tmp/stream-ready     exists while both queries run

At the start it waits for the services that it needs. A query that fails ends the driver with exit code 1 and its reason.
"""

import json
import os
import sys
import threading
import time
from datetime import datetime, timedelta, timezone
from typing import Callable, TypeVar

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

SCHEMA = "millrace.telemetry/1"
MAX_VALUE_BYTES = 65536
DEAD_LETTER_CHARACTERS = 4096
KEPT_SNAPSHOTS = 20
RETRY_SECONDS = 5
RECORD = "schema string, id string, run string, source string, node string, ts string, metric string, value double"
RUN_PATTERN = "^[A-Za-z0-9._:-]{1,64}$"


def setting(name: str, default: str | None = None) -> str:
    value = os.environ.get(name) or default
    if value is None:
        sys.exit(f"{name} is not set")
    return value


TOPIC = setting("TOPIC", "telemetry")
NAMESPACE = f"{setting('CATALOG', 'lake')}.{setting('NAMESPACE', 'telemetry')}"
SAMPLES = f"{NAMESPACE}.samples"
DEAD_LETTER = f"{NAMESPACE}.dead_letter"
CHECKPOINT = setting("CHECKPOINT").rstrip("/")
READY_FILE = setting("READY_FILE", "/tmp/stream-ready")

TABLES = {
    SAMPLES: """(
        id string, run string, source string, node string, ts timestamp_ntz, metric string, value double,
        kafka_partition int, kafka_offset bigint, ingested_at timestamp_ntz
    ) USING iceberg PARTITIONED BY (days(ts), run)""",
    DEAD_LETTER: """(
        run string, key string, value string, error string,
        kafka_partition int, kafka_offset bigint, ingested_at timestamp_ntz
    ) USING iceberg PARTITIONED BY (run)""",
}

# Snappy and format 2 are what every reader of the platform takes. A stream makes a snapshot every few seconds, so old
# metadata files must go with each commit, and writers must not shuffle to cluster rows by partition.
TABLE_PROPERTIES = {
    "format-version": "2",
    "write.parquet.compression-codec": "snappy",
    "write.metadata.compression-codec": "none",
    "write.metadata.delete-after-commit.enabled": "true",
    "write.metadata.previous-versions-max": "20",
    "write.distribution-mode": "none",
    "commit.retry.num-retries": "10",
    "commit.retry.max-wait-ms": "1000",
    "commit.manifest.min-count-to-merge": "10",
}


# A round is bounded, and cut into small tasks one after the other, so that a batch of the stream waits for one of them
# at most. A file above the least size is left alone, so no record is copied more than a few times.
COMPACTION = {
    "min-input-files": "20",
    "max-files-to-rewrite": "400",
    "max-file-group-input-files": "50",
    "max-concurrent-file-group-rewrites": "1",
    "min-file-size-bytes": str(128 * 1024),
    "target-file-size-bytes": str(16 * 1024 * 1024),
}
# Files become old before they are merged: what is fresh is what proofs and people look at.
COMPACTION_AGE_MINUTES = 5

Result = TypeVar("Result")


def first_line(error: Exception) -> str:
    """The error without the plan, the stack and the preface that Spark and its bridge to Python add."""
    lines = [line for line in str(error).splitlines() if line and not line.startswith("An error occurred while calling")]
    return lines[0].lstrip(": ") if lines else type(error).__name__


def patiently(what: str, action: Callable[[], Result]) -> Result:
    """Tries until it works. A driver that gave up would be held back by Kubernetes, long after an outage is over."""
    while True:
        try:
            return action()
        except Exception as error:  # noqa: BLE001 - the reason is shown, and the driver is not ready meanwhile
            print(f"{what}: {first_line(error)}; again in {RETRY_SECONDS} s", file=sys.stderr, flush=True)
            time.sleep(RETRY_SECONDS)


def session() -> SparkSession:
    """Small batches on one or two cores: few tasks, little history kept."""
    return (
        SparkSession.builder.appName("telemetry-stream")
        .config("spark.log.level", "WARN")
        .config("spark.sql.session.timeZone", "UTC")
        .config("spark.sql.shuffle.partitions", "1")
        .config("spark.sql.streaming.minBatchesToRetain", "20")
        .config("spark.sql.streaming.numRecentProgressUpdates", "10")
        # The metastore takes away a lock that is silent for a minute, as a killed writer leaves it.
        .config("spark.hadoop.iceberg.hive.lock-heartbeat-interval-ms", "15000")
        .config("spark.sql.ui.retainedExecutions", "20")
        .config("spark.ui.retainedJobs", "50")
        .config("spark.ui.retainedStages", "50")
        .config("spark.ui.retainedTasks", "500")
        .getOrCreate()
    )


def create_tables(spark: SparkSession) -> None:
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in TABLE_PROPERTIES.items())
    spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {NAMESPACE}")
    for table, definition in TABLES.items():
        spark.sql(f"CREATE TABLE IF NOT EXISTS {table} {definition} TBLPROPERTIES ({properties})")
        spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ({properties})")


def topic_partitions(spark: SparkSession) -> int:
    """Number of the topic's partitions, by the broker's own word."""
    client = spark._jvm.java.util.Properties()
    client.put("bootstrap.servers", setting("KAFKA_BOOTSTRAP"))
    client.put("security.protocol", setting("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"))
    client.put("default.api.timeout.ms", "10000")
    client.put("request.timeout.ms", "5000")
    admin = spark._jvm.org.apache.kafka.clients.admin.Admin.create(client)
    try:
        topics = spark._jvm.java.util.ArrayList()
        topics.add(TOPIC)
        return len(admin.describeTopics(topics).allTopicNames().get().get(TOPIC).partitions())
    finally:
        admin.close()


def starting_offsets(spark: SparkSession, table: str, checkpoint: str) -> str:
    """Where a query begins if it has no checkpoint; see ON_MISSING_CHECKPOINT."""
    path = spark._jvm.org.apache.hadoop.fs.Path(f"{checkpoint}/metadata")
    if path.getFileSystem(spark._jsc.hadoopConfiguration()).exists(path):
        return "earliest"  # not used: the checkpoint decides
    highest = {
        str(row[0]): row[1]
        for row in spark.table(table).groupBy("kafka_partition").agg(F.max("kafka_offset")).collect()
    }
    if not highest:
        return setting("STARTING_OFFSETS", "earliest")
    if setting("ON_MISSING_CHECKPOINT", "fail") != "resume":
        sys.exit(
            f"{table} has rows, but {checkpoint} is not there: starting over would write records twice or leave some "
            "out. Restore the checkpoint; or, if the topic is still the same one, set ON_MISSING_CHECKPOINT=resume to "
            "go on after the highest offset in the table; or drop the table."
        )
    # -2: Kafka's name for the earliest offset, for partitions of which the table has nothing.
    offsets = {str(p): highest[str(p)] + 1 if str(p) in highest else -2 for p in range(topic_partitions(spark))}
    print(f"{table}: no checkpoint, resuming at {offsets}", flush=True)
    return json.dumps({TOPIC: offsets})


def read_topic(spark: SparkSession, start: str) -> DataFrame:
    """The topic's records, parsed, each with `error`: null, or what is wrong with it."""
    source = (
        spark.readStream.format("kafka")
        .option("kafka.bootstrap.servers", setting("KAFKA_BOOTSTRAP"))
        .option("kafka.security.protocol", setting("KAFKA_SECURITY_PROTOCOL", "PLAINTEXT"))
        .option("subscribe", TOPIC)
        .option("startingOffsets", start)
        .option("failOnDataLoss", "true")
        .option("includeHeaders", "true")
        .option("maxOffsetsPerTrigger", setting("MAX_RECORDS_PER_BATCH", "50000"))
        .load()
    )
    text = F.col("value").cast("string")
    header = F.expr("decode(element_at(filter(headers, h -> h.key = 'millrace-run'), 1).value, 'UTF-8')")
    is_small = F.octet_length("value") <= MAX_VALUE_BYTES
    read = F.from_json(F.when(is_small, text), RECORD, {"allowNonNumericNumbers": "false"})
    # As a generator the reading is done once for each record; as a column it would be done anew for each use of a field.
    parsed = source.select(
        F.col("key").cast("string").alias("key"),
        F.substring(text, 1, DEAD_LETTER_CHARACTERS).alias("text"),
        F.octet_length("value").alias("bytes"),
        F.try_parse_json(F.when(is_small, text)).isNotNull().alias("is_json"),
        header.alias("header_run"),
        F.col("partition").alias("kafka_partition"),
        F.col("offset").alias("kafka_offset"),
        F.current_timestamp().cast("timestamp_ntz").alias("ingested_at"),
        F.explode_outer(F.array(read)).alias("r"),
    )
    parsed = parsed.withColumn("ts", F.expr("cast(try_to_timestamp(r.ts) as timestamp_ntz)"))
    return parsed.withColumn("error", problem())


def problem() -> Column:
    """The first thing that is wrong with a record; null for a good one."""
    def shown(column: str) -> Column:
        return F.substring(F.coalesce(F.col(column), F.lit("null")), 1, 80)

    checks = F.when(F.col("bytes").isNull(), F.lit("null value"))
    checks = checks.when(
        F.col("bytes") > MAX_VALUE_BYTES,
        F.concat(F.lit("value too big: "), F.col("bytes").cast("string"), F.lit(f" bytes, allowed {MAX_VALUE_BYTES}")),
    )
    checks = checks.when(~F.col("is_json"), F.lit("not JSON"))
    checks = checks.when(
        F.col("r.schema").isNull() | (F.col("r.schema") != SCHEMA),
        F.concat(F.lit("unknown schema: "), shown("r.schema")),
    )
    for field in ("id", "source", "node", "ts", "metric", "value"):
        checks = checks.when(F.col(f"r.{field}").isNull(), F.lit(f"field missing or of a wrong type: {field}"))
    checks = checks.when(F.col("ts").isNull(), F.concat(F.lit("bad time: "), shown("r.ts")))
    # A far-off time would make a partition of its own for each day.
    checks = checks.when(
        (F.col("ts") < F.lit("2000-01-01").cast("timestamp_ntz"))
        | (F.col("ts") > F.col("ingested_at") + F.expr("interval 1 day")),
        F.concat(F.lit("time out of range: "), shown("r.ts")),
    )
    return checks.when(
        F.col("r.run").isNotNull() & ~F.col("r.run").rlike(RUN_PATTERN), F.concat(F.lit("bad run: "), shown("r.run"))
    )


def samples(records: DataFrame) -> DataFrame:
    fields = ("id", "run", "source", "node")
    return records.where("error is null").select(
        *(F.col(f"r.{field}").alias(field) for field in fields),
        "ts",
        F.col("r.metric").alias("metric"),
        F.col("r.value").alias("value"),
        "kafka_partition",
        "kafka_offset",
        "ingested_at",
    )


def dead_letters(records: DataFrame) -> DataFrame:
    """The run comes from the header, since the value may be unreadable."""
    run = F.coalesce(F.col("header_run"), F.col("r.run"))
    return records.where("error is not null").select(
        F.when(run.rlike(RUN_PATTERN), run).alias("run"),
        "key",
        F.col("text").alias("value"),
        "error",
        "kafka_partition",
        "kafka_offset",
        "ingested_at",
    )


def start(name: str, rows: DataFrame, table: str, checkpoint: str, seconds: str):
    # One task per batch: at these rates a second one only makes more and smaller files.
    return (
        rows.coalesce(1)
        .writeStream.queryName(name)
        .format("iceberg")
        .outputMode("append")
        .option("checkpointLocation", checkpoint)
        .option("fanout-enabled", "true")
        .trigger(processingTime=f"{seconds} seconds")
        .toTable(table)
    )


def maintain(spark: SparkSession, table: str) -> None:
    """Merges small manifests and removes old snapshots, in the driver alone so that the stream keeps its cores."""
    iceberg = spark._jvm.org.apache.iceberg.spark.Spark3Util.loadIcebergTable(spark._jsparkSession, table)
    iceberg.newAppend().commit()  # an append of nothing merges manifests
    oldest = int((time.time() - 60 * int(setting("SNAPSHOT_MINUTES", "5"))) * 1000)
    iceberg.expireSnapshots().expireOlderThan(oldest).retainLast(KEPT_SNAPSHOTS).commit()


def compact(spark: SparkSession, table: str) -> None:
    """Makes one file of many small ones. Records of a run are left alone: they are removed by the one who sent them."""
    catalog, name = table.split(".", 1)
    before = datetime.now(timezone.utc) - timedelta(minutes=COMPACTION_AGE_MINUTES)
    where = f"run IS NULL AND ingested_at < TIMESTAMP_NTZ '{before:%Y-%m-%d %H:%M:%S}'"
    options = ", ".join(f"'{key}', '{value}'" for key, value in COMPACTION.items())
    started = time.monotonic()
    done = spark.sql(
        f"CALL {catalog}.system.rewrite_data_files(table => '{name}', where => \"{where}\", options => map({options}))"
    ).first()
    if done.rewritten_data_files_count > 0:
        print(
            f"{table}: {done.rewritten_data_files_count} files became {done.added_data_files_count} "
            f"in {time.monotonic() - started:.1f} s",
            flush=True,
        )


def maintain_for_ever(spark: SparkSession, queries: dict) -> None:
    """Every so many batches, and just after one: a commit of the stream while manifests are merged costs another try.

    It comes often, so that few manifests are merged at a time. Maintenance that fails is reported and tried again later:
    the stream does not depend on it.
    """
    every = int(setting("MAINTENANCE_BATCHES", "10"))
    pause = 60 * float(setting("COMPACT_MINUTES", "10"))
    done = {}
    compacted = dict.fromkeys(queries, time.monotonic())
    while True:
        time.sleep(0.5)
        for table, query in queries.items():
            progress = query.lastProgress
            batch = progress["batchId"] if progress else 0
            if batch - done.setdefault(table, batch) < every:
                continue
            done[table] = batch
            try:
                maintain(spark, table)
                if pause > 0 and time.monotonic() - compacted[table] >= pause:
                    compacted[table] = time.monotonic()
                    compact(spark, table)
            except Exception as error:  # noqa: BLE001 - any failure, see above
                print(f"maintenance of {table} failed, will try again: {first_line(error)}", file=sys.stderr, flush=True)


def remove_ready_file() -> None:
    if os.path.exists(READY_FILE):
        os.remove(READY_FILE)


def main() -> None:
    remove_ready_file()  # a killed container leaves it to the one that follows
    spark = session()
    patiently(f"topic {TOPIC}", lambda: topic_partitions(spark))
    patiently("tables", lambda: create_tables(spark))
    plan = [
        ("samples", SAMPLES, samples, setting("TRIGGER_SECONDS", "2")),
        ("dead-letter", DEAD_LETTER, dead_letters, setting("DEAD_LETTER_TRIGGER_SECONDS", "10")),
    ]
    queries = {}
    for name, table, rows, seconds in plan:
        checkpoint = f"{CHECKPOINT}/{name}"
        # Nothing else commits to the table yet, so this succeeds however much has piled up.
        patiently(table, lambda: maintain(spark, table))
        offsets = patiently(checkpoint, lambda: starting_offsets(spark, table, checkpoint))
        queries[table] = start(name, rows(read_topic(spark, offsets)), table, checkpoint, seconds)
    threading.Thread(target=maintain_for_ever, args=(spark, queries), daemon=True).start()
    try:
        open(READY_FILE, "w").close()
        spark.streams.awaitAnyTermination()
        reason = "a query ended without an error"
    except Exception as error:  # noqa: BLE001 - whatever ends a query ends the driver
        reason = first_line(error)
    finally:
        remove_ready_file()
    failed = [table for table, query in queries.items() if not query.isActive]
    print(f"stream ended ({', '.join(failed)}): {reason}", file=sys.stderr, flush=True)
    # The JVM may hold non-daemon threads; the exit code must be seen all the same.
    os._exit(1)


if __name__ == "__main__":
    main()
