"""The lake's Iceberg tables as the streams write them: definitions, appends that happen once, and upkeep."""

import sys
import time
from datetime import datetime, timedelta, timezone
from typing import Any, Iterator, Mapping, NamedTuple, Sequence

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from stream_records import first_line, java, setting

KEPT_SNAPSHOTS = 20

SAMPLES = """(
    id string, run string, source string, node string, ts timestamp_ntz, metric string, value double,
    kafka_partition int, kafka_offset bigint, ingested_at timestamp_ntz
) USING iceberg PARTITIONED BY (days(ts), run)"""
DEAD_LETTER = """(
    run string, key string, value string, error string,
    kafka_partition int, kafka_offset bigint, ingested_at timestamp_ntz
) USING iceberg PARTITIONED BY (run)"""

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
    "max-files-to-rewrite": "400",
    "max-file-group-input-files": "50",
    "max-concurrent-file-group-rewrites": "1",
    "min-file-size-bytes": str(128 * 1024),
    "target-file-size-bytes": str(16 * 1024 * 1024),
}

# What a snapshot says of the batch that made it. In lower case, for Spark takes names of options no other way.
QUERY_PROPERTY = "millrace.query"
EPOCH_PROPERTY = "millrace.epoch"
#: The same by Iceberg's own streaming sink, by which `telemetry` was once written.
SINK_QUERY_PROPERTY = "spark.sql.streaming.queryId"
SINK_EPOCH_PROPERTY = "spark.sql.streaming.epochId"
#: Of a fence: the last batch that the query had done when it was put up. What it does from then on is not in the table.
FENCED_PROPERTY = "millrace.fenced-after"
#: Flink knows by it after a failure which of its checkpoints the table has.
FLINK_PROPERTY = "flink.max-committed-checkpoint-id"
#: Marks the appends of nothing.
MERGED_PROPERTY = "millrace.merged-manifests"


def compact_minutes() -> float:
    return float(setting("COMPACT_MINUTES", "10"))


class Upkeep(NamedTuple):
    """How a table of a stream is maintained."""

    #: Column that says when a row was written.
    written: str = "ingested_at"
    #: How often many small files become one; a table that pages read all the time needs it more often.
    compact_minutes: float = compact_minutes()
    #: Files become old before they are merged: what is fresh is what proofs look at.
    age_minutes: float = 5
    #: Fewer files of a partition are left as they are.
    least_files: int = 20
    #: Whether rows of proofs are marked by a run, and are removed by it.
    has_runs: bool = True


def create_tables(spark: SparkSession, tables: Mapping[str, str]) -> None:
    """Makes tables that are missing, and gives the others the properties that they lack: a change is a commit each."""
    properties = ", ".join(f"'{name}' = '{value}'" for name, value in TABLE_PROPERTIES.items())
    for table, definition in tables.items():
        if not spark.catalog.tableExists(table):
            spark.sql(f"CREATE NAMESPACE IF NOT EXISTS {table.rpartition('.')[0]}")
            spark.sql(f"CREATE TABLE IF NOT EXISTS {table} {definition} TBLPROPERTIES ({properties})")
        elif lacks_properties(load(spark, table)):
            spark.sql(f"ALTER TABLE {table} SET TBLPROPERTIES ({properties})")


def lacks_properties(iceberg: Any) -> bool:
    """Iceberg does not give back the version of the format as a property."""
    held = iceberg.properties()
    return any(held.get(name) != value for name, value in TABLE_PROPERTIES.items() if name != "format-version")


def next_offsets(spark: SparkSession, tables: Sequence[str]) -> dict[int, int]:
    """By Kafka partition, the offset after the highest one that the tables have."""
    found: dict[int, int] = {}
    for table in tables:
        for row in spark.table(table).groupBy("kafka_partition").agg(F.max("kafka_offset")).collect():
            found[row[0]] = max(row[1] + 1, found.get(row[0], 0))
    return found


def load(spark: SparkSession, table: str) -> Any:
    """The table by Iceberg's own interface, as it is now."""
    iceberg = java(spark, "org.apache.iceberg.spark.Spark3Util").loadIcebergTable(spark._jsparkSession, table)
    iceberg.refresh()
    return iceberg


def history(iceberg: Any) -> Iterator[Any]:
    """What the table's snapshots say of themselves, the newest first."""
    snapshot = iceberg.currentSnapshot()
    while snapshot is not None:
        yield snapshot.summary()
        parent = snapshot.parentId()
        snapshot = None if parent is None else iceberg.snapshot(parent)


def last_epoch(iceberg: Any, query: str, below: int | None = None) -> int:
    """The last batch of a query that the table has; -1 when it has none.

    :param below: batches from this number on do not count
    """
    for summary in history(iceberg):
        for by, epoch in ((QUERY_PROPERTY, EPOCH_PROPERTY), (SINK_QUERY_PROPERTY, SINK_EPOCH_PROPERTY)):
            if summary.get(by) == query and (below is None or int(summary.get(epoch)) < below):
                return int(summary.get(epoch))
    return -1


def fence(iceberg: Any, query: str, epoch: int, done: int) -> None:
    """Makes a query take all its batches before `epoch` for written, whoever runs it.

    :param done: the last batch that it had done; of a fence that is there already its own counts
    """
    before = fenced_after(iceberg, query)
    said = {QUERY_PROPERTY: query, EPOCH_PROPERTY: epoch, FENCED_PROPERTY: done if before is None else before}
    append = iceberg.newAppend()
    for name, value in said.items():
        append = append.set(name, str(value))
    append.commit()


def fenced_after(iceberg: Any, query: str) -> int | None:
    """The last batch that a query had done when it was kept out of the table; None where it was not."""
    for summary in history(iceberg):
        if summary.get(QUERY_PROPERTY) == query and summary.get(FENCED_PROPERTY) is not None:
            return int(summary.get(FENCED_PROPERTY))
    return None


def append_once(spark: SparkSession, rows: DataFrame, table: str, query: str, epoch: int) -> None:
    """Appends the rows of a batch, unless the table has that batch or a later one: a batch is repeated after a crash."""
    if last_epoch(load(spark, table), query) >= epoch:
        return
    (
        rows.writeTo(table)
        .option("fanout-enabled", "true")
        .option(f"snapshot-property.{QUERY_PROPERTY}", query)
        .option(f"snapshot-property.{EPOCH_PROPERTY}", str(epoch))
        .append()
    )


def kept_snapshots(iceberg: Any) -> int:
    """How many snapshots must stay: the last one of a batch, or of a checkpoint of Flink's, is among them, however many came after it.

    Without it a batch that is repeated would be written twice. Snapshots that are no batches come from maintenance, from
    those who remove rows, and from each start of a driver that fails before its first batch.
    """
    for position, summary in enumerate(history(iceberg)):
        if any(summary.get(name) is not None for name in (EPOCH_PROPERTY, SINK_EPOCH_PROPERTY, FLINK_PROPERTY)):
            return max(KEPT_SNAPSHOTS, position + 1)
    return KEPT_SNAPSHOTS


def maintain(spark: SparkSession, table: str) -> None:
    """Merges small manifests and removes old snapshots, in the driver alone so that the stream keeps its cores."""
    iceberg = load(spark, table)
    newest = next(history(iceberg), None)
    if newest is not None and newest.get(MERGED_PROPERTY) is None:
        iceberg.newAppend().set(MERGED_PROPERTY, "true").commit()  # an append of nothing merges manifests
    oldest = int((time.time() - 60 * int(setting("SNAPSHOT_MINUTES", "5"))) * 1000)
    iceberg.expireSnapshots().expireOlderThan(oldest).retainLast(kept_snapshots(iceberg)).commit()


def compact(spark: SparkSession, table: str, upkeep: Upkeep) -> None:
    """Makes one file of many small ones. Records of a run are left alone: they are removed by the one who sent them."""
    catalog = table.split(".")[0]
    before = datetime.now(timezone.utc) - timedelta(minutes=upkeep.age_minutes)
    unmarked = "run IS NULL AND " if upkeep.has_runs else ""
    where = f"{unmarked}{upkeep.written} < TIMESTAMP_NTZ '{before:%Y-%m-%d %H:%M:%S}'"
    compaction = {**COMPACTION, "min-input-files": str(upkeep.least_files)}
    options = ", ".join(f"'{key}', '{value}'" for key, value in compaction.items())
    started = time.monotonic()
    done = spark.sql(
        f"CALL {catalog}.system.rewrite_data_files(table => '{table}', where => \"{where}\", options => map({options}))"
    ).first()
    if done is not None and done.rewritten_data_files_count > 0:
        print(
            f"{table}: {done.rewritten_data_files_count} files became {done.added_data_files_count} "
            f"in {time.monotonic() - started:.1f} s",
            flush=True,
        )


def maintain_for_ever(spark: SparkSession, query: Any, tables: Mapping[str, Upkeep]) -> None:
    """Every so many batches, and just after one: a commit of the stream while manifests are merged costs another try.

    It comes often, so that few manifests are merged at a time. Maintenance that fails is reported and tried again later:
    the stream does not depend on it.

    :param query: whose batches write the tables
    """
    every = int(setting("MAINTENANCE_BATCHES", "20"))
    done: int | None = None
    compacted = dict.fromkeys(tables, time.monotonic())
    maintained: dict[str, Any] = {}
    while True:
        time.sleep(2)
        progress = query.lastProgress
        if progress is None:
            continue
        batch = progress["batchId"]
        if done is not None and batch - done < every:
            continue
        done = batch
        for table, upkeep in tables.items():
            try:
                if not spark.catalog.tableExists(table):
                    continue  # who writes it has not begun
                newest = newest_snapshot(spark, table)
                if newest == maintained.get(table):
                    continue
                maintain(spark, table)
                if 0 < 60 * upkeep.compact_minutes <= time.monotonic() - compacted[table]:
                    compacted[table] = time.monotonic()
                    compact(spark, table, upkeep)
                maintained[table] = newest_snapshot(spark, table)
            except Exception as error:  # noqa: BLE001 - any failure, see above
                print(f"maintenance of {table} failed, will try again: {first_line(error)}", file=sys.stderr, flush=True)


def newest_snapshot(spark: SparkSession, table: str) -> Any:
    snapshot = load(spark, table).currentSnapshot()
    return None if snapshot is None else snapshot.snapshotId()
