"""Kafka topics -> tables of the lake, exactly once, and what else rooms make of records, in one driver.

Query `lake` reads all topics once, parses each record once, and writes every batch into the tables that the rooms of SINKS
make of it. A commit remembers its batch, so that one that is repeated after a crash is not written twice. Queries that a
room brings with it have sinks that must not hold the lake up. What Kafka has dropped before it was read stands in
streaming.gaps.

A batch begins when TRIGGER_SECONDS have passed and either LEAST_RECORDS wait or QUIET_SECONDS have passed: while records
flow, batches follow each other; when few come, there is one now and then.

Environment, with defaults; those of sinks are in their own files:
  KAFKA_BOOTSTRAP                  host:port,host:port
  KAFKA_SECURITY_PROTOCOL          PLAINTEXT (default), SSL, SASL_PLAINTEXT or SASL_SSL
  KAFKA_SASL_MECHANISM             with the last two: PLAIN, SCRAM-SHA-256 or SCRAM-SHA-512
  KAFKA_USERNAME, KAFKA_PASSWORD   with the last two
  KAFKA_CA                         authority of the brokers' certificates, in PEM; by default those that Java knows
  SINKS=telemetry_sinks            modules with `sinks()`, separated by commas
  CHECKPOINTS                      folder of all checkpoints, for example s3a://checkpoints
  TRIGGER_SECONDS=1                LEAST_RECORDS=300
  LAKE_TRIGGER_SECONDS, CASSANDRA_TRIGGER_SECONDS, RACE_TRIGGER_SECONDS: the same for one query alone
  QUIET_SECONDS=15                 MAX_RECORDS_PER_BATCH=20000: bounds a batch after a long stop
  STARTING_OFFSETS=earliest        where a query without checkpoint begins: earliest, latest
  ON_MISSING_CHECKPOINT=fail       it has written but has no checkpoint: `fail`, or `resume` after what it has written.
                                   Beginning at STARTING_OFFSETS would write records twice or leave some out.
  ON_MISSING_RECORDS=continue      Kafka has dropped what was not read yet: `continue` behind it, or `stop`
  MAINTENANCE_BATCHES=20           batches between two rounds of maintenance
  COMPACT_MINUTES=10               minutes between two rounds that make one file of many small ones; 0: never
  SNAPSHOT_MINUTES=5               age at which snapshots, and files that only they hold, are removed; the newest 20
                                   stay. A query that takes longer than this may lose its files.
  READY_FILE=/tmp/stream-ready     exists while all queries run and none of them waits for its sink

How far the queries are, Kafka knows as consumer groups: spark-telemetry-lake, and those of the rooms.
At the start it waits for the services that it needs. A query that ends is started anew, and the others go on.
"""

import importlib
import threading
from functools import partial
from typing import Any, Callable

from pyspark.sql import DataFrame, SparkSession

import stream_gaps
import stream_records as records
import stream_report as report
import stream_rules as rules
import stream_tables as tables
from stream_gaps import Gaps, Kinds, each_batch
from stream_lake import Lake, LakeTable, Query, Sink, Sinks
from stream_progress import Progress, Written
from stream_records import patiently, setting

CHECKPOINTS = setting("CHECKPOINTS").rstrip("/")
GROUP = "spark-telemetry-lake"


def topics_of(written: list[LakeTable]) -> list[str]:
    return sorted({topic for table in written for topic in table.topics})


def as_written(table: LakeTable) -> Written:
    return Written(table.name, table.topics, table.names_offsets, table.before, table.former_driver)


def started(
    spark: SparkSession,
    name: str,
    topics: list[str],
    offsets: str,
    checkpoint: str,
    run: Callable[[DataFrame, int], None],
    plan: Callable[[DataFrame], DataFrame] = rules.read,
) -> Any:
    return (
        plan(records.read_topics(spark, topics, offsets))
        .writeStream.queryName(name)
        .option("checkpointLocation", checkpoint)
        .trigger(processingTime=f"{records.trigger_seconds(name)} seconds")
        .foreachBatch(run)
        .start()
    )


def start_lake(
    spark: SparkSession,
    written: list[LakeTable],
    progress: Progress,
    ready: records.ReadyFile,
    gaps: Gaps,
    refused: report.Refused,
) -> Any:
    offsets = patiently(progress.checkpoint, progress.start)
    lake, sink = Lake(written, progress), Sink(spark, "lake", ready)

    def work(batch: DataFrame, epoch: int, kinds: Kinds) -> None:
        lake.write(sink, batch, epoch, kinds)
        refused.count(kinds)

    return started(spark, "lake", topics_of(written), offsets, progress.checkpoint, each_batch(gaps, work, lake.began))


def start_query(spark: SparkSession, query: Query, ready: records.ReadyFile, gaps: Gaps, former_groups: list[str]) -> Any:
    try:
        if query.former_driver and records.runs(query.former_driver):
            raise records.NotYet(f"{query.former_driver} still runs it")
    except OSError as error:
        raise records.NotYet(f"whether {query.former_driver} runs is not known: {error}") from None
    records.delete_groups(spark, former_groups)
    checkpoint = f"{CHECKPOINTS}/{query.checkpoint}"
    sink = Sink(spark, query.name, ready)
    if query.plan is not None:
        earliest = setting("STARTING_OFFSETS", "earliest")
        write = partial(query.write, sink)
        return started(spark, query.name, list(query.topics), earliest, checkpoint, write, query.plan)
    ways = records.Ways(
        resume=f"where the consumer group {query.group} is",
        start_over=f"remove what it has written and delete the consumer group {query.group}",
    )
    ends = partial(records.group_offsets, spark, query.group)
    offsets = patiently(
        checkpoint,
        lambda: records.starting_offsets(spark, query.topics, checkpoint, ends, f"query {query.name}", ways),
    )
    run = each_batch(gaps, lambda batch, epoch, _: query.write(sink, batch, epoch))
    return started(spark, query.name, list(query.topics), offsets, checkpoint, run)


def main() -> None:
    ready = records.ReadyFile(setting("READY_FILE", "/tmp/stream-ready"))
    rooms: list[Sinks] = [importlib.import_module(name).sinks() for name in setting("SINKS", "telemetry_sinks").split(",")]
    written = [table for room in rooms for table in room.lake]
    others = [query for room in rooms for query in room.queries]
    former_groups = [group for room in rooms for group in room.former_groups]
    spark = records.session("streams", {name: value for room in rooms for name, value in room.settings.items()})
    patiently(f"topics {', '.join(topics_of(written))}", lambda: records.topic_partitions(spark, topics_of(written)))
    definitions = {table.name: table.definition for table in written}
    patiently("tables", lambda: tables.create_tables(spark, {**definitions, stream_gaps.TABLE: stream_gaps.DEFINITION}))
    progress = Progress(spark, CHECKPOINTS, [as_written(table) for table in written], GROUP)
    patiently("progress of the tables", progress.settle)
    if not others:
        records.delete_groups(spark, former_groups)
    named = {topic: [one.name for one in written if one.names_offsets and topic in one.topics] for topic in topics_of(written)}
    # Rows of other sinks do not name their offsets.
    gaps = {"lake": Gaps(spark, GROUP, progress.checkpoint, must_write=True, written=named)}
    for query in others:
        gaps[query.name] = Gaps(spark, query.group, f"{CHECKPOINTS}/{query.checkpoint}", must_write=False)
    for of_one in gaps.values():
        patiently(stream_gaps.TABLE, of_one.load)
    refused = report.Refused()
    lake = records.KeptQuery("lake", partial(start_lake, spark, written, progress, ready, gaps["lake"], refused))
    queries = [lake]

    def told_of_lake(topic: str, partition: int) -> dict[str, int | None]:
        return {**gaps["lake"].told(topic, partition), **refused.told(topic, partition)}

    groups = {GROUP: report.Reported(lake, told_of_lake)}
    for query in others:
        start = partial(start_query, spark, query, ready, gaps[query.name], former_groups)
        queries.append(records.KeptQuery(query.name, start))
        told = gaps[query.name].told
        if query.plan is not None:
            words = patiently(f"group {query.group}", partial(records.group_words, spark, query.group))
            told = report.LeftOut(queries[-1], words).told
        groups[query.group] = report.Reported(queries[-1], told)
    upkeep = {table.name: table.upkeep for table in written}
    for room in rooms:
        upkeep.update(room.kept)
    threading.Thread(target=tables.maintain_for_ever, args=(spark, lake, upkeep), daemon=True).start()
    threading.Thread(target=report.report_for_ever, args=(spark, groups), daemon=True).start()
    records.keep_running(spark, queries, ready)


if __name__ == "__main__":
    main()
