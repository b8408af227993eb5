"""Kafka topic -> Iceberg tables, exactly once.

Two queries read the whole topic: good records go to `samples`, all others to `dead_letter` with the reason. Iceberg
remembers the epoch of each commit, so a batch that is repeated after a crash is not written twice.

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
  MAX_RECORDS_PER_BATCH=50000      bounds a batch after a long stop
  MAINTENANCE_BATCHES=10           batches between two rounds of maintenance
  COMPACT_MINUTES=10               minutes between two rounds that make one file of many small ones; 0: never
  SNAPSHOT_MINUTES=5               age at which snapshots, and files that only they hold, are removed; the newest 20
                                   stay. A query that takes longer than this may lose its files.
  READY_FILE=/tmp/stream-ready     exists while both queries run

How far the queries are, Kafka knows as consumer groups: spark-telemetry-samples, spark-telemetry-dead-letter.
At the start it waits for the services that it needs. A query that fails ends the driver with exit code 1 and its reason.
"""

import threading
from typing import Any

from pyspark.sql import DataFrame, SparkSession

import stream_records as records
import stream_rules as rules
import stream_tables as tables
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


def start(name: str, rows: DataFrame, table: str, checkpoint: str, seconds: str) -> Any:
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


def main() -> None:
    ready = records.ReadyFile(setting("READY_FILE", "/tmp/stream-ready"))
    spark = records.session("telemetry-stream")
    patiently(f"topic {TOPIC}", lambda: records.topic_partitions(spark, [TOPIC]))
    definitions = {SAMPLES: tables.SAMPLES, DEAD_LETTER: tables.DEAD_LETTER}
    patiently("tables", lambda: tables.create_tables(spark, definitions))
    plan = [
        ("samples", SAMPLES, rules.samples, setting("TRIGGER_SECONDS", "3")),
        ("dead-letter", DEAD_LETTER, rules.dead_letters, setting("DEAD_LETTER_TRIGGER_SECONDS", "10")),
    ]
    queries, groups = {}, {}
    for name, table, rows, seconds in plan:
        checkpoint = f"{CHECKPOINT}/{name}"
        # Nothing else commits to the table yet, so this succeeds however much has piled up.
        patiently(table, lambda: tables.maintain(spark, table))
        offsets = patiently(
            checkpoint,
            lambda: records.starting_offsets(spark, [TOPIC], checkpoint, lambda: ends(spark, table), table, WAYS),
        )
        read = records.read_topics(spark, [TOPIC], offsets, setting("MAX_RECORDS_PER_BATCH", "50000"))
        queries[table] = start(name, rows(read), table, checkpoint, seconds)
        groups[f"spark-telemetry-{name}"] = queries[table]
    upkeep = {table: tables.Upkeep(query, "ingested_at", tables.compact_minutes()) for table, query in queries.items()}
    threading.Thread(target=tables.maintain_for_ever, args=(spark, upkeep), daemon=True).start()
    threading.Thread(target=records.report_for_ever, args=(spark, groups), daemon=True).start()
    records.run_until_one_ends(spark, queries, ready)


if __name__ == "__main__":
    main()
